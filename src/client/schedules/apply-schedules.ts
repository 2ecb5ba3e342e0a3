import type { ScheduleDescription } from '@temporalio/client';
import type { LoadedSettings } from '../../config/load-settings';
import type { Database } from '../../database/database';
import { forgetSchedule, readAppliedSchedules, recordSchedule, type AppliedSchedule } from '../../database/schedule-store';
import { FreshetError } from '../../domain/errors';
import { scheduleText } from '../../domain/schedule';
import type { StageContext } from '../../observability/stage-context';
import { claimRequest } from '../../run/claim-request';
import { leftOut } from '../../run/left-out';
import { sources } from '../../sources/index';
import type { DesiredSchedule } from './compile-schedule';
import { desiredSchedules } from './desired-schedules';
import { scheduleDifferences, timesText, type Difference } from './schedule-differences';
import type { TemporalSchedules } from './temporal-schedules';

export interface ScheduleDeps {
  readonly db: Database;
  readonly schedules: TemporalSchedules;
  readonly loaded: LoadedSettings;
  readonly ctx: StageContext;
}

/** What has to be done for one pipeline. `none`: Temporal has what the file wants. */
export interface ScheduleStep {
  readonly pipeline: string;
  readonly action: 'create' | 'update' | 'delete' | 'none' | 'left';
  /** `null`: the schedule goes. */
  readonly desired: DesiredSchedule | null;
  readonly differences: readonly Difference[];
  /** Why it is, and stays, paused; `null`: it is not. */
  readonly pausedReason: string | null;
  /** Of one that is left as it is: why it is neither made nor changed. */
  readonly leftBecause?: string;
}

/** What `apply` would do: the files against Temporal, and what of ours is in no file any more. Changes nothing. Errors: those of the files and of Temporal. */
export async function planSchedules({ db, schedules, loaded }: Omit<ScheduleDeps, 'ctx'>): Promise<ScheduleStep[]> {
  const desired = desiredSchedules(loaded);
  const applied = await readAppliedSchedules(db, loaded.settings.environment);
  const known = new Map(applied.map((row) => [row.pipeline, row]));
  const kept = new Set(desired.map(({ pipeline }) => pipeline));
  const gone = [...new Set([...known.keys(), ...(await schedules.listed())])].filter((pipeline) => !kept.has(pipeline));
  const steps: ScheduleStep[] = [];
  for (const wanted of desired) {
    const step = stepFor(wanted, await schedules.find(wanted.pipeline), known.get(wanted.pipeline));
    steps.push(leftIfNotSetUp(loaded, step));
  }
  for (const pipeline of gone) {
    const found = await schedules.find(pipeline);
    // The list of Temporal lags behind: what was deleted a moment ago may still stand there.
    if (found !== null || known.has(pipeline)) steps.push(removal(pipeline, found));
  }
  return steps;
}

/** A schedule that Temporal lost comes back as it was: paused, if it was paused. */
function stepFor(desired: DesiredSchedule, found: ScheduleDescription | null, applied: AppliedSchedule | undefined): ScheduleStep {
  const { pipeline } = desired;
  if (found === null) {
    const differences = [{ what: 'times', wanted: scheduleText(desired.schedule), found: 'no schedule' }];
    return { pipeline, action: 'create', desired, differences, pausedReason: applied?.paused_reason ?? null };
  }
  const differences = scheduleDifferences(desired, found);
  return { pipeline, action: differences.length === 0 ? 'none' : 'update', desired, differences, pausedReason: pausedReason(found) };
}

/** Without an address or an organization there are no settings to freeze: what is applied stays, and its times are skipped with the reason. */
function leftIfNotSetUp(loaded: LoadedSettings, step: ScheduleStep): ScheduleStep {
  try {
    frozen(loaded, step.pipeline);
    return step;
  } catch (error) {
    const why = leftOut(error);
    // A mistake is told by who applies.
    if (why === null) return step;
    return { ...step, action: 'left', differences: [], leftBecause: why.reason };
  }
}

function removal(pipeline: string, found: ScheduleDescription | null): ScheduleStep {
  const differences = [{ what: 'times', wanted: 'no schedule', found: found === null ? 'remembered as applied' : timesText(found) }];
  return { pipeline, action: 'delete', desired: null, differences, pausedReason: null };
}

/** Why Temporal has it paused; `null`: it does not. */
export function pausedReason({ state }: ScheduleDescription): string | null {
  return state.paused ? state.note || 'paused in Temporal' : null;
}

/**
 * Makes Temporal have what the files want, reads it back, and remembers it in PostgreSQL. Every pipeline is resolved before the first
 * change: one whose runs could not begin is not scheduled, and one that is switched off or not set up is left as it is. Errors: `config_error`, `schedule-not-as-asked`, those of Temporal.
 */
export async function applySchedules(deps: ScheduleDeps, steps: readonly ScheduleStep[]): Promise<void> {
  const ready = steps
    .filter(({ action }) => action !== 'left')
    .map((step) => ({ step, config: step.desired === null ? null : frozen(deps.loaded, step.pipeline) }));
  for (const { step, config } of ready) {
    if (step.desired === null || config === null) await takeAway(deps, step.pipeline);
    else await put(deps, { ...step, desired: step.desired }, config);
  }
}

function frozen(loaded: LoadedSettings, pipeline: string): { digest: string; body: string } {
  return claimRequest(loaded, sources, { pipeline, actor: 'schedule' }).request.config;
}

async function takeAway({ db, schedules, loaded }: ScheduleDeps, pipeline: string): Promise<void> {
  // PostgreSQL first: what it remembers, a round of the monitor brings back. Died in between, the next round deletes it.
  await forgetSchedule(db, { environment: loaded.settings.environment, pipeline });
  await schedules.remove(pipeline);
}

type Put = ScheduleStep & { readonly desired: DesiredSchedule };

async function put({ db, schedules, loaded, ctx }: ScheduleDeps, step: Put, config: { digest: string; body: string }): Promise<void> {
  const { desired, pipeline } = step;
  const paused = step.pausedReason !== null;
  const note = step.pausedReason ?? noteOf(config.digest);
  if (step.action === 'create') await schedules.create(desired, { paused, note });
  if (step.action === 'update') await schedules.update(desired, note);
  const found = await schedules.find(pipeline);
  const left = found === null ? [] : scheduleDifferences(desired, found);
  if (found === null || left.length > 0) throw notAsAsked(pipeline, left);
  const { environment } = loaded.settings;
  await recordSchedule(db, { environment, pipeline, schedule: desired.schedule, config, pausedReason: pausedReason(found) }, ctx);
}

/** What stands beside a schedule in Temporal's Web UI while it is not paused: the settings it was applied under. */
export function noteOf(digest: string): string {
  return `freshet: settings ${digest.slice(0, 12)}`;
}

function notAsAsked(pipeline: string, left: readonly Difference[]): FreshetError {
  const what = left.map((difference) => `${difference.what}: ${difference.found} instead of ${difference.wanted}`).join('; ');
  return new FreshetError('transient_error', {
    code: 'schedule-not-as-asked',
    message: `Temporal has the schedule of ${pipeline} otherwise than it was told: ${what || 'it is not there'}`,
    why: 'Somebody else may have changed it in the same moment.',
    remedy: 'Apply again; if it comes back, look at the schedule in Temporal’s Web UI.',
    next: [{ kind: 'run-command', label: 'Apply again', command: './freshet schedule apply' }],
  });
}
