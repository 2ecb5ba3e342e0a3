import { carryClaims } from '../carry-claims';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { openView } from '../live/watch';
import { fitted } from '../live/wrap-line';
import { openProject } from '../project';
import { prepareClaims, type RunFlags } from '../run-wishes';
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
  const claims = prepareClaims(project, pipelines, flags);
  requireWritable(settings.landing.path, 'landing.path');
  requireWritable(settings.reports.path, 'reports.path');
  for (const warning of claims.flatMap(({ warnings }) => warnings)) out.note(fitted(warning, out.columns.note));
  return carryClaims(
    { project, watch, flags },
    claims.map(({ request }) => request),
  );
}
