import { randomBytes } from 'node:crypto';
import type { Database } from '../../src/database/database';
import { createTableSql } from '../../src/load/table-sql';
import type { Column } from '../../src/load/columns';
import { publishSchema, type PublishSettings } from '../../src/config/schema/publish';
import { compileMapping } from '../../src/publish/mapping/compile-mapping';
import type { LandedKeys } from '../../src/publish/absent-keys';
import { publishEntity } from '../../src/publish/publish-entity';
import type { PublishCounts } from '../../src/domain/publish-ledger';
import type { PublishInput, PublishTarget } from '../../src/publish/publish-input';
import type { ColumnType } from '../../src/sources/source';
import type { StageContext } from '../../src/observability/stage-context';
import { testContext } from '../support/test-context';

export type Values = Readonly<Record<string, string | null>>;

/** What landing counted of a batch: of each field how often it was there, and how often as null. */
export interface LandedBatch {
  readonly file: string;
  readonly seen: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface RawBenchOptions {
  /** Raw columns; `key` is the unique field and comes by itself, as text. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** `publish:` of the pipeline file, without what follows from the columns. */
  readonly publish?: Readonly<Record<string, unknown>>;
  readonly target?: Partial<PublishTarget>;
  readonly input?: Partial<PublishInput>;
  readonly landed?: LandedKeys;
  /** What other entities of the pipeline publish. */
  readonly published?: Readonly<Record<string, PublishSettings>>;
  /** Records of one chunk, if not the usual number. */
  readonly chunk?: number;
}

/** An entity with a raw table that the test writes into by itself, and its typed table: publish alone, without a source. */
export interface RawBench {
  readonly pipeline: string;
  readonly settings: PublishSettings;
  readonly raw: string;
  readonly typed: string;
  /** Writes raw rows as one batch; `key` is the id, unless one is given. */
  put(rows: readonly (Values & { readonly id?: string })[], landed?: LandedBatch): Promise<void>;
  remove(...ids: string[]): Promise<void>;
  /** Widens a raw column, as a load does. */
  widen(field: string, type: ColumnType): Promise<void>;
  publish(wish?: Partial<PublishInput>, ctx?: StageContext): Promise<PublishCounts>;
  /** A run that publishes, begun anew; what it is asked for. */
  begin(wish?: Partial<PublishInput>): Promise<PublishInput>;
  /** Publishes once more within the run before. */
  again(wish?: Partial<PublishInput>, ctx?: StageContext): Promise<PublishCounts>;
  rows(): Promise<Record<string, string | null>[]>;
  readonly runId: () => string;
}

export async function rawBench(db: Database, options: RawBenchOptions): Promise<RawBench> {
  const name = `p${randomBytes(5).toString('hex')}`;
  const columns: Column[] = Object.entries({ key: 'text' as const, ...options.columns }).map(([field, type], n) => ({
    field,
    name: field,
    type,
    ordinal: n + 1,
  }));
  const raw = `"${name}"."json_things"`;
  const typed = `"${name}"."things"`;
  await db.query(`create schema "${name}"`);
  await db.query(createTableSql(raw, columns, false));
  await db.query(`insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table) values ($1, 'things', $1, 'json_things')`, [
    name,
  ]);
  await db.query(`insert into freshet.table_owner (schema, "table", pipeline, entity) values ($1, 'json_things', $1, 'things')`, [name]);
  for (const column of columns)
    await db.query(
      `insert into freshet.raw_column (schema, "table", field, name, type, ordinal) values ($1, 'json_things', $2, $3, $4, $5)`,
      [name, column.field, column.name, column.type, column.ordinal],
    );
  const settings = publishSchema.parse({
    schema: name,
    table: 'things',
    unique_field: 'key',
    field_mappings: Object.fromEntries(columns.map(({ field }) => [field, field])),
    ...options.publish,
  });
  const target: PublishTarget = {
    schema: settings.schema,
    table: settings.table,
    uniqueField: settings.unique_field,
    strategy: settings.conflict_strategy,
    strategies: settings.conflict_strategies,
    updateExisting: settings.update_existing,
    deletes: settings.deletes,
    ...options.target,
  };
  const { strategy, strategies, updateExisting, deletes, schema, table } = target;
  const written = { schema, table, conflict_strategy: strategy, conflict_strategies: strategies, update_existing: updateExisting, deletes };
  await db.query(`insert into freshet.config (digest, body) values ($1, $2)`, [
    name,
    JSON.stringify({ pipeline: { entities: { things: { publish: { ...settings, ...written } } } } }),
  ]);
  let runId = '';
  const begin = async (): Promise<void> => {
    if (runId !== '') {
      await db.query(`update freshet.run_entity set state = 'verifying' where run_id = $1`, [runId]);
      const ended = `case when exists (select from freshet.publish_ledger where run_id = $1 and completed_at is not null) then 'completed' else 'failed' end`;
      await db.query(`update freshet.run_entity set state = ${ended} where run_id = $1`, [runId]);
      await db.query(`update freshet.run set state = ${ended} where id = $1`, [runId]);
    }
    runId = `202611230000-SYNC-${randomBytes(4).toString('hex').toUpperCase()}`;
    await db.query(
      `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state) values ($1, $1, $2, 'sync', 'sync', 'test', $2, 'running')`,
      [runId, name],
    );
    await db.query(`insert into freshet.run_entity (run_id, entity, state) values ($1, 'things', 'publishing')`, [runId]);
  };
  const inputOf = (wish: Partial<PublishInput>): PublishInput => ({
    runId,
    pipeline: name,
    entity: 'things',
    raw: { schema: name, table: 'json_things' },
    target,
    definition: settings,
    full: false,
    budget: 'none',
    schemaPolicy: 'evolve',
    compile: (found) => compileMapping(settings, found, { zone: 'UTC', published: { ...options.published, things: settings } }),
    ...options.input,
    ...wish,
  });
  const again = (wish: Partial<PublishInput> = {}, ctx: StageContext = testContext()): Promise<PublishCounts> =>
    publishEntity(
      {
        db,
        ...(options.landed === undefined ? {} : { landed: options.landed }),
        ...(options.chunk === undefined ? {} : { chunk: options.chunk }),
      },
      inputOf(wish),
      ctx,
    );
  const number = `(update freshet.table_owner set last_batch_no = last_batch_no + 1 where schema = $1 returning last_batch_no)`;
  return {
    pipeline: name,
    settings,
    raw,
    typed,
    runId: () => runId,
    async put(rows, landed) {
      const names = columns.map((column) => `"${column.name}"`);
      const set = [...names, 'batch_no', 'deleted_at', 'fetched_at', 'source_instant'].map((each) => `${each} = excluded.${each}`);
      await db.query(
        `with drawn as ${number}
         insert into ${raw} (id, fetched_at, source_instant, source_hash, row_hash, data_source, created_at, updated_at, import_timestamp, run_id, batch_no, source_epoch, ${names.join(', ')})
         select coalesce(v->>'id', v->>'key'), clock_timestamp(), clock_timestamp(), '', '', 'json', now(), now(), now(), '', drawn.last_batch_no, 0,
                ${columns.map((column) => `(v->>'${column.field}')::${column.type}`).join(', ')}
           from drawn, jsonb_array_elements($2::jsonb) v
             on conflict (id) do update set ${set.join(', ')}`,
        [name, JSON.stringify(rows)],
      );
      await db.query(`update ${raw} set source_hash = convert_to(id, 'UTF8')`);
      if (landed === undefined) return;
      const extraction = randomBytes(8).toString('hex');
      await db.query(
        `insert into freshet.extraction (id, pipeline, entity, question, read_kind, state, position) values ($1, $2, 'things', '', 'complete', 'complete', '{}')`,
        [extraction, name],
      );
      const profile = { records: rows.length, fields: Object.entries(landed.seen).map(([field, seen]) => ({ name: field, seen })) };
      await db.query(
        `insert into freshet.batch (key, extraction_id, n, run_id, token, state, file, profile, batch_no)
         select $1, $1, 1, (select max(id) from freshet.run where pipeline = $2), 0, 'loaded', $3, $4, last_batch_no from freshet.table_owner where schema = $2`,
        [extraction, name, landed.file, JSON.stringify(profile)],
      );
    },
    async remove(...ids) {
      await db.query(
        `with drawn as ${number}
         update ${raw} set deleted_at = now(), fetched_at = clock_timestamp(), batch_no = drawn.last_batch_no from drawn where id = any ($2::text[])`,
        [name, ids],
      );
    },
    async widen(field, type) {
      await db.query(`alter table ${raw} alter column "${field}" type ${type}`);
      await db.query(`update freshet.raw_column set type = $3 where schema = $1 and field = $2`, [name, field, type]);
      columns.splice(0, columns.length, ...columns.map((column) => (column.field === field ? { ...column, type } : column)));
    },
    async begin(wish = {}) {
      await begin();
      return inputOf(wish);
    },
    async publish(wish, ctx) {
      await begin();
      return again(wish, ctx);
    },
    again,
    async rows() {
      return db.query(
        `select ${columns.map((column) => `"${column.name}"::text`).join(', ')}, (deleted_at is not null)::text as gone from ${typed} order by 1`,
      );
    },
  };
}

export interface Contested {
  readonly bench: RawBench;
  /** Of the open conflict. */
  readonly id: string;
}

/** A table whose one row, `a`, has a name that the source and a person changed differently; what they decide waits for a person. */
export async function contestedBench(db: Database): Promise<Contested> {
  const bench = await rawBench(db, { columns: { name: 'text' }, publish: { conflict_strategy: 'manual' } });
  await bench.put([{ key: 'a', name: 'was' }]);
  await bench.publish();
  await db.query(`update ${bench.typed} set name = 'by hand'`);
  await bench.put([{ key: 'a', name: 'source' }]);
  await bench.publish();
  const [row] = await db.query<{ id: string }>(`select id from freshet.conflict where pipeline = $1`, [bench.pipeline]);
  return { bench, id: row!.id };
}
