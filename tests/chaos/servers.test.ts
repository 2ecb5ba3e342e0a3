import { connectTemporal, type TemporalLink } from '../../src/client/temporal/connect-temporal';
import { TemporalSchedules } from '../../src/client/schedules/temporal-schedules';
import { recordSchedule } from '../../src/database/schedule-store';
import { aftermath } from './aftermath';
import { cell, cellWish, type CellOutcome } from './cell';
import { ownServers, type OwnServers } from './own-servers';
import { endOf, PIPELINE, prepareTrial, startIn, type PreparedTrial } from './prepared-trial';

const WITHIN_MS = 90_000;
/** The monitor looks often, and takes a run without a workflow for lost early. */
const SOON = { FRESHET_MONITOR_EVERY: '1s', FRESHET_MONITOR_LOST_AFTER: '2s' };
/** Each detail takes so long: servers must be gone in mid-run. */
const SLOW = { match: { kind: 'detail' }, fault: 'delay', delayMs: 60 } as const;

let servers: OwnServers;

beforeAll(async () => {
  servers = await ownServers();
}, 120_000);
afterAll(() => servers.close());

/** A run is begun, `strike` happens to the servers in mid-run, and the run must complete by itself; `check` looks at what else must hold. */
async function struck(
  strike: (trial: PreparedTrial) => Promise<void>,
  check: (trial: PreparedTrial) => Promise<string[]> = () => Promise.resolve([]),
): Promise<CellOutcome> {
  const trial = await prepareTrial([], { ...servers.place, variables: SOON });
  try {
    trial.at.sandbox.control.addFault(SLOW);
    const runId = await linked(trial, (temporal) => startIn(trial, temporal));
    await strike(trial);
    const began = performance.now();
    const state = await endOf(trial, runId, WITHIN_MS);
    const healedMs = Math.round(performance.now() - began);
    const problems = [
      ...(state === 'completed' ? [] : [`the run ended ${state}`]),
      ...(await aftermath(trial.at, runId)),
      ...(await check(trial)),
      ...(await trial.close()).map((seen) => `a connection was left behind: ${seen}`),
    ];
    return { problems, facts: { healedMs, workersLost: trial.worker.surprises.length } };
  } catch (error) {
    // A server that is away fails the closing too, which must not hide why.
    await trial.close().catch(() => undefined);
    throw error;
  }
}

async function linked<T>({ at }: PreparedTrial, body: (temporal: TemporalLink) => Promise<T>): Promise<T> {
  const temporal = await connectTemporal(at.loaded.settings.temporal);
  return body(temporal).finally(() => temporal.close());
}

/** Waits until so many details of invoices were asked. */
async function details({ at }: PreparedTrial, count: number): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  while (at.sandbox.control.requestLog().filter(({ kind }) => kind === 'detail').length < count) {
    if (Date.now() > deadline) throw new Error(`${count} details were never asked`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function restart(name: 'postgres' | 'temporal', between = (): void => undefined): Promise<void> {
  await servers.kill(name);
  between();
  await servers.again(name);
}

const DAILY = { kind: 'daily', time: '03:33', timezone: 'Europe/Berlin' } as const;

/** Applies a schedule, as `freshet schedule apply` does. */
async function scheduled(trial: PreparedTrial): Promise<void> {
  const { db, ctx, loaded } = trial.at;
  const { environment } = loaded.settings;
  await linked(trial, async (temporal) => {
    const schedules = new TemporalSchedules(temporal, environment);
    await schedules.create(
      { environment, pipeline: PIPELINE, schedule: DAILY, taskQueue: temporal.taskQueue },
      { paused: false, note: '' },
    );
    const config = { digest: 'd', body: '{}' };
    await recordSchedule(db, { environment, pipeline: PIPELINE, schedule: DAILY, config, pausedReason: null }, ctx);
  });
}

/** It must be there again; taken away for the next play. */
async function scheduleIsBack(trial: PreparedTrial): Promise<string[]> {
  return linked(trial, async (temporal) => {
    const schedules = new TemporalSchedules(temporal, trial.at.loaded.settings.environment);
    for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
      const found = await schedules.find(PIPELINE);
      if (found !== null) return schedules.remove(PIPELINE).then(() => []);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return ['the schedule did not come back'];
  });
}

describe('a run completes by itself, with nothing lost and nothing doubled, when in mid-run', () => {
  cell('PostgreSQL is killed and comes back', () =>
    struck(async (trial) => {
      await details(trial, 12);
      await restart('postgres');
    }),
  );

  cell('Temporal comes back with an older copy of its database, in which the run had hardly begun', () =>
    struck(async (trial) => {
      await details(trial, 3);
      await restart('temporal', () => servers.keepTemporalFiles());
      await details(trial, 35);
      await restart('temporal', () => servers.replaceTemporalFiles('the older copy'));
    }),
  );

  // On demand only (docs/reliability/cells.md): the copy above was killed, and is older, too.
  if (cellWish() !== null) {
    cell('Temporal is killed and comes back with its database', () =>
      struck(async (trial) => {
        await details(trial, 12);
        await restart('temporal');
      }),
    );

    cell('Temporal comes back without its database; its schedules come back too', () =>
      struck(async (trial) => {
        await scheduled(trial);
        await details(trial, 12);
        await restart('temporal', () => servers.replaceTemporalFiles('nothing'));
      }, scheduleIsBack),
    );

    cell('Temporal comes back with an older copy of its database, that knows nothing of the run', async () => {
      await restart('temporal', () => servers.keepTemporalFiles());
      return struck(async (trial) => {
        await details(trial, 12);
        await restart('temporal', () => servers.replaceTemporalFiles('the older copy'));
      });
    });
  }
});
