import { copyText, NULL } from '../database/copy-text';
import type { Cell, Finding } from './mapping/mapping';
import type { RawRow } from './raw-rows';

/** What stands against publishing a record, before PostgreSQL was asked. */
export type RowVerdict = 'rejected' | 'pending' | null;

/** A mapped record, on its way into a chunk's stage. */
export interface StagedRow {
  readonly raw: Omit<RawRow, 'cells' | 'hash'>;
  /** By place of the mapping's targets. */
  readonly cells: readonly Cell[];
  readonly findings: readonly Finding[];
  /** Places of fields that a person pinned, whose cell is the pinned value. */
  readonly pinned: readonly number[] | null;
  /** What its lookups look for is nowhere, and nothing is on its way that it could come with. */
  readonly orphan?: boolean;
}

/** Errors that heal by themselves when another table gets a row. */
const HEALING: ReadonlySet<string> = new Set(['lookup', 'foreign_key']);

export function verdictOf(row: StagedRow): RowVerdict {
  if (row.raw.gone || !row.findings.some(({ severity }) => severity === 'error')) return null;
  return heals(row) && row.orphan !== true ? 'pending' : 'rejected';
}

/** Whether the record may become good without changing. */
export function heals({ findings }: Pick<StagedRow, 'findings'>): boolean {
  return findings.every(({ severity, rule }) => severity !== 'error' || HEALING.has(rule));
}

/** Columns of the stage besides the fields. */
export const STAGE_OWN = [
  'seq integer not null',
  'id text not null',
  'batch bigint not null',
  'gone boolean not null',
  'instant timestamptz',
  'fetched timestamptz not null',
  'absent smallint[]',
  'pinned smallint[]',
  'verdict text',
] as const;

/** One line of the stage, in COPY's text format: freshet's own columns, then the fields. */
export function stageLine(row: StagedRow, seq: number): string {
  const { raw, cells, pinned } = row;
  // Cells of a record that is not published mean nothing.
  const refused = verdictOf(row) !== null;
  const own = [
    String(seq),
    copyText(raw.id),
    raw.batch,
    raw.gone ? 't' : 'f',
    raw.instant ?? NULL,
    raw.fetched,
    places(cells.flatMap((cell, place) => (cell === undefined ? [place] : []))),
    places(pinned ?? []),
    verdictOf(row) ?? NULL,
  ];
  let line = own.join('\t');
  for (const cell of cells) line += `\t${cell === null || cell === undefined || refused ? NULL : copyText(cell)}`;
  return `${line}\n`;
}

function places(list: readonly number[]): string {
  return list.length === 0 ? NULL : `{${list.join(',')}}`;
}
