import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import type { Fence } from '../../src/database/fence';
import { ident } from '../../src/database/identifier';
import { profileRecords } from '../../src/json/profile';
import { FileStore } from '../../src/landing/file-store';
import { loadBatch, type LoadInput } from '../../src/load/load-batch';
import type { LoadCounts } from '../../src/load/load-counts';
import type { LoadDefinition } from '../../src/load/load-definition';
import { NO_POLICY, type LoadPolicy } from '../../src/load/load-policy';
import type { StageContext } from '../../src/observability/stage-context';
import { testContext } from '../support/test-context';

/** An entity of no source in particular: instants as cursor, line items, some declared columns. */
export const ORDERS: LoadDefinition = {
  key: ['order_id'],
  cursor: { field: 'changed', kind: 'instant', precision: 'second', boundary: 'inclusive' },
  version: null,
  lineItems: { field: 'line_items' },
  volatile: ['age'],
  emptyIsNull: true,
  columns: { order_id: 'text', total: 'numeric', day: 'date', changed: 'timestamptz', note: 'text' },
  lineItemColumns: { sku: 'text', rate: 'numeric' },
  settleMs: 60_000,
};

export interface Page {
  /** Records as values, or as the very text that was landed. */
  readonly records: readonly unknown[];
  readonly fetchedAt: string;
}

export interface Delivery {
  readonly lateBefore?: string;
  readonly profile?: boolean;
  readonly ctx?: StageContext;
  readonly token?: string;
}

/** One run, one extraction, one table; batches are landed as real files and loaded one by one. */
export class Bench {
  readonly runId: string;
  readonly extractionId = randomBytes(8).toString('hex');
  readonly entity: string;
  readonly table: string;
  private n = 0;
  private policy: LoadPolicy = NO_POLICY;

  private constructor(
    readonly db: Database,
    readonly landing: FileStore,
    readonly definition: LoadDefinition,
    suffix: string,
  ) {
    this.runId = `202511220000-SYNC-${suffix.toUpperCase()}`;
    this.entity = `orders_${suffix}`;
    this.table = `json_${this.entity}`;
  }

  static async open(shelf: Shelf, definition: LoadDefinition = ORDERS, of?: Bench): Promise<Bench> {
    const bench = new Bench(shelf.db, shelf.landing, definition, randomBytes(4).toString('hex'));
    const entity = of?.entity ?? bench.entity;
    if (of !== undefined) Object.assign(bench, { entity, table: of.table });
    await shelf.db.query(`insert into freshet.config (digest, body) values ('test', '{}') on conflict do nothing`);
    await shelf.db.query(
      `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state, parent_run_id)
       values ($1, $1, 'p', 'sync', 'sync', 'test', 'test', 'running', $2)`,
      [bench.runId, shelf.parent],
    );
    await shelf.db.query(
      `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table) values ('p', $1, 'shop', $2) on conflict do nothing`,
      [entity, bench.table],
    );
    await shelf.db.query(`insert into freshet.run_entity (run_id, entity, state, token, extraction_id) values ($1, $2, 'loading', 1, $3)`, [
      bench.runId,
      entity,
      bench.extractionId,
    ]);
    await shelf.db.query(
      `insert into freshet.extraction (id, pipeline, entity, question, read_kind, state, owner_run, position)
       values ($1, 'p', $2, 'q', 'complete', 'open', $3, '{}')`,
      [bench.extractionId, entity, bench.runId],
    );
    return bench;
  }

  get key(): string {
    return `${this.extractionId}/load/${this.n}`;
  }

  /** What the pipeline file asks of the loads from here on. */
  asks(policy: Partial<LoadPolicy>): void {
    this.policy = { ...NO_POLICY, ...policy };
  }

  input(token = '1'): LoadInput {
    const fence: Fence = { runId: this.runId, entity: this.entity, entityNumber: 1, token, extractionId: this.extractionId };
    const { entity, table, definition, runId, extractionId } = this;
    return {
      fence,
      pipeline: 'p',
      entity,
      schema: 'shop',
      table,
      definition,
      zone: 'Europe/Berlin',
      runId,
      extractionId,
      batchKey: this.key,
      session: 's1',
      policy: this.policy,
    };
  }

  /** Lands a batch of pages as extract does: one array, pages side by side, profile of what came. */
  async land(pages: readonly Page[], { profile = true }: Delivery = {}): Promise<void> {
    this.n++;
    const texts = pages.map((page) => page.records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))));
    const file = `sync_sessions/s1/raw_json/${this.extractionId}-${this.n}/${this.entity}.json`;
    const stored = await this.landing.write(file, [
      Buffer.from(
        `[${texts
          .filter((page) => page.length > 0)
          .map((page) => page.join(',\n'))
          .join(',\n')}]\n`,
      ),
    ]);
    const records = texts.flat();
    const seen = profileRecords(
      records.map((text) => Buffer.from(text)),
      this.definition.lineItems?.field ?? null,
    );
    await this.db.query(
      `insert into freshet.batch (key, extraction_id, n, run_id, token, state, file, sha256, records, bytes, profile)
       values ($1, $2, $3, $4, 1, 'published', $5, $6, $7, $8, $9)`,
      [
        this.key,
        this.extractionId,
        this.n,
        this.runId,
        file,
        stored.sha256,
        records.length,
        stored.bytes,
        profile ? JSON.stringify(seen) : null,
      ],
    );
    let offset = 1;
    for (const [index, page] of texts.entries()) {
      const length = Buffer.byteLength(page.join(',\n'));
      await this.db.query(
        `insert into freshet.page (extraction_id, seq, run_id, entity, kind, token, request_digest, listed, records, bytes, fetched_at, batch_n, file, "offset", length)
         values ($1, $2, $3, $4, 'list', 1, '', $5, $5, $6, $7, $8, $9, $10, $6)`,
        [
          this.extractionId,
          this.n * 100 + index,
          this.runId,
          this.entity,
          page.length,
          length,
          pages[index]!.fetchedAt,
          this.n,
          file,
          offset,
        ],
      );
      if (page.length > 0) offset += length + 2;
    }
  }

  load({ ctx = testContext(), token = '1' }: Delivery = {}): Promise<LoadCounts> {
    return loadBatch({ db: this.db, landing: this.landing }, this.input(token), ctx);
  }

  async deliver(pages: readonly Page[], delivery: Delivery = {}): Promise<LoadCounts> {
    await this.land(pages, delivery);
    return this.load(delivery);
  }

  rows<R extends object = Record<string, unknown>>(columns: string, rest = ''): Promise<R[]> {
    return this.db.query<R>(`select ${columns} from ${ident('shop', this.table)} t ${rest}`);
  }

  lines<R extends object = Record<string, unknown>>(columns: string, rest = ''): Promise<R[]> {
    return this.db.query<R>(`select ${columns} from ${ident('shop', `${this.table}_line_items`)} t ${rest}`);
  }

  async ledger(): Promise<Record<string, number>> {
    const [row] = await this.db.query<Record<string, string>>(
      `select landed, inserted, updated, revived, unchanged, stale, skipped, duplicate, rejected, found_late, lines_added, lines_removed,
              live_before, live_after, lines_before, lines_after from freshet.run_entity where run_id = $1`,
      [this.runId],
    );
    return Object.fromEntries(Object.entries(row!).map(([name, value]) => [name, Number(value)]));
  }

  /** What a deletion by a complete read does (contracts §5). */
  async softDelete(id: string, readStarted: string): Promise<void> {
    await this.db.query(`update ${ident('shop', this.table)} set deleted_at = now(), fetched_at = $2 where id = $1`, [id, readStarted]);
    const gone = await this.db.query(
      `update ${ident('shop', `${this.table}_line_items`)} set deleted_at = now() where parent_id = $1 returning 1`,
      [id],
    );
    await this.db.query(`update freshet.table_owner set live = live - 1, lines = lines - $2 where "table" = $1`, [this.table, gone.length]);
  }

  /** Counters of the table beside what is really in it. */
  async counters(): Promise<{ live: number; lines: number; liveCounted: number; linesCounted: number }> {
    const [row] = await this.db.query<Record<'live' | 'lines' | 'live_counted' | 'lines_counted', string>>(
      `select live, lines, (select count(*) from ${ident('shop', this.table)} where deleted_at is null) as live_counted,
              (select count(*) from ${ident('shop', `${this.table}_line_items`)} where deleted_at is null) as lines_counted
         from freshet.table_owner where "table" = $1`,
      [this.table],
    );
    return {
      live: Number(row!.live),
      lines: Number(row!.lines),
      liveCounted: Number(row!.live_counted),
      linesCounted: Number(row!.lines_counted),
    };
  }

  stages(): Promise<{ name: string }[]> {
    return this.db.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'freshet_stage' and tablename like $1`,
      [`s_${this.extractionId.slice(0, 8)}%`],
    );
  }
}

/** What the benches of a test file share. */
export interface Shelf {
  readonly db: Database;
  readonly landing: FileStore;
  /** A run that all others are children of, so that the lane stays free. */
  readonly parent: string;
  close(): Promise<void>;
}

export async function openShelf(url: string): Promise<Shelf> {
  const db = openDatabase({ url, poolSize: 8 });
  const folder = mkdtempSync(join(tmpdir(), 'freshet-load-'));
  const parent = '202511220000-SYNC-00000000';
  await db.query(`insert into freshet.config (digest, body) values ('test', '{}') on conflict do nothing`);
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state)
     values ($1, $1, 'p', 'sync', 'sync', 'test', 'test', 'running') on conflict do nothing`,
    [parent],
  );
  return {
    db,
    landing: new FileStore(folder),
    parent,
    async close() {
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
