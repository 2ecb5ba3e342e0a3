import type { ColumnType } from '../sources/source';
import type { Cell } from './merge-field';

/** A column of the raw table. */
export interface RawColumn {
  readonly field: string;
  readonly name: string;
  readonly type: ColumnType;
}

export interface TargetColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** A value of another table, found by key. */
export interface Lookup {
  readonly schema: string;
  readonly table: string;
  readonly key: string;
  readonly value: string;
  /** `null`: nothing is looked up for this record. */
  keyOf(source: readonly Cell[]): string | null;
}

/** A column that names a row of another published table. */
export interface Reference {
  readonly target: string;
  readonly entity: string;
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** The file's own sentence. */
  readonly message?: string | null;
  /** `warning`: the row is stored all the same, without a constraint. */
  readonly severity?: 'error' | 'warning';
}

/** A column besides the unique field in which no two rows may be equal. */
export interface UniqueRule {
  readonly field: string;
  readonly message: string | null;
  readonly severity?: 'error' | 'warning';
}

export interface Finding {
  readonly rule: string;
  readonly field: string | null;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly value?: string;
}

/** What the engine needs of a compiled mapping: pure, no I/O, called once a row. */
export interface Mapping {
  /** Names of raw columns, in the order in which `map` gets them. */
  readonly sourceColumns: readonly string[];
  /** In the order of the cells; the unique field is one of them. */
  readonly targets: readonly TargetColumn[];
  readonly uniqueField: string;
  readonly lookups: readonly Lookup[];
  readonly references: readonly Reference[];
  readonly unique?: readonly UniqueRule[];
  /** `looked`: what each lookup found; `undefined`: its key is not there. */
  map(source: readonly Cell[], looked?: readonly Cell[]): { readonly cells: readonly Cell[]; readonly findings: readonly Finding[] };
}
