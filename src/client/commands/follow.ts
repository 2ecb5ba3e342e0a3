import type { Database } from '../../database/database';
import { isFinalRun } from '../../domain/run';
import { readRunFacts } from '../../report/run-facts';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { followRun } from '../follow-run';
import { onInterrupt } from '../interrupt';
import { openView } from '../live/watch';
import { openForReading } from '../open-database';
import { openProject } from '../project';
import { resolveRunId } from '../run-reference';
import { leftRunning, runResult } from '../run-view';

/**
 * `freshet follow <run>`: watches a run to its end, with the view, result and exit code of `run`. Ctrl-C ends the watching, not the run.
 * A pipeline's name stands for its run that goes on. Errors: `config_error` codes `run-unknown`, `run-ambiguous`.
 */
export async function follow(asked: string, context: CommandContext): Promise<CommandResult> {
  const watch = openView(context);
  const db = await openForReading(watch.logging(openProject(context.flags)));
  const interrupt = onInterrupt();
  try {
    const runId = await runOf(db, asked.trim());
    await followRun(db, { runId, show: (run) => watch.view.show(run), signal: interrupt.signal });
    watch.view.close();
    const facts = await readRunFacts(db, runId);
    const received = interrupt.received();
    return received !== null && !isFinalRun(facts.run.state) ? leftRunning(runId, received) : runResult(facts, watch.told);
  } finally {
    interrupt.release();
    await db.close();
  }
}

const ACTIVE = `
  select id from freshet.run where pipeline = $1 and parent_run_id is null and state in ('starting', 'running', 'paused')
   order by created_at desc limit 1`;

/** The active run of the pipeline of that name, else the run of that id or piece of an id. */
async function runOf(db: Database, asked: string): Promise<string> {
  const [active] = await db.query<{ id: string }>(ACTIVE, [asked]);
  return active?.id ?? (await resolveRunId(db, asked));
}
