import { listPipelines } from '../../config/pipeline';
import { recordPause, readAppliedSchedules } from '../../database/schedule-store';
import type { Database } from '../../database/database';
import { recordMissedOfAll } from '../../run/missed-runs';
import { temporalAddressOf } from '../addresses';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { fitted } from '../live/wrap-line';
import { minute } from '../minute';
import { openForWriting } from '../open-database';
import { commandContext, openProject } from '../project';
import { actor } from '../run-wishes';
import { applySchedules, noteOf, pausedReason, planSchedules, type ScheduleDeps, type ScheduleStep } from '../schedules/apply-schedules';
import { readScheduleFacts, type ScheduleFacts } from '../schedules/schedule-facts';
import { scheduleListText } from '../schedules/schedule-list';
import { scheduleUnknown } from '../schedules/schedule-unknown';
import { TemporalSchedules } from '../schedules/temporal-schedules';
import { withRunningSandbox } from '../sandbox-settings';
import { connectTemporal, type TemporalLink } from '../temporal/connect-temporal';
import { hasWorker } from '../temporal/pollers';

export interface ApplyFlags {
  readonly dryRun?: boolean;
}

export interface PauseFlags {
  readonly reason?: string;
}

type Deps = ScheduleDeps & { readonly temporal: TemporalLink };

/** Temporal and PostgreSQL, open for one command. */
async function withSchedules(context: CommandContext, body: (deps: Deps) => Promise<CommandResult>): Promise<CommandResult> {
  const project = withRunningSandbox(openProject(context.flags));
  const { loaded } = project;
  const temporal = await connectTemporal({ ...loaded.settings.temporal, address: temporalAddressOf(loaded.settings) });
  let db: Database | undefined;
  try {
    db = await openForWriting(project);
    const schedules = new TemporalSchedules(temporal, loaded.settings.environment);
    return await body({ db, schedules, loaded, temporal, ctx: commandContext(project) });
  } finally {
    await db?.close();
    await temporal.close();
  }
}

/** `freshet schedule apply`: makes Temporal have what the pipeline files say, reads it back and says what was done. */
export function scheduleApply({ dryRun }: ApplyFlags, context: CommandContext): Promise<CommandResult> {
  return withSchedules(context, async (deps) => {
    const steps = await planSchedules(deps);
    if (dryRun !== true) await applySchedules(deps, steps);
    const facts = await readScheduleFacts(deps, new Date());
    const notes = [...leftOut(facts, steps), ...(await noWorker(deps))];
    for (const note of notes) context.out.note(fitted(note, context.out.columns.note));
    return {
      exitCode: EXIT.good,
      data: { dry_run: dryRun === true, steps: steps.map(stepJson), notes },
      text: stepsText(steps, dryRun === true),
    };
  });
}

/** `freshet schedule diff`: what `apply` would do. Exit code 4 when there is anything. */
export function scheduleDiff(context: CommandContext): Promise<CommandResult> {
  return withSchedules(context, async (deps) => {
    const steps = await planSchedules(deps);
    const differ = steps.some(({ action }) => action !== 'none' && action !== 'left');
    return { exitCode: differ ? EXIT.findings : EXIT.good, data: { steps: steps.map(stepJson) }, text: stepsText(steps, true) };
  });
}

/** `freshet schedule list`: every pipeline: when next, in which zone, and why not. */
export function scheduleList(context: CommandContext): Promise<CommandResult> {
  return withSchedules(context, async (deps) => {
    const facts = await readScheduleFacts(deps, new Date());
    return { exitCode: EXIT.good, data: { schedules: facts }, text: scheduleListText(facts, context.out.paint) };
  });
}

/** `freshet schedule pause <pipeline>`: no starts until `resume`; the reason is shown wherever somebody asks why. */
export function schedulePause(pipeline: string, { reason }: PauseFlags, context: CommandContext): Promise<CommandResult> {
  return withSchedules(context, async (deps) => {
    const { db, schedules, loaded } = deps;
    await requireSchedule(deps, pipeline, 'pause');
    const why = reason ?? `by ${actor()}`;
    // PostgreSQL first: a round of the monitor in between makes Temporal have what PostgreSQL remembers.
    await recordPause(db, { environment: loaded.settings.environment, pipeline }, why);
    await schedules.pause(pipeline, why);
    return { exitCode: EXIT.good, data: { pipeline, paused: true, reason: why }, text: `${pipeline} is paused: ${why}` };
  });
}

/** `freshet schedule resume <pipeline>`: the times that passed meanwhile get their rows (`paused: …`) and are not made up for. */
export function scheduleResume(pipeline: string, context: CommandContext): Promise<CommandResult> {
  return withSchedules(context, async (deps) => {
    const { db, schedules, loaded, ctx } = deps;
    await requireSchedule(deps, pipeline, 'resume');
    const { environment } = loaded.settings;
    await recordMissedOfAll({ db, ctx }, { environment, graceMs: 0, only: pipeline });
    const applied = (await readAppliedSchedules(db, environment)).find((row) => row.pipeline === pipeline);
    await recordPause(db, { environment, pipeline }, null);
    await schedules.resume(pipeline, applied === undefined ? 'freshet' : noteOf(applied.config_digest));
    const found = await requireSchedule(deps, pipeline, 'resume');
    const [next] = found.info.nextActionTimes;
    const data = { pipeline, paused: pausedReason(found) !== null, next: next?.toISOString() ?? null };
    return { exitCode: EXIT.good, data, text: `${pipeline} goes on; next ${data.next === null ? '–' : minute(data.next)} UTC` };
  });
}

/** `freshet schedule trigger <pipeline>`: starts it now as its schedule would; also while it is paused. */
export function scheduleTrigger(pipeline: string, context: CommandContext): Promise<CommandResult> {
  return withSchedules(context, async (deps) => {
    await requireSchedule(deps, pipeline, 'trigger');
    await deps.schedules.trigger(pipeline);
    for (const note of await noWorker(deps)) context.out.note(fitted(note, context.out.columns.note));
    const text = `${pipeline} was told to start; while another run has its lane, it waits.\n  → ./freshet status`;
    return { exitCode: EXIT.good, data: { pipeline, triggered: true }, text };
  });
}

async function requireSchedule({ schedules, db, loaded }: Deps, pipeline: string, verb: string) {
  const found = await schedules.find(pipeline);
  if (found !== null) return found;
  const applied = (await readAppliedSchedules(db, loaded.settings.environment)).map((row) => row.pipeline);
  throw scheduleUnknown({ pipeline, verb, files: listPipelines(loaded.root), applied });
}

async function noWorker({ temporal }: Deps): Promise<string[]> {
  return (await hasWorker(temporal))
    ? []
    : [`No worker is running for ${temporal.taskQueue}: starts wait until there is one (./freshet worker).`];
}

/** Told when a schedule is applied, and not on the Sunday it happens. */
function leftOut(facts: readonly ScheduleFacts[], steps: readonly ScheduleStep[]): string[] {
  const changed = new Set(steps.filter(({ action }) => action === 'create' || action === 'update').map(({ pipeline }) => pipeline));
  return facts
    .filter(({ pipeline, days_left_out: days }) => changed.has(pipeline) && days.length > 0)
    .map(
      ({ pipeline, times, days_left_out: days }) =>
        `${pipeline}: no run on ${days.join(', ')}: clocks go forward over ${times ?? 'its time'}.`,
    );
}

function stepJson({ pipeline, action, differences, pausedReason: paused }: ScheduleStep): Record<string, unknown> {
  return { pipeline, action, differences, paused_reason: paused };
}

const DONE = { create: 'created', update: 'updated', delete: 'deleted', none: 'as it should be', left: 'left as it is' } as const;
const TO_DO = { create: 'to create', update: 'to update', delete: 'to delete', none: 'as it should be', left: 'left as it is' } as const;

function stepsText(steps: readonly ScheduleStep[], onlyPlanned: boolean): string {
  if (steps.length === 0) return 'No pipeline file names a schedule, and Temporal has none of ours.';
  return steps
    .flatMap(({ pipeline, action, differences, pausedReason: paused, leftBecause: left }) => [
      `${pipeline}: ${(onlyPlanned ? TO_DO : DONE)[action]}${paused === null ? '' : `, paused: ${paused}`}${left === undefined ? '' : `: ${left}`}`,
      ...differences.map(({ what, wanted, found }) => `  ${what}: ${found} → ${wanted}`),
    ])
    .join('\n');
}
