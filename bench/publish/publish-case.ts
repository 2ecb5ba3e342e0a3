import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { from as copyFrom } from 'pg-copy-streams';
import { openDatabase, type Database } from '../../src/database/database';
import { silentLog } from '../../src/observability/collecting-log';
import type { StageContext } from '../../src/observability/stage-context';
import { compileMapping } from '../../src/publish/mapping/compile-mapping';
import type { PublishCounts } from '../../src/domain/publish-ledger';
import { publishEntity } from '../../src/publish/publish-entity';
import { withConnection } from '../../src/stack/postgres-connection';
import { BENCH_PUBLISH } from '../mapping';
import type { ExpectedProducts } from './products';
import { beginRun, RAW_TABLE, type Entity } from './tables';

/** What a process of the bench is told. */
export interface PublishJob {
  readonly url: string;
  /** `null`: the floor. */
  readonly entity: Entity | null;
  /** Of the floor: the table, and the file of its rows. */
  readonly floor: { readonly table: string; readonly rendered: string };
  /** Counts that the publish must come to. */
  readonly counts: Partial<PublishCounts>;
  readonly expected: ExpectedProducts;
}

export interface PublishMeasured {
  readonly rows: number;
  readonly seconds: number;
  /** Of this process and of PostgreSQL's, in seconds: on a shared machine they vary less than the time. */
  readonly cpu_seconds: number;
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

async function measure(job: PublishJob): Promise<PublishMeasured> {
  const db = openDatabase({ url: job.url, poolSize: 5 });
  try {
    const work = job.entity === null ? await floor(db, job) : await publish(db, job, job.entity);
    await db.query('checkpoint');
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const [began, cpu, server] = [performance.now(), process.cpuUsage(), await serverCpu(db)];
    const counts = await work();
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    delay.disable();
    const table = job.entity === null ? job.floor.table : `${job.entity.schema}.${BENCH_PUBLISH.table}`;
    return {
      rows: job.expected.rows,
      seconds,
      cpu_seconds: (user + system) / 1e6 + (await serverCpu(db)) - server,
      rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
      loop_delay_p99_ms: Math.round(delay.percentile(99) / 1e6),
      checks_ok: agree(counts, job.counts) && agree(await held(db, table), job.expected),
    };
  } finally {
    await db.close();
  }
}

/** CPU seconds that PostgreSQL's processes have used; 0 where the system does not tell. */
async function serverCpu(db: Database): Promise<number> {
  const processes = await db.query<{ pid: number }>(`select pid from pg_stat_activity`);
  return processes.reduce((sum, { pid }) => {
    try {
      const [, , ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) | /);
      // utime and stime, in hundredths of a second.
      return sum + (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      return sum;
    }
  }, 0);
}

/** As a run publishes, without its workflow. */
async function publish(db: Database, { url }: PublishJob, { pipeline, schema }: Entity): Promise<() => Promise<PublishCounts>> {
  let runId = '';
  await withConnection(url, async (client) => void (runId = await beginRun(client, pipeline)));
  const settings = BENCH_PUBLISH;
  const input = {
    runId,
    pipeline,
    entity: 'products',
    raw: { schema, table: RAW_TABLE },
    target: {
      schema,
      table: settings.table,
      uniqueField: settings.unique_field,
      strategy: settings.conflict_strategy,
      strategies: settings.conflict_strategies,
      updateExisting: settings.update_existing,
      deletes: settings.deletes,
    },
    definition: settings,
    full: false,
    budget: 'none' as const,
    schemaPolicy: 'evolve' as const,
    compile: (raw: Parameters<typeof compileMapping>[1]) => compileMapping(settings, raw, { zone: 'Europe/Berlin', published: {} }),
  };
  return () => publishEntity({ db }, input, ctx);
}

/** Raw COPY of the finished rows, rendered beforehand and held in memory, on one connection. */
async function floor(db: Database, { floor: { table, rendered } }: PublishJob): Promise<() => Promise<Partial<PublishCounts>>> {
  const buffers: Buffer[] = [];
  for await (const chunk of createReadStream(rendered, { highWaterMark: 256 * 1024 })) buffers.push(chunk as Buffer);
  return async () => {
    await db.transaction({ site: 'bench', ctx }, async ({ client }) => {
      const copy = client.query(copyFrom(`copy ${table} from stdin`));
      for (const buffer of buffers) if (!copy.write(buffer)) await once(copy, 'drain');
      copy.end();
      await once(copy, 'finish');
    });
    return {};
  };
}

async function held(db: Database, table: string): Promise<Partial<ExpectedProducts>> {
  const [row] = await db.query<{ rows: number; stock: string; price: string }>(
    `select count(*)::int as rows, sum(stock)::text as stock, (sum(price) * 100)::numeric(30)::text as price from ${table} where deleted_at is null`,
  );
  return row ?? {};
}

function agree(found: object, expected: object): boolean {
  const ok = Object.entries(expected).every(([name, value]) => (found as Record<string, unknown>)[name] === value);
  if (!ok) process.stderr.write(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}\n`);
  return ok;
}

measure(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as PublishJob)
  .then((measured) => process.stdout.write(JSON.stringify(measured)))
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  });
