/** A row as both ways of comparing get it: a key, a text, a number's text, minutes since a day; `null` is NULL. */
export interface NaiveRow {
  readonly key: string | null;
  readonly text: string | null;
  readonly number: string | null;
  readonly minute: number | null;
}

export interface NaiveRule {
  /** In hundredths. */
  readonly cents: number;
  readonly minutes: number;
  readonly fold: boolean;
}

/** How many there are of each class, and of pairs, told by looking at every pair of rows. */
export function naively(left: readonly NaiveRow[], right: readonly NaiveRow[], rule: NaiveRule): Record<string, number> {
  const times = (rows: readonly NaiveRow[], key: string | null): number => rows.filter((row) => row.key === key).length;
  const twice = (rows: readonly NaiveRow[]): string[] =>
    [...new Set(rows.map(({ key }) => key))].filter((key): key is string => key !== null && times(rows, key) > 1);
  const excluded = new Set([...twice(left), ...twice(right)]);
  const once = (rows: readonly NaiveRow[]): NaiveRow[] => rows.filter(({ key }) => key !== null && !excluded.has(key));
  const pairs = once(left).flatMap((l) =>
    once(right)
      .filter((r) => r.key === l.key)
      .map((r) => [l, r] as const),
  );
  const counts = {
    missing_left: once(right).filter(({ key }) => times(left, key) === 0).length,
    missing_right: once(left).filter(({ key }) => times(right, key) === 0).length,
    differs: pairs.filter(([l, r]) => !sameRow(l, r, rule)).length,
    duplicate_left: twice(left).length,
    duplicate_right: twice(right).length,
    null_key_left: times(left, null),
    null_key_right: times(right, null),
  };
  return { pairs: pairs.length, ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)) };
}

function sameRow(l: NaiveRow, r: NaiveRow, { cents, minutes, fold }: NaiveRule): boolean {
  const folded = (text: string | null): string | null => (fold && text !== null ? text.trim().toLowerCase() : text);
  const near = (a: number | null, b: number | null, limit: number): boolean =>
    a === null || b === null ? a === b : Math.abs(a - b) <= limit;
  const hundredths = (text: string | null): number | null => (text === null ? null : Math.round(Number(text) * 100));
  return folded(l.text) === folded(r.text) && near(hundredths(l.number), hundredths(r.number), cents) && near(l.minute, r.minute, minutes);
}
