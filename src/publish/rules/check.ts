import type { PublishRule } from '../../config/schema/publish-rule';
import type { Cell } from '../mapping/mapping';
import type { RowPlan, Slot } from '../mapping/row-plan';

/** What a rule wants, in words, and whether a row is so. */
export interface Check {
  readonly expected: string;
  /** Asked where the target has a value: not of absent ones, nulls and empty texts. */
  readonly holds: (cell: string, cells: readonly Cell[]) => boolean;
  /** Nothing is what it is about: it is broken wherever there is no value. */
  readonly wantsValue?: true;
}

/** What a rule is made for: one target of a mapping. */
export interface Question {
  readonly plan: RowPlan;
  readonly slot: Slot;
  /** Its place below `publish`. */
  readonly path: string;
}

/** Rules that a row can break by itself; the others need other rows. */
export type RowRuleName = Exclude<PublishRule['rule'], 'unique' | 'foreign_key'>;
