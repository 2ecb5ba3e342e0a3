import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { copyLine, copyText } from '../../src/database/copy-text';
import { ident } from '../../src/database/identifier';
import { createTableSql } from '../../src/load/table-sql';
import { withConnection } from '../../src/stack/postgres-connection';
import { BENCH_COLUMNS } from '../mapping';
import { product } from './products';

/** An entity with a raw table, as loads leave it; each round publishes one of its own. */
export interface Entity {
  readonly pipeline: string;
  readonly schema: string;
}

export const RAW_TABLE = 'json_products';
export const EDITIONS = [1, 2] as const;
type Edition = (typeof EDITIONS)[number];

const NAMES = BENCH_COLUMNS.map(({ name }) => ident(name)).join(', ');
const COLUMNS = BENCH_COLUMNS.map((column, n) => ({ ...column, ordinal: n + 1 }));
const edition = (n: Edition): string => `bench.products_${n}`;

/** The source's rows of each edition, made once for all rounds. */
export async function makeEditions(url: string, rows: number): Promise<void> {
  await withConnection(url, async (client) => {
    await client.query('create schema if not exists bench');
    for (const n of EDITIONS) {
      await client.query(
        `create unlogged table ${edition(n)} (${BENCH_COLUMNS.map(({ name, type }) => `${ident(name)} ${type}`).join(', ')})`,
      );
      const copy = client.query(copyFrom(`copy ${edition(n)} from stdin`));
      for (let from = 0; from < rows; from += 1000) {
        const lines = Array.from({ length: Math.min(1000, rows - from) }, (_, i) => {
          const row = product(from + i, n);
          return copyLine(BENCH_COLUMNS.map(({ name }) => copyText(row[name] ?? null)));
        });
        if (!copy.write(Buffer.from(lines.join('')))) await once(copy, 'drain');
      }
      copy.end();
      await once(copy, 'finish');
      await client.query(`analyze ${edition(n)}`);
    }
  });
}

export async function makeEntity(url: string, round: number): Promise<Entity> {
  const [pipeline, schema] = [`publish_${round}`, `publish_${round}`];
  await withConnection(url, async (client) => {
    await client.query(`create schema ${schema}`);
    await client.query(createTableSql(`${schema}.${RAW_TABLE}`, COLUMNS, false));
    await client.query(`insert into freshet.config (digest, body) values ('publish', '{}') on conflict do nothing`);
    await client.query(`insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table) values ($1, 'products', $2, $3)`, [
      pipeline,
      schema,
      RAW_TABLE,
    ]);
    await client.query(`insert into freshet.table_owner (schema, "table", pipeline, entity) values ($1, $2, $3, 'products')`, [
      schema,
      RAW_TABLE,
      pipeline,
    ]);
    for (const { field, name, type, ordinal } of COLUMNS)
      await client.query(`insert into freshet.raw_column (schema, "table", field, name, type, ordinal) values ($1, $2, $3, $4, $5, $6)`, [
        schema,
        RAW_TABLE,
        field,
        name,
        type,
        ordinal,
      ]);
  });
  return { pipeline, schema };
}

/** Puts an edition into the raw table as the batch of that number, with what landing counted: every record has every field. */
export async function putEdition(
  url: string,
  { pipeline: name, schema }: Entity,
  { n, rows }: { n: Edition; rows: number },
): Promise<void> {
  const raw = `${schema}.${RAW_TABLE}`;
  await withConnection(url, async (client) => {
    await client.query(`truncate ${raw}`);
    await client.query(
      `insert into ${raw} (id, fetched_at, source_instant, source_hash, row_hash, data_source, created_at, updated_at, import_timestamp, run_id, batch_no, source_epoch, ${NAMES})
       select artikel_id::text, now(), geaendert, decode(md5(artikel_id::text), 'hex'), decode(md5(artikel_id::text), 'hex'), 'bench', now(), now(), now(), '', $1, 0, ${NAMES} from ${edition(n)}`,
      [n],
    );
    await client.query(`vacuum analyze ${raw}`);
    await client.query(`update freshet.table_owner set last_batch_no = $2 where schema = $1`, [schema, n]);
    const extraction = randomBytes(8).toString('hex');
    await client.query(
      `insert into freshet.extraction (id, pipeline, entity, question, read_kind, state, position) values ($1, $2, 'products', '', 'complete', 'complete', '{}')`,
      [extraction, name],
    );
    const profile = { records: rows, fields: BENCH_COLUMNS.map(({ field }) => ({ name: field, seen: { text: rows - 1, null: 1 } })) };
    const runId = await beginRun(client, name);
    await client.query(
      `insert into freshet.batch (key, extraction_id, n, run_id, token, state, file, profile, batch_no) values ($1, $1, 1, $2, 0, 'loaded', $1, $3, $4)`,
      [extraction, runId, JSON.stringify(profile), n],
    );
  });
}

/** A run of its own for each publish; the one before is over. */
export async function beginRun(client: Pick<pg.Client, 'query'>, name: string): Promise<string> {
  const runId = `202611230000-SYNC-${randomBytes(4).toString('hex').toUpperCase()}`;
  for (const state of ['verifying', 'completed'])
    await client.query(
      `update freshet.run_entity e set state = $2 from freshet.run r where r.id = e.run_id and r.pipeline = $1 and r.state = 'running'`,
      [name, state],
    );
  await client.query(`update freshet.run set state = 'completed' where pipeline = $1 and state = 'running'`, [name]);
  await client.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state) values ($1, $1, $2, 'sync', 'sync', 'test', 'publish', 'running')`,
    [runId, name],
  );
  await client.query(`insert into freshet.run_entity (run_id, entity, state) values ($1, 'products', 'publishing')`, [runId]);
  return runId;
}

/** The finished rows, for the floor. */
export async function renderTyped(url: string, typed: string, file: string): Promise<void> {
  await withConnection(url, (client) => pipeline(client.query(copyTo(`copy ${typed} to stdout`)), createWriteStream(file)));
}

/** An empty table of the same columns and keys. */
export async function emptyLike(url: string, typed: string, name: string): Promise<void> {
  await withConnection(url, (client) => client.query(`create table ${name} (like ${typed}, primary key (sku), unique (source_id))`));
}
