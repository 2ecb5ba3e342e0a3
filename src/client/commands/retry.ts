import { FreshetError } from '../../domain/errors';
import { isRetryable } from '../../domain/retry';
import type { Comparison } from '../../extract/comparison';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openView } from '../live/watch';
import { fitted } from '../live/wrap-line';
import { openForReading } from '../open-database';
import { openProject, type Project } from '../project';
import { readRetry, type LeftEntity, type RetriedRun, type RetryFacts } from '../retry-facts';
import { resolveRunId } from '../run-reference';
import { asksItself, prepareClaims, type RunFlags } from '../run-wishes';
import { withRunningSandbox } from '../sandbox-settings';
import { carriedIn } from './run';

export type RetryFlags = Pick<RunFlags, 'approveDeletes' | 'dryRun' | 'local' | 'attach' | 'queue'>;

/**
 * `freshet retry <run>`: a run of just the entities that did not complete in that one (failed, held, skipped, cancelled), asked for as they were
 * then, under today's settings. It goes on with what that run fetched. Where nothing is left of it, nothing is started.
 */
export async function retry(typed: string, flags: RetryFlags, context: CommandContext): Promise<CommandResult> {
  const watch = openView(context);
  const project = watch.logging(withRunningSandbox(openProject(context.flags), { asksItself: asksItself(flags) }));
  const { run, goesOn, left } = await factsOf(project, typed);
  refuseUnsuited(project, { run, goesOn });
  const open = left.filter(({ completedBy }) => completedBy === null);
  const known = open.length === 0 ? [] : entitiesNow(project, run);
  const [taken, gone] = [open.filter(({ entity }) => known.includes(entity)), open.filter(({ entity }) => !known.includes(entity))];
  const reasons = [
    ...left.flatMap(doneSince),
    ...gone.map(({ entity }) => `${entity}: ${run.pipeline} has it no more, or it is switched off`),
  ];
  if (taken.length === 0) return nothingLeft(run, left, reasons);
  context.out.note(
    fitted(`retry of ${run.id}: ${taken.map(({ entity, state }) => `${entity} (${state})`).join(', ')}`, context.out.columns.note),
  );
  for (const reason of reasons) context.out.note(fitted(`not taken up: ${reason}`, context.out.columns.note));
  const wished = wishOf(run, taken);
  return carriedIn({ context, watch, project }, { ...wished, flags: { ...flags, ...wished.flags } });
}

async function factsOf(project: Project, typed: string): Promise<RetryFacts> {
  const db = await openForReading(project);
  try {
    return await readRetry(db, await resolveRunId(db, typed));
  } finally {
    await db.close();
  }
}

/** As it was asked for then. An approval of deletes is not repeated: it was given for what was seen then. */
function wishOf(run: RetriedRun, taken: readonly LeftEntity[]) {
  const { command } = run;
  const number = (name: string): string | undefined => (typeof command[name] === 'number' ? String(command[name]) : undefined);
  const [limit, days, compare] = [number('limit'), number('cutoff_days'), command['reconcile'] as Comparison | undefined];
  const flags: RunFlags = {
    entity: taken.map(({ entity }) => entity),
    full: command['full'] === true,
    force: command['force'] === true,
    ...(limit === undefined ? {} : { limit }),
    ...(days === undefined ? {} : { cutoffDays: days }),
  };
  return { named: [fileOf(run)], flags, retryOf: run.id, ...(compare === undefined ? {} : { compare }) };
}

/** By its name, or by the path by which the run was asked for. */
function fileOf({ pipeline, command }: RetriedRun): string {
  return typeof command['file'] === 'string' ? command['file'] : pipeline;
}

/** What the pipeline reads as its file is now. */
function entitiesNow(project: Project, run: RetriedRun): readonly string[] {
  return prepareClaims(project, [fileOf(run)], {}).claims.flatMap(({ request }) => request.plan.map(({ entity }) => entity));
}

const doneSince = ({ entity, completedBy }: LeftEntity): string[] =>
  completedBy === null ? [] : [`${entity}: ${completedBy} has completed it since`];

function nothingLeft(run: RetriedRun, left: readonly LeftEntity[], reasons: readonly string[]): CommandResult {
  const all = run.state === 'skipped' ? `it was not run` : `every entity of it completed`;
  const message = `Nothing to retry of ${run.id}${left.length === 0 ? `: ${all}` : ''}. Nothing was started.`;
  return {
    exitCode: EXIT.good,
    data: { run_id: run.id, outcome: 'nothing_to_retry', message, reasons },
    text: [message, ...reasons.map((reason) => `  ${reason}`)].join('\n'),
  };
}

function refuseUnsuited({ loaded }: Project, { run, goesOn }: Pick<RetryFacts, 'run' | 'goesOn'>): void {
  if (goesOn) throw notEnded(run);
  if (!isRetryable(run)) throw unsuited(run, `Run ${run.id} did not ask a source: it is a ${run.kind}`);
  const { environment } = loaded.settings;
  if (run.environment !== environment) throw unsuited(run, `Run ${run.id} is one of ${run.environment}, and this is ${environment}`);
}

function notEnded({ id }: RetriedRun): FreshetError {
  return new FreshetError('config_error', {
    code: 'retry-not-ended',
    message: `Run ${id} has not ended, so nobody knows yet what it leaves`,
    remedy: 'Wait for its end, then retry what is left. Nothing was started.',
    next: [{ kind: 'run-command', label: 'Wait for it', command: `./freshet follow ${id}` }],
  });
}

function unsuited({ id }: RetriedRun, message: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'retry-unsuited',
    message,
    remedy: `\`./freshet show ${id}\` tells how to do its work again. Nothing was started.`,
  });
}
