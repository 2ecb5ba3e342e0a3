import { resolve } from 'node:path';
import { compareSides } from '../../src/compare/compare-sides';
import type { ColumnRule, Comparison } from '../../src/compare/comparison';
import type { ComparisonResult } from '../../src/compare/result';
import { parseSide } from '../../src/compare/side-name';
import { openDatabase, type Database } from '../../src/database/database';
import { testContext } from '../support/test-context';

export type Wish = Partial<Omit<Comparison, 'left' | 'right' | 'rules' | 'columns'>> & {
  readonly rules?: Readonly<Record<string, ColumnRule>>;
  readonly columns?: Readonly<Record<string, string>>;
  readonly zones?: { readonly left?: string; readonly right?: string };
};

/** A comparison with everything at its default but what the test wishes. */
export function comparing(left: string, right: string, { rules = {}, columns = {}, zones = {}, ...wish }: Wish = {}): Comparison {
  const side = (name: string, zone: string | undefined) => ({ name: parseSide(name), ...(zone === undefined ? {} : { zone }) });
  return {
    key: [],
    ignore: [],
    all: {},
    samples: 10,
    statistics: 'full',
    ...wish,
    left: side(left, zones.left),
    right: side(right, zones.right),
    columns: new Map(Object.entries(columns)),
    rules: new Map(Object.entries(rules)),
  };
}

/** Compares in a test's database; another PostgreSQL is the one at `other`. */
export function compared(db: Database, comparison: Comparison, other = ''): Promise<ComparisonResult> {
  const deps = { db, root: resolve(__dirname, '../fixtures'), open: () => openDatabase({ url: other, poolSize: 1 }) };
  return compareSides(deps, { comparison }, testContext());
}

/** How many there are of each class that there is. */
export function countsOf({ findings }: ComparisonResult): Record<string, number> {
  return Object.fromEntries(findings.filter(({ count }) => count > 0).map((finding) => [finding.class, finding.count]));
}
