import { hostname } from 'node:os';
import { join } from 'node:path';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from './activities/index';
import { databaseUrlOf, temporalAddressOf } from './client/addresses';
import { commandContext, type Project } from './client/project';
import { scheduledClaims } from './client/schedules/scheduled-claim';
import { connectTemporal, temporalOptions } from './client/temporal/connect-temporal';
import { marksKnown } from './client/temporal/marks-known';
import { timeoutsOf } from './client/open-database';
import { openDatabase, type Database } from './database/database';
import { migrateToLatest } from './database/migrate';
import { FileStore } from './landing/file-store';
import { beat, fallSilent, type Heart } from './monitor/heartbeat';
import { keepMonitoring } from './monitor/keep-monitoring';
import { monitorRound } from './monitor/monitor';
import { projectMonitor } from './monitor/project-monitor';
import { sourceClients } from './run/source-clients';
import { Steps } from './run/steps';
import { sources } from './sources/index';
import { packageFolder } from './stack/home';
import { watchParent } from './worker/parent-pipe';
import { temporalLog } from './worker/temporal-log';

/** Closed in the reverse order of their opening, whatever happens. */
type Closers = (() => unknown)[];

/**
 * The worker, put together and run until SIGINT, SIGTERM or `worker.shutdown()`: running pages finish, then it resolves.
 * `ready` is called once it polls. Errors: those of settings, database and Temporal, within seconds.
 */
export async function runWorker(project: Project, ready: (taskQueue: string) => void): Promise<void> {
  const closers: Closers = [];
  try {
    const worker = await createWorker(project, closers);
    const running = worker.run();
    closers.push(watchParent(process.env, process.stdin, () => stop(worker)));
    const { task_queue: taskQueue } = project.loaded.settings.temporal;
    project.log('WK-001', { task_queue: taskQueue });
    ready(taskQueue);
    await running;
    project.log('WK-002', { task_queue: taskQueue });
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** Asked twice, it stops once. */
function stop(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}

async function createWorker(project: Project, closers: Closers): Promise<Worker> {
  const { loaded, log } = project;
  const { settings } = loaded;
  const { database } = settings;
  const databaseUrl = databaseUrlOf(settings);
  await migrateToLatest(databaseUrl);
  const db = openDatabase({ url: databaseUrl, poolSize: database.pool.size, ...timeoutsOf(settings) });
  closers.push(() => db.close());

  const temporalSettings = { ...settings.temporal, address: temporalAddressOf(settings) };
  const temporal = await connectTemporal(temporalSettings);
  closers.push(() => temporal.close());
  // Only now: an installed runtime keeps a process alive that ends early with an error.
  Runtime.install({ logger: temporalLog(log), telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } } });
  const connection = await NativeConnection.connect(temporalOptions(temporalSettings));
  closers.push(() => connection.close());

  const ctx = commandContext({ loaded, log });
  const faults = { fault: (site: string) => ctx.fault(site) };
  const clients = sourceClients(db, loaded);
  closers.push(() => clients.close());
  const landing = new FileStore(settings.landing.path, faults.fault);
  const steps = new Steps({
    db,
    landing,
    sources,
    clients,
    reportsFolder: settings.reports.path,
    loadThreads: settings.worker.load_threads,
  });
  const surroundings = { log, faults, now: () => new Date(), stopping: () => worker.getState() !== 'RUNNING' };

  const scheduled = scheduledClaims({ db, loaded, sources, marksKnown: () => marksKnown(temporal) });
  const { heartbeat, ...pace } = settings.worker;
  const worker: Worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: temporal.taskQueue,
    workflowBundle: { codePath: join(packageFolder(), 'dist', 'workflow-bundle.js') },
    activities: createActivities({ steps, db, surroundings, scheduled }),
    maxConcurrentActivityTaskExecutions: pace.max_concurrent_activities,
    // A cancel travels on a heartbeat that is really sent: unthrottled, it takes a second instead of most of the timeout.
    maxHeartbeatThrottleInterval: heartbeat.throttle,
    // A workflow kept in memory can be ahead of a Temporal that was restored from an older copy: its next step would break the history for ever.
    maxCachedWorkflows: pace.cached_workflows,
    stickyQueueScheduleToStartTimeout: pace.sticky_timeout,
    shutdownGraceTime: pace.shutdown_grace,
  });
  watch(project, db, closers);
  return worker;
}

/** The worker's sign of life, and the rounds that heal what it finds (decision 0004). Asked to stop, it takes its sign of life along. */
function watch(project: Project, db: Database, closers: Closers): void {
  const { settings } = project.loaded;
  const ctx = commandContext(project);
  const monitor = projectMonitor(project, db, ctx);
  closers.push(() => monitor.close());
  const heart: Heart = { environment: settings.environment, part: 'worker', instance: `${hostname()}:${process.pid}` };
  // Where PostgreSQL is gone already, its row grows old, and that is what it shall say.
  closers.push(() => fallSilent(db, heart).catch(() => undefined));
  closers.push(keepMonitoring(() => monitorRound(monitor.deps, monitor.options), settings.monitor.every, ctx));
  // On a timer of its own: a round that takes long is no death.
  closers.push(keepMonitoring(() => beat(db, heart, ctx.now()), settings.monitor.every, ctx));
}
