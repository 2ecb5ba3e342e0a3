import { closest } from '../../config/closest';
import { FreshetError } from '../../domain/errors';
import { count, counted, listed } from '../../report/words';
import type { RunFacts } from '../../report/run-facts';
import { undoRequest } from '../../run/undo-request';
import { sources } from '../../sources/index';
import { carryClaims } from '../carry-claims';
import { chosenWords } from '../chosen-words';
import type { CommandContext } from '../command-context';
import { readDeletes, type DeletesFacts } from '../deletes-facts';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openView } from '../live/watch';
import { ranPipelines } from '../history-facts';
import { openForWriting } from '../open-database';
import { openProject, type Project } from '../project';
import { limitOf } from '../row-limit';
import { resolveRunId } from '../run-reference';
import { actor } from '../run-wishes';
import { withRunningSandbox } from '../sandbox-settings';
import { textTable } from '../text-table';
import { requireWritable } from '../writable-folder';

export interface DeletesFlags {
  readonly pipeline?: readonly string[];
  readonly limit?: string;
}

export interface UndoFlags {
  readonly entity?: readonly string[];
  readonly dryRun?: boolean;
  readonly local?: boolean;
  readonly queue?: boolean;
}

const LISTED = 20;
const COLUMNS = [
  { title: 'run' },
  { title: 'pipeline' },
  { title: 'entity' },
  { title: 'when (UTC)' },
  { title: 'deleted', right: true },
  { title: 'still deleted', right: true },
];

/** `freshet deletes list`: what runs deleted, newest first, and how much of it still is. */
export async function deletesList({ pipeline, limit }: DeletesFlags, { flags }: CommandContext): Promise<CommandResult> {
  const project = openProject(flags);
  const { environment } = project.loaded.settings;
  const db = await openForWriting(project);
  try {
    const allowed = await ranPipelines(db);
    const pipelines = chosenWords({ flag: '--pipeline', given: pipeline, allowed });
    const deletes = await readDeletes(db, { environment, pipelines, limit: limitOf(limit, { otherwise: LISTED, most: 1_000 }) });
    return {
      exitCode: EXIT.good,
      data: { deletes },
      text: deletes.length === 0 ? 'No run has deleted a row.' : textTable(COLUMNS, deletes.map(row)),
    };
  } finally {
    await db.close();
  }
}

function row({ run_id: run, pipeline, entity, at, deleted, left }: DeletesFacts): string[] {
  return [run, pipeline, entity, at.slice(0, 16).replace('T', ' '), count(deleted), count(left)];
}

/** `freshet deletes undo <run>`: a run of its own that brings back what that run deleted. */
export async function deletesUndo(runId: string, flags: UndoFlags, context: CommandContext): Promise<CommandResult> {
  const watch = openView(context);
  const project = watch.logging(withRunningSandbox(openProject(context.flags)));
  const chosen = await chosenDeletes(project, runId, flags.entity);
  const [first] = chosen;
  if (first === undefined || flags.dryRun === true) return planned(chosen);
  requireWritable(project.loaded.settings.landing.path, 'landing.path');
  const { pipeline, file, run_id: deletedBy } = first;
  const wish = { pipeline: file ?? pipeline, runId: deletedBy, entities: chosen.map(({ entity }) => entity), actor: actor() };
  const carried = await carryClaims({ project, watch, flags }, [undoRequest(project.loaded, sources, wish)]);
  const [facts] = carried.facts;
  return facts === undefined ? carried : withOutcome(carried, chosen, facts);
}

async function chosenDeletes(project: Project, typed: string, given: readonly string[] | undefined): Promise<DeletesFacts[]> {
  const { environment } = project.loaded.settings;
  const db = await openForWriting(project);
  try {
    const runId = await resolveRunId(db, typed);
    const deletes = await readDeletes(db, { environment, pipelines: [], runId, limit: Number.MAX_SAFE_INTEGER });
    if (deletes.length === 0) throw none(`Run ${runId} has deleted nothing`, '`./freshet deletes list` shows the runs that have.');
    const names = deletes.map(({ entity }) => entity);
    const wanted = given === undefined ? names : given.flatMap((text) => text.split(',')).map((name) => name.trim());
    for (const name of wanted) {
      if (names.includes(name)) continue;
      const meant = closest(name, names);
      const hint = `${meant === undefined ? '' : `Did you mean ${meant}? `}It has deleted rows of ${listed(names)}.`;
      throw none(`Run ${runId} has deleted nothing of ${name}`, hint);
    }
    return deletes.filter(({ entity }) => wanted.includes(entity));
  } finally {
    await db.close();
  }
}

const AGAIN =
  'Where the source still lacks them, the next complete read deletes them again; what it has told of their deletion so far counts no more.';

function planned(chosen: readonly DeletesFacts[]): CommandResult {
  const lines = chosen.map(
    ({ entity, table, deleted, left }) =>
      `  ${entity}: ${counted(left, 'row')} of ${table}${deleted === left ? '' : `; ${leftAlone(deleted - left)}`}`,
  );
  const entities = chosen.map(({ entity, table, deleted, left }) => ({ entity, table, deleted, undone: left, left_alone: deleted - left }));
  return {
    exitCode: EXIT.good,
    data: { dry_run: true, run_id: chosen[0]?.run_id, entities },
    text: ['Would come back:', ...lines, AGAIN, '', 'Nothing was written.'].join('\n'),
  };
}

function leftAlone(n: number): string {
  return `${counted(n, 'row')} came back or ${n === 1 ? 'was' : 'were'} deleted again since, and ${n === 1 ? 'is' : 'are'} left alone`;
}

function withOutcome(carried: CommandResult, chosen: readonly DeletesFacts[], facts: RunFacts): CommandResult {
  const undone = chosen.map(({ entity, deleted }) => {
    const back = facts.entities.find((found) => found.entity === entity)?.ledger.undone ?? 0;
    return { entity, deleted, undone: back, left_alone: deleted - back };
  });
  const lines = undone.map(
    ({ entity, undone: back, left_alone: left }) =>
      `${entity}: ${counted(back, 'row')} came back${left === 0 ? '' : `; ${leftAlone(left)}`}`,
  );
  return {
    ...carried,
    data: { ...(carried.data as Record<string, unknown>), undo_of: chosen[0]?.run_id, undone, note: AGAIN },
    text: [carried.text ?? '', '', ...lines, AGAIN].join('\n'),
  };
}

function none(message: string, remedy: string): FreshetError {
  return new FreshetError('config_error', { code: 'deletes-none', message, remedy });
}
