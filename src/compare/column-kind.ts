/** How the values of a column are compared. `text` also stands for what PostgreSQL knows as something else (uuid, bytea, intervals, arrays). */
export const COLUMN_KINDS = ['text', 'number', 'boolean', 'date', 'instant', 'json'] as const;
export type ColumnKind = (typeof COLUMN_KINDS)[number];

/** PostgreSQL's numbers of its own types; every other one is `text`. Domains come as the type below them. */
const KIND_OF_TYPE = new Map<number, ColumnKind>([
  [16, 'boolean'],
  [20, 'number'],
  [21, 'number'],
  [23, 'number'],
  [26, 'number'],
  [700, 'number'],
  [701, 'number'],
  [1700, 'number'],
  [1082, 'date'],
  [1114, 'instant'],
  [1184, 'instant'],
  [114, 'json'],
  [3802, 'json'],
]);

/** The kind of a PostgreSQL type by its number. */
export function kindOfType(oid: number): ColumnKind {
  return KIND_OF_TYPE.get(oid) ?? 'text';
}

/** timestamp without time zone: its instants are those of the side's zone. */
export const TIMESTAMP = 1114;
/** Their texts are canonical as they are. */
export const INTEGERS: ReadonlySet<number> = new Set([20, 21, 23, 26]);
/** Their own texts are the shortest that mean them; a cast to numeric would round them. */
export const FLOATS: ReadonlySet<number> = new Set([700, 701]);

/** What two different kinds are compared as; text adapts to the other side (a CSV file knows nothing else). */
const TOGETHER: Readonly<Record<string, ColumnKind>> = { 'boolean number': 'boolean', 'date instant': 'instant' };

/** The kind that two columns are compared as; `null`: there is no way to compare them. */
export function commonKind(left: ColumnKind, right: ColumnKind): ColumnKind | null {
  if (left === right) return left;
  // Text is no JSON by itself: an unlucky value would end the whole comparison.
  if (left === 'text') return right === 'json' ? 'text' : right;
  if (right === 'text') return left === 'json' ? 'text' : left;
  return TOGETHER[[left, right].sort().join(' ')] ?? null;
}
