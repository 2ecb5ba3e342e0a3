import type { ColumnKind } from './column-kind';
import type { SideName } from './side-name';

/** What two values of a column may differ in and still count as equal. Numbers are decimal text: no double ever stands between. */
export interface ColumnRule {
  /** Compared as this, whatever the sides say. */
  readonly as?: ColumnKind;
  /** Numbers may differ by so much. */
  readonly absolute?: string;
  /** Numbers may differ by this share of the greater one: `0.005` is half a percent. */
  readonly relative?: string;
  /** Instants may lie so far apart; ms. */
  readonly within?: number;
  readonly trim?: boolean;
  readonly ignoreCase?: boolean;
  /** Runs of blanks count as one. */
  readonly collapse?: boolean;
  readonly emptyIsNull?: boolean;
}

export interface ComparedSide {
  readonly name: SideName;
  /** Of times that are written without one; default UTC. */
  readonly zone?: string;
  /** Of a CSV file; default: the one that its first line has. */
  readonly delimiter?: string;
}

/** Two sides, and what makes them equal. Column names are those of the left side, except where said otherwise. */
export interface Comparison {
  readonly left: ComparedSide;
  readonly right: ComparedSide;
  /** Empty: the primary key of a table, else `id`. */
  readonly key: readonly string[];
  /** Left name → right name; columns that are not in it go by equal names. */
  readonly columns: ReadonlyMap<string, string>;
  readonly ignore: readonly string[];
  /** For every column that has no rule of its own for it. */
  readonly all: Omit<ColumnRule, 'as'>;
  readonly rules: ReadonlyMap<string, ColumnRule>;
  /** Examples of each class at most. */
  readonly samples: number;
  /** `counts`: without the number of distinct values, which costs a pass over each column. */
  readonly statistics: 'full' | 'counts';
}

export type SideOf = 'left' | 'right';

/** What can be wrong with a row; `missing_left`: it is on the right alone. */
export const DIFFERENCE_CLASSES = [
  'missing_left',
  'missing_right',
  'differs',
  'duplicate_left',
  'duplicate_right',
  'null_key_left',
  'null_key_right',
] as const;
export type DifferenceClass = (typeof DIFFERENCE_CLASSES)[number];
