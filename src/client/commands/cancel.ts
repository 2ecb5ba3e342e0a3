import { isQueuedId, withdraw, type Queued } from '../../database/lane-queue';
import { FileStore } from '../../landing/file-store';
import { tidyEndedSessions } from '../../monitor/ended-sessions';
import type { CommandContext } from '../command-context';
import { temporalAddressOf } from '../addresses';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openForReading } from '../open-database';
import { commandContext, openProject } from '../project';
import { resolveRunId } from '../run-reference';
import { cancelRun, type CancelledRun } from '../temporal/cancel-run';
import { connectTemporal } from '../temporal/connect-temporal';

/** `freshet cancel <run>`: asks a run to end, or takes a request out of the queue; what is committed stays. Exit code 4 when it had ended before. */
export async function cancel(runId: string, { flags }: CommandContext): Promise<CommandResult> {
  const project = openProject(flags);
  const { settings } = project.loaded;
  const db = await openForReading(project);
  const connect = async (): ReturnType<typeof connectTemporal> =>
    connectTemporal({ ...settings.temporal, address: temporalAddressOf(settings) });
  try {
    if (isQueuedId(runId)) return withdrawn(await withdraw(db, runId.trim().toLowerCase()));
    const ctx = commandContext(project);
    const cancelled = await cancelRun({ db, connect, reportsFolder: settings.reports.path, ctx }, await resolveRunId(db, runId));
    // Who loads with --local may have no monitor that does it.
    if (cancelled.kind === 'ended') {
      await tidyEndedSessions({ db, landing: new FileStore(settings.landing.path), ctx }, settings.environment);
    }
    return {
      exitCode: cancelled.kind === 'final' ? EXIT.findings : EXIT.good,
      data: { run_id: cancelled.runId, outcome: cancelled.kind, state: cancelled.state },
      text: sentence(cancelled),
    };
  } finally {
    await db.close();
  }
}

function withdrawn({ id, state, runId }: Queued): CommandResult {
  const gone = state === 'waiting';
  const next = runId === null ? '' : `\n  → ./freshet cancel ${runId}   Stop the run it became`;
  return {
    exitCode: gone ? EXIT.good : EXIT.findings,
    data: { queued_id: id, outcome: gone ? 'withdrawn' : 'final', state: gone ? 'withdrawn' : state, run_id: runId },
    text: gone ? `${id} is out of the queue; it will not start.` : `${id} did not wait any more (${state}). Nothing was changed.${next}`,
  };
}

function sentence({ kind, runId, state }: CancelledRun): string {
  if (kind === 'final') return `${runId} had ended before (${state}). Nothing was changed.`;
  if (kind === 'ended') return `${runId} is cancelled. Nobody carried it any more, so its row was ended here.`;
  return `${runId} is asked to end; it takes up to 30 s.\n  → ./freshet show ${runId}   See how it ended`;
}
