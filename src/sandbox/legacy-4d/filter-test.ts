import { scalarText } from '../json-text';
import type { JsonValue } from '../json-text';
import { accessor } from './access';
import type { Tables } from './access';
import type { StorageType } from './data-class';
import { dayOf } from './days';
import type { Comparator, Comparison, Filter } from './filter';
import { folded, wildcard } from './folding';
import type { Scalar } from './order';
import type { RecordTable } from './record-table';
import { unreadable } from './rest-error';

export type Test = (index: number) => boolean;

/** Makes a test out of a filter; every path and value is checked before a record is looked at. */
export function testOf(tables: Tables, table: RecordTable, filter: Filter): Test {
  if (filter.kind === 'comparison') return comparisonTest(tables, table, filter);
  const left = testOf(tables, table, filter.left);
  const right = testOf(tables, table, filter.right);
  if (filter.kind === 'AND') return (index) => left(index) && right(index);
  if (filter.kind === 'OR') return (index) => left(index) || right(index);
  return (index) => left(index) && !right(index);
}

const NUMERIC: ReadonlySet<StorageType> = new Set(['long', 'long64', 'number', 'word', 'duration']);

function comparisonTest(tables: Tables, table: RecordTable, comparison: Comparison): Test {
  const { type, read } = accessor(tables, table, comparison.path);
  const { comparator } = comparison;
  if (isNull(comparison)) {
    if (comparator !== '=' && comparator !== '!=') throw unreadable(`null can only be compared with = and !=`);
    return (index) => (read(index) === null) === (comparator === '=');
  }
  const holds = valueTest(type, comparison);
  return (index) => {
    const value = read(index);
    // Whether 4D's != finds null is not documented; here null is not equal to anything.
    return value === null ? comparator === '!=' : holds(value);
  };
}

function isNull({ wanted, bare }: Comparison): boolean {
  return wanted === null || (bare && wanted === 'null');
}

function valueTest(type: StorageType, { wanted, comparator, path }: Comparison): (value: JsonValue) => boolean {
  const found = scalarOf(type, wanted);
  if (found === undefined) throw unreadable(`"${String(wanted)}" is no value for "${path}"`);
  if (typeof found === 'string' && type !== 'date') {
    if (comparator === 'begin') return (value) => folded(scalarText(value)).startsWith(found);
    if (String(wanted).includes('@') && (comparator === '=' || comparator === '!=')) {
      const pattern = wildcard(String(wanted));
      return (value) => pattern.test(folded(scalarText(value))) === (comparator === '=');
    }
  }
  if (comparator === 'begin') throw unreadable(`"begin" is for texts, "${path}" is none`);
  return (value) => {
    const own = scalarOf(type, value);
    return own !== undefined && compared(own, found, comparator);
  };
}

function compared(a: Scalar, b: Scalar, comparator: Exclude<Comparator, 'begin'>): boolean {
  switch (comparator) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
  }
}

/** A value as it is compared and sorted: numbers, days as `2026-10-01`, texts folded, booleans as 0 and 1. Undefined when it is none of its type. */
export function scalarOf(type: StorageType, value: JsonValue): Scalar | undefined {
  const text = scalarText(value);
  if (NUMERIC.has(type)) return text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
  if (type === 'bool') return text === 'true' ? 1 : text === 'false' ? 0 : undefined;
  if (type === 'date') return dayOf(text);
  // A property of an object has no type of its own.
  if (type === 'object' && text.trim() !== '' && !Number.isNaN(Number(text))) return Number(text);
  return folded(text);
}
