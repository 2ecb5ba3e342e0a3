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
