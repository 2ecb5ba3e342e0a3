import type { TemporalLink } from '../client/temporal/connect-temporal';
import { startQueued } from '../client/temporal/start-queued';
import type { Database } from '../database/database';
import type { LandingStore } from '../landing/landing-store';
import type { StageContext } from '../observability/stage-context';
import { sendNotices } from '../notify/webhook';
import type { AlarmLimits } from './alarm';
import { bookAlarms, tellBooked, type Booked } from './alarm-book';
import { readAlarmFacts } from './alarm-facts';
import { alarmsDue } from './alarms-due';
import { Contained } from './contained';
import { tidyEndedSessions } from './ended-sessions';
import { beat, forgetDeadWorkers } from './heartbeat';
import { limitsNow, type MaxAges } from './max-ages';
import { sweepOrphans } from './orphans';
import { sweepWorkFolders } from './work-folders';
import { writeMissingReports } from './missing-reports';
import { GRACE_MS, reconcileRuns, type Healed } from './reconcile';
import { restoreSchedules } from './restore-schedules';
import type { ScheduledComparisons } from './scheduled-comparisons';
import { recordMissedOfAll } from '../run/missed-runs';
import { Turns } from './turns';

export interface MonitorDeps {
  readonly db: Database;
  readonly ctx: StageContext;
  /** Where work files of closed extractions are swept, and sessions of runs that ended early put in order; absent: nowhere. */
  readonly landing?: LandingStore;
  /** The folder of all reports, absolute. */
  readonly reportsFolder: string;
  /** Asked in each round; `null`: Temporal does not answer, or nobody said where it is. */
  readonly temporal: () => Promise<TemporalLink | null>;
  /** Asked in each round, so that an edited file counts. */
  readonly maxAges: () => MaxAges;
  /** Absent: comparisons are made by hand only. */
  readonly comparisons?: Pick<ScheduledComparisons, 'begin'>;
  /** Kept from round to round; absent: each round begins anew. */
  readonly turns?: Turns;
}

export interface MonitorOptions {
  readonly environment: string;
  readonly limits: AlarmLimits;
  /** Absent: alarms are logged and kept; those still open when there is one are told then. */
  readonly webhookUrl?: string;
  /** How long after a nominal time its run must be there; ms. */
  readonly missedAfter: number;
  /** How long a run may stand apart from its workflow; ms, default 60 s. */
  readonly graceMs?: number;
  /** How long a round mends before it judges, whatever is left to mend; ms, default 30 s. */
  readonly mendingMs?: number;
}

interface Mended {
  healed: readonly Healed[];
  /** Pipelines whose schedule in Temporal was made what it was applied as. */
  restored: readonly string[];
  swept: readonly string[];
  /** Ended runs whose report was written after all. */
  reported: readonly string[];
}

export interface Round extends Booked, Readonly<Mended> {
  /** False: another process of this environment, or a step of an earlier round, was at it. */
  readonly mended: boolean;
  /** Steps that failed; each was told, and the next round does it again. */
  readonly failed: readonly string[];
  readonly sent: number;
}

type Mending = MonitorDeps & { readonly turns: Turns; readonly steps: Contained; readonly done: Mended };

/** A stopped process keeps the others from mending no longer than this: all it does can be done twice. */
const LOCK_LASTS_MS = 45_000;
const MENDING_MS = 30_000;
/** Who was stopped between its look and its booking finds its transaction ended, and looks anew. */
const FACTS_LAST_MS = 20_000;
const JUDGE_WAITS_MS = 30_000;

/**
 * One round (decision 0004): mend, judge, tell. Each process judges and tells, whatever became of the mending and whoever did it.
 * Needs PostgreSQL only; without Temporal nothing is healed, and that is an alarm by itself. Errors: those of judging; what was to be told is told all the same.
 */
export async function monitorRound(deps: MonitorDeps, options: MonitorOptions): Promise<Round> {
  const { db, ctx, turns = new Turns() } = deps;
  const { environment, webhookUrl } = options;
  const [steps, telling] = [new Contained(ctx, turns), new Contained(ctx)];
  const done: Mended = { healed: [], restored: [], swept: [], reported: [] };
  const mended = await mendAlone({ ...deps, turns, steps, done }, options);
  let sent = 0;
  const booked = await judge(deps, options).finally(async () => {
    if (webhookUrl !== undefined) sent = await telling.step('notices', 0, () => sendNotices({ db, ctx, url: webhookUrl }, environment));
  });
  return { ...booked, ...done, mended, failed: [...steps.failed, ...telling.failed], sent };
}

/** Judges and books, heals nothing; what `freshet freshness --alert` does where no monitor runs. Facts and booking are one short transaction: nothing is booked from an old look. */
export async function judge(deps: Pick<MonitorDeps, 'db' | 'ctx' | 'maxAges'>, options: MonitorOptions): Promise<Booked> {
  const { db, ctx, maxAges } = deps;
  const { environment, limits, webhookUrl } = options;
  const alone = { repeatable: true, lockTimeoutMs: JUDGE_WAITS_MS, idleTimeoutMs: FACTS_LAST_MS };
  const booked = await db.transaction({ site: 'monitor.alarms', ctx, ...alone }, async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('freshet.alarms:' || $1, 0))`, [environment]);
    const now = ctx.now();
    await forgetDeadWorkers(tx, environment, new Date(now.getTime() - limits.workerGoneAfter));
    const facts = await readAlarmFacts(tx, environment, await limitsNow(tx, environment, maxAges, ctx), ctx);
    const booking = { environment, due: alarmsDue(facts, limits, now), undecided: facts.undecided, notify: webhookUrl !== undefined };
    return bookAlarms(tx, booking, now);
  });
  tellBooked(booked, ctx);
  return booked;
}

/** Mends unless somebody is at it, and no longer than its time: a step that hangs goes on by itself, without the lock. */
async function mendAlone(deps: Mending, options: MonitorOptions): Promise<boolean> {
  const { db, ctx, turns, steps } = deps;
  const withinMs = options.mendingMs ?? MENDING_MS;
  if (turns.mending) {
    ctx.log('MO-015', { step: turns.step, seconds: withinMs / 1000 });
    return false;
  }
  turns.begin(withinMs);
  return steps.step('lock', false, () =>
    db.transaction({ site: 'monitor.round', ctx, idleTimeoutMs: LOCK_LASTS_MS }, async (tx) => {
      const [lock] = await tx.query<{ mine: boolean }>(
        `select pg_try_advisory_xact_lock(hashtextextended('freshet.monitor:' || $1, 0)) as mine`,
        [options.environment],
      );
      if (lock?.mine !== true) return false;
      await within(withinMs, mend(deps, options), () => ctx.log('MO-015', { step: turns.step, seconds: withinMs / 1000 }));
      return true;
    }),
  );
}

async function within(ms: number, work: Promise<void>, late: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const up = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), ms)));
  if ((await Promise.race([work, up])) === 'late') late();
  clearTimeout(timer);
}

async function mend(deps: Mending, options: MonitorOptions): Promise<void> {
  const { db, ctx, landing, comparisons, steps, done, turns } = deps;
  const { environment, missedAfter, graceMs = GRACE_MS } = options;
  turns.mending = true;
  const temporal = await steps.step('link to Temporal', null, () => deps.temporal());
  if (temporal !== null) await heal(deps, options, temporal);
  await steps.step('missed times', [], () => recordMissedOfAll({ db, ctx }, { environment, graceMs: missedAfter }));
  const tables = await steps.step('stage tables', [], () => sweepOrphans(db, ctx, turns));
  done.swept = [...tables, ...(await steps.step('work files', [], () => sweepWorkFolders(deps)))];
  if (landing !== undefined) await steps.step('sessions', [], () => tidyEndedSessions({ db, landing, ctx, turns }, environment));
  done.reported = await steps.step('reports', [], () => writeMissingReports(deps, { environment, graceMs }));
  if (comparisons !== undefined) await steps.step('comparisons', null, () => comparisons.begin());
  turns.mending = false;
}

async function heal(deps: Mending, { environment, graceMs = GRACE_MS }: MonitorOptions, temporal: TemporalLink): Promise<void> {
  const { ctx, steps, done } = deps;
  const linked = { ...deps, temporal };
  await steps.step('sign of life of Temporal', undefined, () => beat(deps.db, { environment, part: 'temporal' }, ctx.now()));
  done.healed = await steps.step('runs', [], () => reconcileRuns(linked, { environment, graceMs }));
  await steps.step('queue', [], () => startQueued(linked, environment));
  done.restored = await steps.step('schedules', [], () => restoreSchedules(linked, { environment, graceMs }));
}
