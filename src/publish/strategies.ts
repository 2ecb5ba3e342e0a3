import type { StrategyName } from '../config/schema/publish';

/** Who wins where source and target changed differently; `ask`: a person decides, the target stays until then. */
export type Verdict = 'source' | 'target' | 'ask';

/** What a strategy may look at. Instants are ISO texts in UTC of equal length, so that they compare as text; `null`: nobody knows. */
export interface Difference {
  /** Of the record: its own instant, else when it was fetched. */
  readonly sourceAt: string | null;
  /** When a person last edited the row in the target. */
  readonly targetAt: string | null;
}

export interface Strategy {
  readonly meaning: string;
  decide(difference: Difference): Verdict;
  /** The same in SQL, over two timestamptz expressions: `'source'`, `'target'` or `'ask'`. */
  sql(sourceAt: string, targetAt: string): string;
}

export const STRATEGIES = {
  source_wins: {
    meaning: 'the source’s value is written over the person’s',
    decide: () => 'source',
    sql: () => `'source'`,
  },
  target_wins: {
    meaning: 'the person’s value stays',
    decide: () => 'target',
    sql: () => `'target'`,
  },
  newest_wins: {
    meaning: 'whoever changed last; the source where both are equally old, or nobody knows',
    decide: ({ sourceAt, targetAt }) => (sourceAt !== null && targetAt !== null && targetAt > sourceAt ? 'target' : 'source'),
    sql: (sourceAt, targetAt) => `case when ${targetAt} > ${sourceAt} then 'target' else 'source' end`,
  },
  manual: {
    meaning: 'the target stays, and the conflict waits for a person',
    decide: () => 'ask',
    sql: () => `'ask'`,
  },
} as const satisfies Readonly<Record<StrategyName, Strategy>>;

export type { StrategyName };
