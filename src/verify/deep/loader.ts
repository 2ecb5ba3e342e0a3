import type { ColumnType, EntityDefinition } from '../../sources/source';

/** A column that carries a field of the source, as `freshet.raw_column` keeps it. */
export interface HeldColumn {
  readonly field: string;
  readonly name: string;
  readonly type: ColumnType;
  readonly ordinal: number;
}

/** The columns of an entity's two tables; `lines: null` where it has no line items. */
export interface HeldColumns {
  readonly header: readonly HeldColumn[];
  readonly lines: readonly HeldColumn[] | null;
}

/**
 * What the loader makes of a record's bytes: cells of COPY text, hashes among them (see `HASH_CELLS`). Handed in from above, because
 * stages do not know each other; load's `RowReader` is one.
 */
export interface RecordReader {
  read(bytes: Uint8Array, fetchedAt: string): ReadRecord | { readonly kind: 'reject' };
}

export interface ReadRecord {
  readonly kind: 'row';
  readonly header: readonly string[];
  readonly lines: readonly (readonly string[])[] | null;
}

export type ReaderOf = (columns: HeldColumns, definition: EntityDefinition, zone: string) => RecordReader;

/** Where the hashes stand among a row's cells; a test holds this against the loader's own columns. */
export const HASH_CELLS = { sourceHash: 5, rowHash: 6, lineHash: 2 } as const;
