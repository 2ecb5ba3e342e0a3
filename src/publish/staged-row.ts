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

const placeOf = (name: string): number => STAGE_OWN.findIndex((column) => column.startsWith(`${name} `));
const [ID, GONE, VERDICT] = [placeOf('id'), placeOf('gone'), placeOf('verdict')];

/** One line of the stage, in COPY's text format without its end: freshet's own columns, then the fields. */
export function stageLine({ raw, cells, pinned }: StagedRow, seq: number, verdict: RowVerdict): string {
  const line = [
    String(seq),
    copyText(raw.id),
    raw.batch,
    raw.gone ? 't' : 'f',
    raw.instant ?? NULL,
    raw.fetched,
    cells.includes(undefined) ? places(cells.flatMap((cell, place) => (cell === undefined ? [place] : []))) : NULL,
    pinned === null ? NULL : places(pinned),
    verdict ?? NULL,
  ];
  // Cells of a record that is not published mean nothing.
  if (verdict !== null) for (const _ of cells) line.push(NULL);
  else for (const cell of cells) line.push(copyText(cell ?? null));
  // Joined, not added up: a text of many parts would keep each of them in memory.
  return line.join('\t');
}

function places(list: readonly number[]): string {
  return list.length === 0 ? NULL : `{${list.join(',')}}`;
}

/** The record's id in a line of the stage, as COPY writes it. */
export function idOfLine(line: string): string {
  return line.split('\t', ID + 1)[ID]!;
}

/** Whether the source deleted the record of a line. */
export function isGoneLine(line: string): boolean {
  return line.split('\t', GONE + 1)[GONE] === 't';
}

/** The line of a record that is not to be published after all. */
export function refusedLine(line: string): string {
  const columns = line.split('\t');
  return columns.map((column, place) => (place < VERDICT ? column : place === VERDICT ? 'rejected' : NULL)).join('\t');
}
