import type { ColumnType } from './source';

/** Least type that holds the values of both (contracts §5): `bigint < numeric < text`, everything scalar `< text`, anything with `jsonb` is `jsonb`. */
export function joinTypes(a: ColumnType, b: ColumnType): ColumnType {
  if (a === b) return a;
  if (a === 'jsonb' || b === 'jsonb') return 'jsonb';
  const numbers = (type: ColumnType): boolean => type === 'bigint' || type === 'numeric';
  return numbers(a) && numbers(b) ? 'numeric' : 'text';
}

/** SQL that turns a value of one type into a wider one: the text is the one that the loader itself would have stored. */
export function castSql(expression: string, from: ColumnType, to: ColumnType): string {
  if (from === to) return expression;
  if (from === 'timestamptz') {
    const text = `to_char(${expression} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
    return to === 'jsonb' ? `to_jsonb(${text})` : text;
  }
  return to === 'jsonb' ? `to_jsonb(${expression})` : `${expression}::${to}`;
}
