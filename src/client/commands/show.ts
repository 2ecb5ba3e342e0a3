import { readRunFacts } from '../../report/run-facts';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openForReading } from '../open-database';
import { openProject } from '../project';
import { resolveRunId } from '../run-reference';
import { runJson, runText } from '../run-view';

/** `freshet show <run>`: everything about one run. Exit code 0 whatever became of the run: showing it worked. */
export async function show(runId: string, { flags }: CommandContext): Promise<CommandResult> {
  const db = await openForReading(openProject(flags));
  try {
    const facts = await readRunFacts(db, await resolveRunId(db, runId));
    return { exitCode: EXIT.good, data: runJson(facts), text: runText(facts) };
  } finally {
    await db.close();
  }
}
