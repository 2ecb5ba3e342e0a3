import { closest } from '../../config/closest';
import type { Database } from '../../database/database';
import { FreshetError, isFreshetError } from '../../domain/errors';
import { isFinalEntity } from '../../domain/run';
import { count, counted, listed } from '../../report/words';
import { readRunFacts, type DoubtsAccepted, type EntityFacts } from '../../report/run-facts';
import { acceptedWords } from '../../report/verdict';
import { writeReport } from '../../report/write-report';
import { chosenWords } from '../chosen-words';
import type { CommandContext } from '../command-context';
import { readDoubts, type DoubtFacts } from '../doubt-facts';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { ranPipelines } from '../history-facts';
import { openForWriting } from '../open-database';
import { shown } from '../output';
import { commandContext, openProject, type Project } from '../project';
import { resolveRunId } from '../run-reference';
import { actor } from '../run-wishes';

export interface DoubtFlags {
  readonly pipeline?: readonly string[];
  readonly all?: boolean;
}

export interface AcceptFlags {
  readonly because: string;
  readonly dryRun?: boolean;
}

/** `freshet doubt list`: what someone should look at, newest first. */
export async function doubtList({ pipeline, all = false }: DoubtFlags, { flags }: CommandContext): Promise<CommandResult> {
  const project = openProject(flags);
  const { environment } = project.loaded.settings;
  const db = await openForWriting(project);
  try {
    const allowed = await ranPipelines(db);
    const pipelines = chosenWords({ flag: '--pipeline', given: pipeline, allowed });
    const doubts = await readDoubts(db, { environment, pipelines, all });
    const none = all ? 'No read was ever doubted.' : 'No doubt is open.';
    return { exitCode: EXIT.good, data: { doubts }, text: doubts.length === 0 ? none : doubts.map(doubtText).join('\n\n') };
  } finally {
    await db.close();
  }
}

function doubtText({
  pipeline,
  entity,
  run_id: runId,
  at,
  state,
  doubts,
  deletes_owed: owed,
  accepted,
  settled_by: by,
}: DoubtFacts): string {
  const end = { open: `→ ./freshet doubt accept ${runId} ${entity} --because TEXT`, settled: `settled by ${by ?? '?'}`, accepted: '' };
  return [
    `${entity} of ${pipeline}, run ${runId}, ${at.slice(0, 16).replace('T', ' ')} UTC: ${state}`,
    ...doubts.map(({ message }) => `  ${shown(message, 500)}`),
    ...(owed ? ['  deletes of this read are still to come'] : []),
    `  ${accepted === null ? end[state] : shown(acceptedWords(accepted), 1_000)}`,
  ].join('\n');
}

/** `freshet doubt accept <run> <entity> --because TEXT`: remembered with who and when; the run itself is final and stays as it is. */
export async function doubtAccept(runId: string, entity: string, flags: AcceptFlags, context: CommandContext): Promise<CommandResult> {
  const because = flags.because.trim();
  if (because === '') throw wrong('doubt-because', '--because says nothing', 'Write in a few words why all is as it should be.');
  const project = openProject(context.flags);
  const db = await openForWriting(project);
  try {
    const { run, entities } = await readRunFacts(db, await resolveRunId(db, runId));
    const facts = doubted(run.id, entities, entity);
    const before = facts.doubts_accepted;
    const dryRun = flags.dryRun === true;
    const owed = await owesDeletes(db, facts);
    if (dryRun || before !== null) return result(run.id, facts, { accepted: before, dryRun, owed });
    const accepted = await accept(db, { runId: run.id, entity: facts.entity, because });
    await writeReportAnew(project, db, { runId: run.id, context });
    return result(run.id, facts, { accepted, dryRun, owed });
  } finally {
    await db.close();
  }
}

function doubted(runId: string, entities: readonly EntityFacts[], name: string): EntityFacts {
  const withDoubt = entities.filter(({ doubts }) => doubts.length > 0).map(({ entity }) => entity);
  const facts = entities.find(({ entity }) => entity === name);
  const meant = closest(name, withDoubt);
  const there = withDoubt.length === 0 ? 'No entity of this run was doubted.' : `Doubted in this run: ${listed(withDoubt)}.`;
  const hint = `${meant === undefined || meant === name ? '' : `Did you mean ${meant}? `}${there}`;
  if (facts === undefined) throw wrong('doubt-none', `Run ${runId} has no entity "${name}"`, hint);
  if (facts.doubts.length === 0) throw wrong('doubt-none', `There is no doubt about ${name} in run ${runId}`, hint);
  if (isFinalEntity(facts.state)) return facts;
  throw new FreshetError('config_error', {
    code: 'doubt-not-ended',
    message: `${name} of run ${runId} is ${facts.state}: more may be found`,
    remedy: `Accept it when it has ended: \`./freshet follow ${runId}\` waits for that.`,
  });
}

async function accept(
  db: Database,
  { runId, entity, because }: { readonly runId: string; readonly entity: string; readonly because: string },
): Promise<DoubtsAccepted> {
  await db.query(
    `insert into freshet.doubt_accepted (run_id, entity, actor, because, doubts)
     select run_id, entity, $3, $4, doubts from freshet.run_entity where run_id = $1 and entity = $2 on conflict do nothing`,
    [runId, entity, actor(), because],
  );
  const { entities } = await readRunFacts(db, runId);
  return entities.find((facts) => facts.entity === entity)!.doubts_accepted!;
}

/** The report tells of it, too; where its folder cannot be written here, `show` does. */
async function writeReportAnew(
  project: Project,
  db: Database,
  { runId, context }: { readonly runId: string; readonly context: CommandContext },
): Promise<void> {
  try {
    await writeReport({ db, folder: project.loaded.settings.reports.path }, { runId }, commandContext(project));
  } catch (error) {
    if (!isFreshetError(error)) throw error;
    context.out.note(`The report of ${runId} could not be written anew: ${error.message}`);
  }
}

async function owesDeletes(db: Database, { extraction_id: id }: EntityFacts): Promise<boolean> {
  const [row] = await db.query(`select from freshet.extraction where id = $1 and deletes_owed`, [id]);
  return row !== undefined;
}

interface Outcome {
  /** Deletions of the read are still to come. */
  readonly owed: boolean;
  readonly accepted: DoubtsAccepted | null;
  readonly dryRun: boolean;
}

function result(runId: string, facts: EntityFacts, { accepted, dryRun, owed }: Outcome): CommandResult {
  const { entity, doubts } = facts;
  const follows = followsFrom(facts, owed);
  const head = accepted === null ? `would be accepted` : acceptedWords(accepted);
  return {
    exitCode: EXIT.good,
    data: { dry_run: dryRun, run_id: runId, entity, doubts, accepted, follows },
    text: [
      `${entity} of ${runId}, ${counted(doubts.length, 'doubt')}: ${shown(head, 1_000)}`,
      ...doubts.map(({ message }) => `  ${shown(message, 500)}`),
      ...follows,
      ...(dryRun ? ['Nothing was written.'] : []),
    ].join('\n'),
  };
}

/** What the next runs do otherwise. */
function followsFrom({ doubts, read_kind: read, ledger }: EntityFacts, owed: boolean): string[] {
  const again = doubts.some(({ kind }) => kind === 'list-never-still' || kind === 'same-page-twice')
    ? 'A list that moves in every pass, or a page that comes twice, is doubted anew in the next read: that is a fact of one read.'
    : 'The same fact is not doubted again.';
  if (!owed) return [again];
  const told = ledger.vanished === 0 ? '' : ` (${count(ledger.vanished)} told)`;
  const deletes =
    read === 'complete'
      ? ['The next run reads everything, so that what this one kept from being deleted can go, within load.deletes.']
      : [`What the source told to be deleted in this read${told} goes with the next run, within load.deletes.`];
  return [again, ...deletes];
}

function wrong(code: string, message: string, remedy: string): FreshetError {
  return new FreshetError('config_error', { code, message, remedy });
}
