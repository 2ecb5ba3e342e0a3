import type { Database } from '../../database/database';
import { FreshetError } from '../../domain/errors';
import { FileStore } from '../../landing/file-store';
import { RowReader } from '../../load/row';
import { count, counted } from '../../report/words';
import { entityLookup } from '../../run/entity-lookup';
import { sources } from '../../sources/index';
import { verifyDeep, type VerifyDeepResult } from '../../verify/deep/verify-deep';
import type { Violation } from '../../verify/deep/violation';
import type { RowWarnings } from '../../verify/deep/warnings';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openForReading } from '../open-database';
import { shown } from '../output';
import { commandContext, openProject, type Project } from '../project';

export interface VerifyFlags {
  readonly deep?: boolean;
  readonly pipeline?: string;
  readonly entity?: string;
}

/** `freshet verify --deep`: checks the invariants over tables, ledgers, watermarks and landing files. Exit code 4 when something is found. */
export async function verify(flags: VerifyFlags, context: CommandContext): Promise<CommandResult> {
  if (flags.deep !== true) throw needsDeep();
  const project = openProject(context.flags);
  const db = await openForReading(project);
  try {
    await requireKnown(db, flags);
    return verifyResult(await verifyInstallation(project, db, flags));
  } finally {
    await db.close();
  }
}

/** The deep check of a project's whole installation, or of what the filter lets through. */
export function verifyInstallation(
  project: Project,
  db: Database,
  filter: Pick<VerifyFlags, 'pipeline' | 'entity'> = {},
): Promise<VerifyDeepResult> {
  const landing = new FileStore(project.loaded.settings.landing.path);
  const readerOf = (...of: ConstructorParameters<typeof RowReader>): RowReader => new RowReader(...of);
  return verifyDeep({ db, landing, lookup: entityLookup(db, sources), readerOf }, filter, commandContext(project));
}

export function verifyResult(result: VerifyDeepResult): CommandResult {
  const { violations, checked, unchecked, warnings, deletedByHand } = result;
  const rows = checked.reduce((sum, check) => sum + check.rows, 0);
  const work = `${counted(checked.length, 'check')} over ${counted(rows, 'row, record or file', 'rows, records and files')}`;
  const head =
    violations.length === 0 ? `Nothing wrong: ${work}.` : `${counted(violations.length, 'violation')} in ${work}. Nothing was changed.`;
  const notes = [
    ...warnings.map(warningText),
    ...deletedByHand.map(deletedText),
    ...unchecked.map(({ entity, why }) => `${shown(entity)}: ${shown(why, 500)}`),
  ];
  return {
    exitCode: violations.length === 0 ? EXIT.good : EXIT.findings,
    data: { verified: violations.length === 0, violations, checks: checked.length, rows, unchecked, warnings, deletedByHand },
    text: [head, ...violations.map(violationText), ...notes].join('\n'),
  };
}

function violationText({ invariant, name, entity, where, message, remedy, sample }: Violation): string {
  const head = `[${count(invariant)}] ${name}${entity === '' ? '' : ` ${shown(entity)}`}: ${shown(message, 500)} (${shown(where)})`;
  const next = remedy === undefined ? [] : [`    → ${shown(remedy, 500)}`];
  return [head, ...sample.map((line) => `      ${shown(line, 500)}`), ...next].join('\n');
}

function warningText({ entity, field, parent, rows, since }: RowWarnings): string {
  return `warning ${shown(entity)}: ${counted(rows, 'row')} with a ${shown(field)} that no row of ${shown(parent)} has, since ${since}; they may still come`;
}

function deletedText({ entity, table, rows, sample }: VerifyDeepResult['deletedByHand'][number]): string {
  const records = sample.map((id) => shown(id)).join(', ');
  return `note ${shown(entity)}: somebody deleted ${counted(rows, 'published row')} of ${shown(table)} (of records ${records}${rows > sample.length ? ' …' : ''}); the source's next change of each decides, as conflict_strategy says`;
}

function needsDeep(): FreshetError {
  return new FreshetError('config_error', {
    code: 'verify-needs-deep',
    message: 'This version verifies only with --deep',
    why: 'The quick checks (ledger, counters, line items) are part of every run and done already.',
    remedy: 'Add --deep; it reads everything and changes nothing.',
    next: [{ kind: 'run-command', label: 'Check everything', command: './freshet verify --deep' }],
  });
}

/** A name that matches nothing would check nothing and call it good. */
async function requireKnown(db: Database, { pipeline, entity }: VerifyFlags): Promise<void> {
  const known = await db.query<{ pipeline: string; entity: string }>(`select pipeline, entity from freshet.pipeline_entity order by 1, 2`);
  const hit = known.some((row) => (pipeline ?? row.pipeline) === row.pipeline && (entity ?? row.entity) === row.entity);
  if (hit || (pipeline === undefined && entity === undefined)) return;
  throw new FreshetError('config_error', {
    code: pipeline !== undefined && !known.some((row) => row.pipeline === pipeline) ? 'pipeline-unknown' : 'entity-unknown',
    message: `No table belongs to ${[pipeline, entity].filter((name) => name !== undefined).join(' ')}`,
    remedy: `Use one of ${known.map((row) => `${row.pipeline} ${row.entity}`).join(', ') || '(nothing ran here yet)'}.`,
  });
}
