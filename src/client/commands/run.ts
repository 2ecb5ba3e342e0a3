import { FreshetError } from '../../domain/errors';
import { carryClaims } from '../carry-claims';
import { chosenPipelines, inOrder } from '../chosen-pipelines';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT, worstExitCode } from '../exit-code';
import { openView, type Watch } from '../live/watch';
import { fitted } from '../live/wrap-line';
import { openProject, type Project } from '../project';
import { asksItself, narrowing, prepareClaims, type LeftPipeline, type RunFlags, type WishedMore } from '../run-wishes';
import { withRunningSandbox } from '../sandbox-settings';
import { requireWritable } from '../writable-folder';

/**
 * `freshet run <pipeline…>` and `freshet run --all`: checks everything that can be checked beforehand, claims, starts, follows, and shows the
 * result. Nothing is written before the checks are through.
 */
export function run(named: readonly string[], flags: RunFlags, context: CommandContext): Promise<CommandResult> {
  return carried({ named, flags }, context);
}

interface Wished extends WishedMore {
  readonly named: readonly string[];
  readonly flags: RunFlags;
}

/** What `run` and `reconcile` have in common: all but what they ask of the source. */
export function carried(wished: Wished, context: CommandContext): Promise<CommandResult> {
  const watch = openView(context);
  const project = withRunningSandbox(openProject(context.flags), { asksItself: asksItself(wished.flags) });
  return carriedIn({ context, watch, project: watch.logging(project) }, wished);
}

interface Opened {
  readonly context: CommandContext;
  readonly watch: Watch;
  readonly project: Project;
}

/** The same for a command that had to look first. */
export async function carriedIn({ context: { out }, watch, project }: Opened, { named, flags, ...more }: Wished): Promise<CommandResult> {
  const { settings } = project.loaded;
  const all = flags.all === true;
  // First: the name of a pipeline behind `--cutoff-days` was taken for its number.
  narrowing(project, flags);
  const { claims: prepared, left } = prepareClaims(project, chosenPipelines(project.loaded, named, all), flags, more);
  const { claims, after } = inOrder(prepared);
  if (claims.length === 0) throw nothingToRun(left);
  if (flags.dryRun === true) return (await import('./run-dry')).runDry({ project, claims, left, all }, out);
  requireWritable(settings.landing.path, 'landing.path');
  requireWritable(settings.reports.path, 'reports.path');
  for (const warning of claims.flatMap(({ warnings }) => warnings)) out.note(fitted(warning, out.columns.note));
  for (const { pipeline, reason } of left) out.note(fitted(`${pipeline} is not run: ${reason}`, out.columns.note));
  const requests = claims.map(({ request }) => request);
  return withLeft(await carryClaims({ project, watch, flags, after }, requests), { left, all });
}

interface Asked {
  readonly left: readonly LeftPipeline[];
  readonly all: boolean;
}

/** What was asked for and did not run makes the whole partial; with `--all` only where nobody meant it. The runs stand in a list then. */
function withLeft(result: CommandResult, { left, all }: Asked): CommandResult {
  if (left.length === 0 && !all) return result;
  const runs = (result.data as { readonly runs?: readonly unknown[] } | undefined)?.runs ?? [result.data];
  const lines = left.map(({ pipeline, reason, remedy }) => `${pipeline} was not run: ${reason}\n  ${remedy}`);
  const missed = left.some(({ meant }) => !(all && meant));
  return {
    ...result,
    exitCode: missed ? worstExitCode([result.exitCode, EXIT.partial]) : result.exitCode,
    data: { runs, left_out: left.map(({ pipeline, code, reason, remedy }) => ({ pipeline, code, reason, remedy })) },
    text: [result.text ?? '', ...lines].join('\n\n'),
  };
}

function nothingToRun(left: readonly LeftPipeline[]): FreshetError {
  return new FreshetError('config_error', {
    code: 'nothing-to-run',
    message: left.length === 0 ? 'config/pipelines holds no pipeline' : 'No pipeline of config/pipelines can run',
    ...(left.length === 0 ? {} : { why: left.map(({ reason }) => reason).join('\n') }),
    remedy: 'Write a pipeline file, or mend what keeps these from running. Nothing was started.',
    where: 'config/pipelines',
  });
}
