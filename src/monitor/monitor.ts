import type { TemporalLink } from '../client/temporal/connect-temporal';
import { startQueued } from '../client/temporal/start-queued';
import type { Database } from '../database/database';
import type { LandingStore } from '../landing/landing-store';
import type { StageContext } from '../observability/stage-context';
import { sendNotices } from '../notify/webhook';
import type { AlarmLimits } from './alarm';
import { bookAlarms, type Booked } from './alarm-book';
import { readAlarmFacts, type MaxAges } from './alarm-facts';
import { alarmsDue } from './alarms-due';
import { beat, forgetDeadWorkers } from './heartbeat';
import { sweepOrphans } from './orphans';
import { sweepWorkFolders } from './work-folders';
import { writeMissingReports } from './missing-reports';
import { GRACE_MS, reconcileRuns, type Healed } from './reconcile';
import { restoreSchedules } from './restore-schedules';
import { recordMissedOfAll } from '../run/missed-runs';

export interface MonitorDeps {
  readonly db: Database;
  readonly ctx: StageContext;
  /** Where work files of closed extractions are swept; absent: nowhere. */
  readonly landing?: LandingStore;
  /** The folder of all reports, absolute. */
  readonly reportsFolder: string;
  /** Asked in each round; `null`: Temporal does not answer, or nobody said where it is. */
  readonly temporal: () => Promise<TemporalLink | null>;
  /** Asked in each round, so that an edited file counts. */
  readonly maxAges: () => MaxAges;
}

export interface MonitorOptions {
  readonly environment: string;
  readonly limits: AlarmLimits;
  /** Absent: alarms are logged and kept, nobody is told. */
  readonly webhookUrl?: string;
  /** How long after a nominal time its run must be there; ms. */
  readonly missedAfter: number;
  /** How long a run may stand apart from its workflow; ms, default 60 s. */
  readonly graceMs?: number;
}

export interface Round extends Booked {
  readonly healed: readonly Healed[];
  /** Pipelines whose schedule was brought back. */
  readonly restored: readonly string[];
  readonly swept: readonly string[];
  /** Ended runs whose report was written after all. */
  readonly reported: readonly string[];
  readonly sent: number;
}

/** A stopped process keeps the others from healing no longer than this. A round that takes longer goes on without the lock: all it does can be done twice. */
const LOCK_LASTS_MS = 45_000;

/**
 * One round (decision 0004): heal, sweep, judge, tell. `null` when another process of this environment is at it.
 * Needs PostgreSQL only; without Temporal nothing is healed, and that is an alarm by itself.
 */
export async function monitorRound(deps: MonitorDeps, options: MonitorOptions): Promise<Round | null> {
  const { db, ctx } = deps;
  const { environment, webhookUrl } = options;
  const round = await db.transaction({ site: 'monitor.round', ctx, idleTimeoutMs: LOCK_LASTS_MS }, async (tx) => {
    const [lock] = await tx.query<{ mine: boolean }>(
      `select pg_try_advisory_xact_lock(hashtextextended('freshet.monitor:' || $1, 0)) as mine`,
      [environment],
    );
    if (lock?.mine !== true) return null;
    const healed = await heal(deps, options);
    await recordMissedOfAll({ db, ctx }, { environment, graceMs: options.missedAfter });
    const swept = [...(await sweepOrphans(db, ctx)), ...(await sweepWorkFolders(deps))];
    const reported = await writeMissingReports(deps, { environment, graceMs: options.graceMs ?? GRACE_MS });
    return { ...healed, swept, reported, ...(await judge(deps, options)) };
  });
  if (round === null) return null;
  const sent = webhookUrl === undefined ? 0 : await sendNotices({ db, ctx, url: webhookUrl }, environment);
  return { ...round, sent };
}

/** Judges and books, heals nothing; what `freshet freshness --alert` does where no monitor runs. */
export async function judge(deps: Pick<MonitorDeps, 'db' | 'ctx' | 'maxAges'>, options: MonitorOptions): Promise<Booked> {
  const { db, ctx } = deps;
  const { environment, limits, webhookUrl } = options;
  const now = ctx.now();
  await forgetDeadWorkers(db, environment, new Date(now.getTime() - limits.workerGoneAfter));
  const facts = await readAlarmFacts(db, environment, deps.maxAges());
  return bookAlarms({ db, ctx }, { environment, due: alarmsDue(facts, limits, now), notify: webhookUrl !== undefined });
}

async function heal(
  { db, ctx, reportsFolder, temporal: connect }: MonitorDeps,
  { environment, graceMs }: MonitorOptions,
): Promise<Pick<Round, 'healed' | 'restored'>> {
  const temporal = await connect();
  if (temporal === null) return { healed: [], restored: [] };
  await beat(db, { environment, part: 'temporal' }, ctx.now());
  const healed = await reconcileRuns({ db, temporal, reportsFolder, ctx }, { environment, ...(graceMs === undefined ? {} : { graceMs }) });
  await startQueued({ db, temporal, reportsFolder, ctx }, environment);
  return { healed, restored: await restoreSchedules({ db, temporal, ctx }, environment) };
}
