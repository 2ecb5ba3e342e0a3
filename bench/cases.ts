import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createReadStream } from 'node:fs';
import { from as copyFrom } from 'pg-copy-streams';
import { openDatabase, type Database } from '../src/database/database';
import { FileStore } from '../src/landing/file-store';
import { analyzeFiles } from '../src/load/analyze/analyze-files';
import { readRecordFile } from '../src/load/input/record-file';
import { loadBatch, type LandingReader } from '../src/load/load-batch';
import { silentLog } from '../src/observability/collecting-log';
import type { StageContext } from '../src/observability/stage-context';
import { publishBatches } from './batch-rows';
import { compareTables, expectedFindings, ROWS_PER_DOCUMENT } from './compare';
import type { Expected } from './documents';
import type { Landed } from './landed';

/** What one process of the bench is told. */
export interface Job {
  readonly case: string;
  readonly url: string;
  readonly table: string;
  readonly landing: string;
  readonly landed: Landed;
  /** Pre-rendered rows of both tables, for the floor. */
  readonly rendered: { readonly header: string; readonly lines: string };
}

/** What it measured. */
export interface Measured {
  readonly rows: number;
  readonly seconds: number;
  /** Greatest resident size of the whole process. */
  readonly rss_mb: number;
  readonly loop_delay_p99_ms: number;
  readonly checks_ok: boolean;
}

const ctx: StageContext = {
  signal: new AbortController().signal,
  progress: () => undefined,
  now: () => new Date(),
  log: silentLog,
  fault: () => undefined,
};

export async function measure(job: Job): Promise<Measured> {
  const db = openDatabase({ url: job.url, poolSize: 5 });
  try {
    const { work, holds } = await prepared(db, job);
    await db.query('checkpoint');
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const began = performance.now();
    await work();
    const seconds = (performance.now() - began) / 1000;
    delay.disable();
    const { documents, lines } = job.landed.expected;
    return {
      rows: job.case === 'compare' ? documents * ROWS_PER_DOCUMENT : documents + lines,
      seconds,
      rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
      loop_delay_p99_ms: Math.round(delay.percentile(99) / 1e6),
      checks_ok: await holds(),
    };
  } finally {
    await db.close();
  }
}

interface Prepared {
  /** What is measured. */
  readonly work: () => Promise<void>;
  /** Whether it came to what the generator counted. */
  readonly holds: () => Promise<boolean>;
}

async function prepared(db: Database, job: Job): Promise<Prepared> {
  if (job.case === 'analyze') return analyze(job);
  if (job.case === 'compare') return compareSidesOf(db, job);
  const work = job.case === 'floor' ? await floor(db, job) : await load(db, job);
  return { work, holds: () => tablesHold(db, job.table, job.landed.expected) };
}

/** Every file of the edition streamed through the analyzer, as `freshet analyze` does; no table is asked. */
function analyze({ landing: root, landed: { batches, expected } }: Job): Prepared {
  const store = new FileStore(root);
  const files = batches.map(({ file: name }) => ({
    name,
    portions: () => readRecordFile(name, store.read(name), { entity: 'invoices' }).portions,
  }));
  const entity = { entity: 'invoices', pipeline: 'bench', schema: 'bench', table: 'json_analyzed', definition: null, files };
  const found = { documents: -1, lines: -1 };
  return {
    work: async () => {
      const { entities, total_records } = await analyzeFiles({ db: null }, { entities: [entity] }, ctx);
      Object.assign(found, { documents: total_records, lines: entities[0]?.line_items[0]?.items ?? -1 });
    },
    holds: () => Promise.resolve(agree(found, { documents: expected.documents, lines: expected.lines })),
  };
}

/** Two tables of the same PostgreSQL, as `freshet compare` does; its rows are those of one side. */
function compareSidesOf(db: Database, { landed }: Job): Prepared {
  let found: Readonly<Record<string, number>> = {};
  const expected = expectedFindings(landed.expected.documents * ROWS_PER_DOCUMENT);
  return {
    work: async () => void (found = await compareTables(db, ctx)),
    holds: () => Promise.resolve(Object.entries(expected).every(([name, count]) => found[name] === count)),
  };
}

/** Every batch of the edition, one after the other. */
async function load(db: Database, { landing: root, landed, table }: Job): Promise<() => Promise<void>> {
  const store = new FileStore(root);
  const landing: LandingReader = { read: (key, range) => store.read(key.slice(key.indexOf(':') + 1), range) };
  const inputs = await publishBatches(db, table, landed);
  return async () => {
    for (const input of inputs) await loadBatch({ db, landing, threads: 1 }, input, ctx);
  };
}

/** Raw COPY of rows rendered beforehand and held in memory, into the same two tables with their keys, one after the other, on one connection. */
async function floor(db: Database, { rendered, table }: Job): Promise<() => Promise<void>> {
  const parts: readonly (readonly [string, readonly Buffer[]])[] = [
    [`bench."${table}"`, await chunks(rendered.header)],
    [`bench."${table}_line_items"`, await chunks(rendered.lines)],
  ];
  return () =>
    db.transaction({ site: 'load.copy-rows', ctx }, async ({ client }) => {
      for (const [name, buffers] of parts) {
        const copy = client.query(copyFrom(`copy ${name} from stdin`));
        for (const buffer of buffers) if (!copy.write(buffer)) await once(copy, 'drain');
        copy.end();
        await once(copy, 'finish');
      }
    });
}

async function chunks(file: string): Promise<Buffer[]> {
  const read: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) read.push(chunk as Buffer);
  return read;
}

/** Counts and sums of both tables are those that the generator counted. */
async function tablesHold(db: Database, table: string, expected: Expected): Promise<boolean> {
  const [header] = await db.query(
    `select count(*)::int as documents, (sum(total) * 100)::numeric(30)::text as total from bench."${table}" where deleted_at is null`,
  );
  const [lines] = await db.query(
    `select count(*)::int as lines, sum(quantity)::numeric(30)::text as quantity from bench."${table}_line_items" where deleted_at is null`,
  );
  return agree({ ...header, ...lines }, expected);
}

function agree(found: Readonly<Record<string, unknown>>, expected: Partial<Expected>): boolean {
  const ok = (Object.keys(expected) as (keyof Expected)[]).every((name) => found[name] === expected[name]);
  if (!ok) process.stderr.write(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}\n`);
  return ok;
}
