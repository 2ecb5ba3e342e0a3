import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadSettings } from '../../src/config/load-settings';
import { claimRun } from '../../src/database/claim';
import { openDatabase } from '../../src/database/database';
import { FileStore } from '../../src/landing/file-store';
import { silentLog } from '../../src/observability/collecting-log';
import type { StageContext } from '../../src/observability/stage-context';
import { claimRequest } from '../../src/run/claim-request';
import { sourceClients } from '../../src/run/source-clients';
import { Steps } from '../../src/run/steps';
import { sources } from '../../src/sources';

const ctx: StageContext = {
  signal: new AbortController().signal,
  progress: () => undefined,
  now: () => new Date(),
  log: silentLog,
  fault: () => undefined,
};

/** A complete read of the orders, up to the published file: the rows are made when time has stopped. */
async function extractAll(): Promise<object> {
  const loaded = loadSettings({ cwd: process.cwd(), env: process.env, sourceTypes: Object.keys(sources) });
  const db = openDatabase({ url: process.env.DATABASE_URL!, poolSize: 6 });
  const clients = sourceClients(db, loaded);
  try {
    const { request } = claimRequest(loaded, sources, { pipeline: 'square', entities: ['orders'], full: true, actor: 'bench' });
    const claimed = await claimRun(db, { ...request, command: { ...request.command, local: true } }, ctx);
    if (claimed.kind === 'taken') throw new Error(`the lane is taken by ${claimed.activeRunId}`);
    const landing = new FileStore(loaded.settings.landing.path);
    const steps = new Steps({ db, landing, clients, reportsFolder: loaded.settings.reports.path, sources });
    const input = { runId: claimed.runId, entity: 'orders' };
    await steps.prepareRun(input, ctx);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const began = performance.now();
    for (;;) {
      const slice = await steps.extract(input, ctx);
      if (slice.outcome === 'done') break;
      if (slice.outcome === 'wait' || slice.outcome === 'held') throw new Error(`the extraction stops: ${slice.reason}`);
    }
    const seconds = (performance.now() - began) / 1000;
    const [page] = await db.query<{ records: string }>(
      `select sum(p.records) as records from freshet.page p join freshet.run_entity e on e.extraction_id = p.extraction_id where e.run_id = $1`,
      [claimed.runId],
    );
    const measured = {
      seconds,
      records: Number(page?.records),
      rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
      loop_delay_p99_ms: Math.round(delay.percentile(99) / 1e6),
    };
    await steps.load(input, ctx);
    await steps.close(input, ctx);
    await steps.verify(input, ctx);
    await steps.endRun(input, ctx);
    return measured;
  } finally {
    await clients.close();
    await db.close();
  }
}

// Once to warm up, as the worker is that has run before.
extractAll()
  .then(extractAll)
  .then((measured) => process.stdout.write(JSON.stringify(measured)))
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  });
