import type { CommandContext } from '../command-context';
import { temporalAddressOf } from '../addresses';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openForReading } from '../open-database';
import { commandContext, openProject } from '../project';
import { resolveRunId } from '../run-reference';
import { cancelRun, type CancelledRun } from '../temporal/cancel-run';
import { connectTemporal } from '../temporal/connect-temporal';

/** `freshet cancel <run>`: asks a run to end; what is committed stays. Exit code 4 when it had ended before. */
export async function cancel(runId: string, { flags }: CommandContext): Promise<CommandResult> {
  const project = openProject(flags);
  const { settings } = project.loaded;
  const db = await openForReading(project);
  const connect = async (): ReturnType<typeof connectTemporal> =>
    connectTemporal({ ...settings.temporal, address: temporalAddressOf(settings) });
  try {
    const deps = { db, connect, reportsFolder: settings.reports.path, ctx: commandContext(project) };
    const cancelled = await cancelRun(deps, await resolveRunId(db, runId));
    return {
      exitCode: cancelled.kind === 'final' ? EXIT.findings : EXIT.good,
      data: { run_id: cancelled.runId, outcome: cancelled.kind, state: cancelled.state },
      text: sentence(cancelled),
    };
  } finally {
    await db.close();
  }
}

function sentence({ kind, runId, state }: CancelledRun): string {
  if (kind === 'final') return `${runId} had ended before (${state}). Nothing was changed.`;
  if (kind === 'ended') return `${runId} is cancelled. It had no workflow, so its row was ended here.`;
  return `${runId} is asked to end; it takes up to 30 s.\n  → ./freshet show ${runId}   See how it ended`;
}
