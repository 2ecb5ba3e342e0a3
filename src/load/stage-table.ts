import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import { dropStageTable } from '../database/orphan-stages';
import { LINE_ROW_COLUMNS, LINES, ROW_COLUMNS, SEQ, type Column } from './columns';
import type { RowShape } from './row';
import { fieldSql, standardSql } from './table-sql';

const SCHEMA = 'freshet_stage';

/** The hidden pair that a batch is copied into before one short transaction makes it true. */
export interface StagePair {
  readonly header: string;
  readonly lines: string | null;
  readonly shape: RowShape;
}

export interface StageOwner {
  readonly extractionId: string;
  readonly n: number;
  readonly token: string;
}

/** `s_<8 hex of the extraction>_<n>_<token>` and `…_l`: the token keeps a zombie's pair apart from its successor's. */
export function stagePair({ extractionId, n, token }: StageOwner, shape: RowShape): StagePair {
  const name = `s_${extractionId.slice(0, 8)}_${n}_${token}`;
  return { header: name, lines: shape.lines === null ? null : `${name}_l`, shape };
}

export function stageName(name: string): string {
  return ident(SCHEMA, name);
}

/** `logged`: the pair may become the target itself; otherwise a crash of PostgreSQL empties it, and the merge notices. */
export function createStageSql(pair: StagePair, which: 'header' | 'lines', logged: boolean): string {
  const kind = logged ? 'create table' : 'create unlogged table';
  const columns =
    which === 'header'
      ? [...ROW_COLUMNS.map(standardSql), ...pair.shape.header.map(fieldSql), `${ident(SEQ)} bigint not null`, `${ident(LINES)} integer`]
      : [...LINE_ROW_COLUMNS.map(standardSql), ...(pair.shape.lines ?? []).map(fieldSql), `${ident(SEQ)} bigint not null`];
  return `${kind} ${stageName(which === 'header' ? pair.header : pair.lines!)} (${columns.join(', ')})`;
}

/** Rows of a table made in the same transaction need no later visit by vacuum: frozen. */
export function copySql(name: string): string {
  return `copy ${stageName(name)} from stdin (freeze)`;
}

/** Names of a stage's columns that carry a row: what COPY filled but for its own. */
export function rowColumnNames(own: readonly { readonly name: string }[], fields: readonly Column[]): string[] {
  return [...own, ...fields].map(({ name }) => name);
}

/** Drops pairs that attempts of this extraction with a lower token left behind; they ended before this one began. */
export async function sweepStages(db: Database, { extractionId, token }: StageOwner): Promise<void> {
  const left = await db.query<{ name: string }>(
    `select tablename::text as name from pg_catalog.pg_tables
      where schemaname = $1 and tablename ~ $2 and split_part(tablename::text, '_', 4)::numeric < $3::numeric`,
    [SCHEMA, `^s_${extractionId.slice(0, 8)}_\\d+_\\d+(_l)?$`, token],
  );
  // One that somebody reads is no obstacle to this attempt; the monitor drops it.
  for (const { name } of left) await dropStageTable(db, name);
}

/** After a failure: what can be dropped is dropped, the rest is swept by a later attempt. The failure itself is what counts. */
export async function dropStage(db: Database, pair: StagePair): Promise<void> {
  for (const name of [pair.header, ...(pair.lines === null ? [] : [pair.lines])]) {
    await dropStageTable(db, name).catch(() => undefined);
  }
}
