import { carryClaims } from '../carry-claims';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT, worstExitCode } from '../exit-code';
import { openView } from '../live/watch';
import { fitted } from '../live/wrap-line';
import { openProject } from '../project';
import { prepareClaims, type LeftPipeline, type RunFlags } from '../run-wishes';
import { withRunningSandbox } from '../sandbox-settings';
import { requireWritable } from '../writable-folder';

/**
 * `freshet run <pipeline…>`: checks everything that can be checked beforehand, claims, starts, follows, and shows the result.
 * Nothing is written before the checks are through.
 */
export async function run(pipelines: readonly string[], flags: RunFlags, context: CommandContext): Promise<CommandResult> {
  const { out, flags: common } = context;
  const watch = openView(context);
  const project = watch.logging(withRunningSandbox(openProject(common)));
  const { settings } = project.loaded;
  const { claims, left } = prepareClaims(project, pipelines, flags);
  requireWritable(settings.landing.path, 'landing.path');
  requireWritable(settings.reports.path, 'reports.path');
  for (const warning of claims.flatMap(({ warnings }) => warnings)) out.note(fitted(warning, out.columns.note));
  for (const { pipeline, reason } of left) out.note(fitted(`${pipeline} is not run: ${reason}`, out.columns.note));
  const carried = await carryClaims(
    { project, watch, flags },
    claims.map(({ request }) => request),
  );
  return withLeft(carried, left);
}

/** What was asked for by name and did not run makes the whole partial. */
function withLeft(result: CommandResult, left: readonly LeftPipeline[]): CommandResult {
  if (left.length === 0) return result;
  const runs = (result.data as { readonly runs?: readonly unknown[] } | undefined)?.runs ?? [result.data];
  const lines = left.map(({ pipeline, reason, remedy }) => `${pipeline} was not run: ${reason}\n  ${remedy}`);
  return {
    ...result,
    exitCode: worstExitCode([result.exitCode, EXIT.partial]),
    data: { runs, left_out: left.map(({ pipeline, code, reason, remedy }) => ({ pipeline, code, reason, remedy })) },
    text: [result.text ?? '', ...lines].join('\n\n'),
  };
}
