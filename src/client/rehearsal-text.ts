import { count, counted } from '../domain/counted';
import type { NextAction } from '../domain/errors';
import type { ColumnDifference } from '../publish/rehearsal/differences';
import type { RehearsedEntity } from '../publish/rehearsal/rehearse';
import type { Rehearsal } from '../run/rehearsal';
import { shortDigest, type Told } from '../run/rehearsal-errors';
import type { PublishedCounts } from './commands/rehearse';
import type { CommandResult } from './envelope';
import { nextLine } from './error-lines';
import { EXIT } from './exit-code';
import { shown } from './output';
import { textTable } from './text-table';

const COLUMNS = [
  { title: 'column' },
  { title: 'type' },
  { title: 'rows that differ', right: true },
  { title: 'filled', right: true, spare: true },
  { title: 'cleared', right: true, spare: true },
];
const CELLS = [{ title: 'column' }, { title: 'row' }, { title: 'is' }, { title: 'would be' }];
const REFUSED = [{ title: 'rule' }, { title: 'field' }, { title: 'records', right: true }];
const CONTESTED = [
  { title: 'row' },
  { title: 'field' },
  { title: 'we wrote' },
  { title: 'source' },
  { title: 'target' },
  { title: 'decided' },
];

/** For a terminal: every entity with its counts, columns and examples, then how to accept it. */
export function rehearsalText(rehearsal: Rehearsal, named: string): string {
  const { pipeline, digest, since, entities, not_landed: missing } = rehearsal;
  const narrowed = since === null ? '' : `, records fetched in the last ${since}`;
  const held = entities.some((entity) => entity.held);
  return [
    `${shown(pipeline)}: rehearsed with what is landed${narrowed}. Nothing was written. Digest ${shortDigest(digest)}.`,
    ...entities.map(entityText),
    ...(missing.length === 0 ? [] : [`Nothing is landed yet of ${missing.join(', ')}.`]),
    ...(since === null ? [] : ['Accepted, exactly these records are published; the next run looks at all others, too.']),
    held
      ? 'It cannot be accepted: more records would be refused than reject_budget allows.'
      : nextLine({
          kind: 'run-command',
          label: 'Accept exactly this',
          command: `./freshet rehearse ${shown(named)} --apply ${shortDigest(digest)}`,
        }),
  ].join('\n\n');
}

function entityText(entity: RehearsedEntity): string {
  const changed = entity.columns.filter(({ rows }) => rows > 0);
  const fresh = entity.columns.filter((column) => entity.exists && isNewOrWider(column));
  const listed = [...new Set([...fresh, ...changed])];
  return [
    [headText(entity), countsText(entity), ...sentences(entity)].join('\n'),
    listed.length === 0 ? '' : textTable(COLUMNS, listed.map(columnCells), '  '),
    changed.length === 0 ? '' : textTable(CELLS, changed.flatMap(sampleCells), '  '),
    createdText(entity),
    refusedText(entity),
    contestedText(entity),
  ]
    .filter((block) => block !== '')
    .join('\n\n');
}

function headText({ entity, table, exists, full_reason: why }: RehearsedEntity): string {
  const what = exists ? (why === null ? 'only what changed since the last publish' : `every record: ${why}`) : 'a new table';
  return `${shown(entity)} → ${shown(table)} (${what})`;
}

function countsText({ counts, removed, held }: RehearsedEntity): string {
  const some = (['created', 'updated', 'restored', 'deleted', 'unchanged', 'skipped', 'conflict', 'pending', 'rejected'] as const).flatMap(
    (name) => (counts[name] === 0 ? [] : [`${count(counts[name])} ${name}`]),
  );
  const looked = counted(counts.changed + counts.retried, 'record');
  const gone =
    removed.rows === 0
      ? ''
      : `; ${counted(removed.rows, 'row')} would leave the table: ${removed.keys.map((key) => shown(key, 40)).join(', ')}`;
  return `  ${looked}${some.length === 0 ? '' : `: ${some.join(', ')}`}${gone}${held ? '; held: over reject_budget' : ''}`;
}

function sentences({ unmapped, triggers }: RehearsedEntity): string[] {
  return [
    ...(unmapped.length === 0 ? [] : [`  no longer filled, they keep their values: ${unmapped.map((name) => shown(name)).join(', ')}`]),
    ...(triggers.length === 0 ? [] : [`  triggers that did not act in the rehearsal: ${triggers.map((name) => shown(name)).join(', ')}`]),
  ];
}

const isNewOrWider = ({ type, type_was: was }: ColumnDifference): boolean => type !== was;

function columnCells(column: ColumnDifference): string[] {
  const { type, type_was: was } = column;
  const told = was === null ? `${type}, new` : was === type ? type : `${was} becomes ${type}`;
  return [column.column, told, count(column.rows), count(column.filled), count(column.cleared)];
}

const cell = (value: string | null): string => (value === null ? 'NULL' : `"${shown(value, 40)}"`);

function sampleCells({ column, samples }: ColumnDifference): string[][] {
  return samples.map((sample, n) => [n === 0 ? column : '', shown(sample.key ?? '', 30), cell(sample.old), cell(sample.new)]);
}

function createdText({ created }: RehearsedEntity): string {
  const rows = created.samples.map(({ values }) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${cell(value)}`)
      .join(', '),
  );
  return rows.length === 0 ? '' : ['  new rows, such as', ...rows.slice(0, 3).map((row) => `    ${shown(row, 300)}`)].join('\n');
}

function refusedText({ counts, refused }: RehearsedEntity): string {
  if (counts.rejected + refused.healed === 0) return '';
  const head = `  refused: ${counted(counts.rejected, 'record')}, ${count(refused.anew)} of them new; ${counted(refused.healed, 'open reject')} would be closed`;
  const rules = refused.rules.map(({ rule, field, records }) => [rule, field ?? '', count(records)]);
  const samples = refused.samples.map(({ record, reasons }) => `    ${shown(record, 40)}: ${shown(reasons.join('; '), 300)}`);
  return [head, ...(rules.length === 0 ? [] : [textTable(REFUSED, rules, '    ')]), ...samples].join('\n');
}

function contestedText({ contested }: RehearsedEntity): string {
  const { open, decided, samples } = contested;
  if (open + decided === 0) return '';
  const rows = samples.map((each) => [
    shown(each.key ?? each.record, 30),
    each.field === '' ? 'the row' : each.field,
    ...[each.base, each.source, each.target].map(cell),
    each.decision ?? 'waits',
  ]);
  const head = `  changed on both sides: ${counted(open, 'field')} would wait for a decision, a strategy would decide ${count(decided)}`;
  return [head, textTable(CONTESTED, rows, '    ')].join('\n');
}

const ACCEPTED = [
  { title: 'entity' },
  { title: 'table' },
  ...['created', 'updated', 'deleted', 'unchanged', 'rejected'].map((title) => ({ title, right: true })),
];

export interface Accepted {
  readonly pipeline: string;
  readonly digest: string;
  readonly since: string | null;
  readonly runId: string;
  readonly counts: readonly PublishedCounts[];
}

export function acceptedText({ pipeline, digest, since, runId, counts }: Accepted): string {
  const rows = counts.map((each) => [
    each.entity,
    each.table,
    ...[each.created, each.updated, each.deleted, each.unchanged, each.rejected].map(count),
  ]);
  return [
    `${shown(pipeline)}: published as it was rehearsed (${shortDigest(digest)}), by ${runId}.`,
    textTable(ACCEPTED, rows),
    ...(since === null ? [] : ['The next run looks at every other record by this mapping, too.']),
    nextLine({ kind: 'run-command', label: 'The run', command: `./freshet show ${runId}` }),
  ].join('\n\n');
}

/** Not an error: somebody else writes these tables now, and what was rehearsed may not be true afterwards. */
export function laneTaken({ pipeline, named }: Told, activeRunId: string): CommandResult {
  const next: NextAction[] = [
    { kind: 'run-command', label: 'Watch it', command: `./freshet follow ${activeRunId}` },
    { kind: 'run-command', label: 'Stop it, or end it where its process is gone', command: `./freshet cancel ${activeRunId}` },
    { kind: 'run-command', label: 'Rehearse again when it has ended', command: `./freshet rehearse ${named}` },
  ];
  const message = `${pipeline} is running: ${activeRunId}. Nothing was accepted, and nothing was written.`;
  return {
    exitCode: EXIT.findings,
    data: { pipeline, outcome: 'already_running', active_run_id: activeRunId, message, next },
    text: [message, ...next.map(nextLine)].join('\n'),
  };
}
