import {
  acceptDifferences,
  readAccepted,
  withAccepted,
  withdrawAcceptances,
  type AcceptedDifference,
  type DifferenceFilter,
} from '../../compare/accepted';
import type { AcceptedOf } from '../../compare/accepted-sql';
import { compareSides } from '../../compare/compare-sides';
import { comparisonOf } from '../../compare/named-comparison';
import { lastOutcomes, recordOutcome } from '../../compare/outcomes';
import type { ComparisonResult } from '../../compare/result';
import { listComparisons, loadComparison } from '../../config/comparison';
import { scheduleMeant } from '../../config/schema/schedule';
import type { Database } from '../../database/database';
import { counted } from '../../domain/counted';
import { isFreshetError, FreshetError } from '../../domain/errors';
import { scheduleText } from '../../domain/schedule';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openForWriting } from '../open-database';
import { commandContext, openProject, type Project } from '../project';
import { actor } from '../run-wishes';
import { textTable } from '../text-table';
import { untilDay } from '../until-day';
import { compareDeps } from './compare';

export interface AcceptFlags {
  readonly key?: string;
  readonly field?: string;
  readonly because?: string;
  readonly until?: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

interface Opened {
  readonly project: Project;
  readonly db: Database;
  readonly of: AcceptedOf;
}

async function withComparison<T>(name: string, { flags }: CommandContext, body: (opened: Opened) => Promise<T>): Promise<T> {
  const project = openProject(flags);
  loadComparison(name, project.loaded.root);
  const db = await openForWriting(project);
  try {
    return await body({ project, db, of: { environment: project.loaded.settings.environment, name, now: commandContext(project).now() } });
  } finally {
    await db.close();
  }
}

const filterOf = ({ key, field }: AcceptFlags): DifferenceFilter => ({ key: key ?? null, field: field ?? null });

function overAlready(day: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'wrong-use',
    message: `Acceptances until ${day} would be over already`,
    remedy: 'Give a day that is still to come, or none: then they stand until a difference changes. Nothing was written.',
    where: '--until',
  });
}

/** `freshet compare accept <name>`: compares, and remembers what differs now as known. A difference that changes is new again. */
export async function compareAccept(name: string, flags: AcceptFlags, context: CommandContext): Promise<CommandResult> {
  const until = untilDay(flags.until, 'the differences are new again');
  return withComparison(name, context, async ({ project, db, of }) => {
    if (until !== null && until <= of.now) throw overAlready(flags.until ?? '');
    const dryRun = flags.dryRun === true;
    const acceptance = { of, actor: actor(), because: flags.because ?? null, until, dryRun, ...filterOf(flags) };
    let accepted = 0;
    let left: ComparisonResult | null = null;
    const comparison = comparisonOf(loadComparison(name, project.loaded.root));
    const ctx = commandContext(project);
    await compareSides(compareDeps(project, db), { comparison }, ctx, async (tx, result) => {
      accepted = await acceptDifferences(tx, { ...acceptance, columns: result.columns.map((column) => column.left) });
      left = await withAccepted(tx, of, result);
    });
    // The alarm of what is known now ends at once.
    if (!dryRun && left !== null) await recordOutcome(db, { ...of, actor: actor(), startedAt: of.now, endedAt: ctx.now(), result: left });
    const done = `${counted(accepted, 'difference')} of ${name} ${dryRun ? 'would be accepted' : 'accepted'}`;
    const text = accepted === 0 ? `${name} finds no difference: nothing to accept.` : `${done}${dryRun ? '. Nothing was written.' : '.'}`;
    return { exitCode: EXIT.good, data: { comparison: name, accepted, dry_run: dryRun }, text };
  });
}

/** `freshet compare unaccept <name>`: takes acceptances back. */
export async function compareUnaccept(name: string, flags: AcceptFlags, context: CommandContext): Promise<CommandResult> {
  if (flags.all !== true && flags.key === undefined && flags.field === undefined) throw notChosen(name);
  return withComparison(name, context, async ({ db, of }) => {
    const dryRun = flags.dryRun === true;
    const withdrawn = await withdrawAcceptances(db, { of, actor: actor(), dryRun, ...filterOf(flags) });
    const text = `${counted(withdrawn, 'acceptance')} of ${name} ${dryRun ? 'would be taken back. Nothing was written.' : 'taken back.'}`;
    return { exitCode: EXIT.good, data: { comparison: name, withdrawn, dry_run: dryRun }, text };
  });
}

/** `freshet compare list [name]`: the comparisons that there are and what became of them, or what was accepted of one. */
export async function compareList(name: string | undefined, context: CommandContext): Promise<CommandResult> {
  return name === undefined ? listAll(context) : listAccepted(name, context);
}

const MOST = 1_000;

function listAccepted(name: string, context: CommandContext): Promise<CommandResult> {
  return withComparison(name, context, async ({ db, of }) => {
    const accepted = await readAccepted(db, of, MOST);
    const titles = ['key', 'column', 'left', 'right', 'by', 'at (UTC)', 'until', 'because'].map((title) => ({ title }));
    const text = accepted.length === 0 ? `Nothing of ${name} was accepted.` : textTable(titles, accepted.map(acceptedCells));
    return { exitCode: EXIT.good, data: { comparison: name, accepted }, text };
  });
}

function acceptedCells(each: AcceptedDifference): string[] {
  const value = (text: string | null): string => (each.column === null ? '' : text === null ? 'null' : `"${text}"`);
  const until = each.until === null ? '' : `${each.until.slice(0, 16)}${each.expired ? ' (over)' : ''}`;
  const what = each.column ?? each.class.replaceAll('_', ' ');
  return [each.key, what, value(each.left), value(each.right), each.accepted_by, each.accepted_at.slice(0, 16), until, each.because ?? ''];
}

async function listAll({ flags }: CommandContext): Promise<CommandResult> {
  const project = openProject(flags);
  const names = listComparisons(project.loaded.root);
  const db = await openForWriting(project);
  try {
    const last = new Map((await lastOutcomes(db, project.loaded.settings.environment)).map((outcome) => [outcome.name, outcome]));
    const comparisons = names.map((name) => ({ name, ...fileFacts(name, project.loaded.root), last: last.get(name) ?? null }));
    const rows = comparisons.map(({ name, schedule, mistake, last: made }) => [
      name,
      mistake ?? schedule ?? 'by hand',
      made === null ? 'never' : made.at.slice(0, 16),
      made === null ? '' : made.outcome === 'different' ? `different: ${counted(made.new, 'new difference')}` : made.outcome,
    ]);
    const titles = ['comparison', 'when', 'last (UTC)', 'outcome'].map((title) => ({ title }));
    const text = rows.length === 0 ? 'There is no comparison in config/comparisons (docs/compare.md).' : textTable(titles, rows);
    return { exitCode: EXIT.good, data: { comparisons }, text };
  } finally {
    await db.close();
  }
}

function fileFacts(name: string, root: string): { schedule: string | null; mistake: string | null } {
  try {
    const schedule = scheduleMeant(loadComparison(name, root).schedule);
    return { schedule: schedule === null ? null : scheduleText(schedule), mistake: null };
  } catch (error) {
    if (!isFreshetError(error)) throw error;
    return { schedule: null, mistake: error.message.split('\n').slice(0, 2).join(' ') };
  }
}

function notChosen(name: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'wrong-use',
    message: `Which acceptances of ${name} are to be taken back?`,
    remedy: 'Name a key (--key) or a column (--field), or all of them (--all).',
  });
}
