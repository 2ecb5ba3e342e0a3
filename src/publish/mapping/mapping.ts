import type { ColumnType } from '../../sources/source';

/**
 * A value as PostgreSQL writes and reads it (`COPY`, `TimeZone=UTC`, `DateStyle=ISO`): booleans `t` and `f`, numbers with all their digits.
 * `null`: the source says that there is none. `undefined`: the source has no such key; the target keeps what it has.
 */
export type Cell = string | null | undefined;

/** A column of a raw table, with the field of the source that it carries. */
export interface RawColumn {
  readonly field: string;
  readonly name: string;
  readonly type: ColumnType;
}

/** A column of a typed table. */
export interface Target {
  readonly name: string;
  readonly type: ColumnType;
}

/** A value of another table, found by a key. */
export interface Lookup {
  /** Of the same pipeline; `null`: a table of somebody else. */
  readonly entity: string | null;
  /** The target that it fills. */
  readonly into: string;
  readonly schema: string;
  readonly table: string;
  /** Columns of that table. */
  readonly key: string;
  readonly value: string;
  /** What is looked for; `null`: nothing is. */
  keyOf(source: readonly Cell[]): string | null;
}

/** A column whose values are those of a column of another typed table. */
export interface Reference {
  readonly target: string;
  /** Of the same pipeline. */
  readonly entity: string;
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly severity: Severity;
  /** The file's own sentence; `null`: there is none. */
  readonly message: string | null;
}

/** A column whose values are all different. */
export interface Unique {
  readonly field: string;
  readonly severity: Severity;
  readonly message: string | null;
}

export type Severity = 'error' | 'warning';

/** Something wrong with a record. An error makes it a reject; a warning is kept beside the row. */
export interface Finding {
  readonly rule: string;
  /** The target, or the source's field where the trouble is there. */
  readonly field: string | null;
  readonly severity: Severity;
  readonly message: string;
  /** What was found, cut. */
  readonly value?: string;
}

/** One row. Where an error was found, the cells mean nothing. */
export interface Mapped {
  /** In the order of the targets. */
  readonly cells: readonly Cell[];
  /** Every one, in the order of the file; one shared empty list where there are none. */
  readonly findings: readonly Finding[];
}

/** Turns raw rows into rows of a typed table; pure, one row at a time. */
export interface Mapping {
  /** Names of the raw columns to read, in the order in which `map` wants their values. */
  readonly sourceColumns: readonly string[];
  readonly targets: readonly Target[];
  readonly uniqueField: string;
  /** IANA zone of the source. */
  readonly zone: string;
  readonly lookups: readonly Lookup[];
  readonly references: readonly Reference[];
  readonly unique: readonly Unique[];
  /** `looked`: what each lookup found, in their order; `undefined`: that table has no such key (yet). */
  map(source: readonly Cell[], looked?: readonly Cell[]): Mapped;
}
