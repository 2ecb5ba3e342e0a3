import { count, counted } from '../domain/counted';
import type { DryEntity } from '../run/dry-entity';
import type { DryRun } from '../run/dry-run';
import { readWords } from '../report/words';
import { shown } from './output';
import type { LeftPipeline } from './run-wishes';
import { textTable } from './text-table';

const COLUMNS = [
  { title: 'entity' },
  { title: 'would' },
  ...['listed', 'known', 'insert', 'update', 'revive', 'unchanged', 'reject', 'delete', 'calls'].map((title) => ({
    title,
    right: true,
    spare: title === 'revive' || title === 'reject',
  })),
  { title: 'read' },
];

/** Decisions for people: one table a pipeline, then what the columns do not say. `≤`: only a run can know. */
export function dryText(runs: readonly DryRun[], left: readonly LeftPipeline[]): string {
  const blocks = runs.flatMap(({ pipeline, entities }) => [
    `${pipeline}: dry run, nothing was written`,
    textTable(COLUMNS, entities.map(row)),
    entities.flatMap(notes).join('\n'),
  ]);
  const calls = runs.reduce((sum, run) => sum + run.calls, 0);
  const lines = left.map(({ pipeline, reason, remedy }) => `${pipeline} would not be run: ${reason}\n  ${remedy}`);
  return [...blocks, ...lines, `The sources were asked ${counted(calls, 'time')}.`].filter((block) => block !== '').join('\n\n');
}

function row(entity: DryEntity): string[] {
  const { counts, details, deletes } = entity;
  const least = (of: number | undefined, most: number | undefined): string =>
    of !== undefined ? count(of) : most === undefined || most === 0 ? '0' : `≤ ${count(most)}`;
  const read = { read_kind: entity.read, full_reason: entity.reason === '' ? null : entity.reason, read_from: entity.from };
  return [
    entity.entity,
    WOULD[entity.decision],
    ...[entity.listed, entity.known].map(count),
    least(counts?.inserted, details?.new),
    least(counts?.updated, details?.changed),
    count(counts?.revived ?? 0),
    count(counts?.unchanged ?? 0),
    count(counts?.rejected ?? 0),
    deletes === null || deletes.rows === 0 ? '0' : `${deletes.asked > 0 ? '≤ ' : ''}${count(deletes.rows)}`,
    count(entity.calls),
    entity.read === null ? '' : readWords(read),
  ];
}

const WOULD = { read: 'be read', continue: 'go on', fresh: 'be skipped', skipped: 'be skipped', failed: 'fail' } as const;

function notes(entity: DryEntity): string[] {
  const { details, deletes, counts } = entity;
  const line = (text: string): string => `${entity.entity}: ${shown(text, 1_000)}`;
  const asked = details === null ? 0 : details.new + details.changed;
  return [
    ...(entity.read === null || entity.decision === 'continue' ? [line(entity.reason)] : []),
    ...(entity.error === null ? [] : [`  code ${entity.error.code}\n  do   ${shown(entity.error.remedy, 1_000)}`]),
    ...(asked === 0 ? [] : [line(`${counted(asked, 'detail')} would be fetched, each by a call of its own`)]),
    ...(counts === null || counts.stale + counts.skipped === 0
      ? []
      : [line(`${count(counts.stale)} older than what the table has, ${count(counts.skipped)} left alone`)]),
    ...(deletes === null || deletes.asked === 0
      ? []
      : [line(`${counted(deletes.asked, 'row')} would be asked for by calls of their own before they are deleted`)]),
    ...(deletes?.held === true ? [line('so many deletes would be held until --approve-deletes')] : []),
    ...entity.doubts.map(({ message }) => line(`doubt: ${message}`)),
    ...entity.table_changes.map((change) => line(change)),
  ];
}
