import { closest } from '../../config/closest';
import { parseLegacyDay } from '../../domain/instant';
import type { ListRequest } from '../source';
import { isName } from './call';
import type { KeyedClass } from './catalog';
import { notExact, unknownAttribute } from './errors';
import { isScalar } from './survey';

type Value = string | number | boolean;

/** `attribute comparator value`. */
export interface Condition {
  readonly attribute: string;
  readonly comparator: '=' | '>' | '>=' | '<=';
  readonly literal: Literal;
}

/** A value as JSON text. Its quotes and backslashes are character codes, since 4D wants none inside `$params`. */
export type Literal = string & { readonly literal: unique symbol };

const CODES: ReadonlyMap<string, string> = new Map([
  ['\\"', '\\u0022'],
  ['\\\\', '\\u005c'],
]);

export function literal(value: Value): Literal {
  const text = JSON.stringify(value);
  if (typeof value !== 'string') return text as Literal;
  const inside = text.slice(1, -1).replace(/\\./g, (escape) => CODES.get(escape) ?? escape);
  return `"${inside.replaceAll("'", '\\u0027')}"` as Literal;
}

/** A whole number of any length. */
export function digits(text: string): Literal {
  return BigInt(text).toString() as Literal;
}

/** `$filter` and `$params` for all of these together; the quotes around them are part of the values. */
export function filterQuery(conditions: readonly Condition[]): Readonly<Record<string, string>> {
  if (conditions.length === 0) return {};
  const text = conditions.map(({ attribute, comparator }, index) => `${attribute} ${comparator} :${index + 1}`).join(' AND ');
  return { $filter: `"${text}"`, $params: `'[${conditions.map((each) => each.literal).join(',')}]'` };
}

/** A filter of the pipeline file: which records are asked for, and which may come. */
export interface ExactFilter extends Condition {
  readonly value: Value;
}

/** The filters of a request. Errors: `config_error` where 4D cannot compare exactly. */
export function exactFilters(filters: ListRequest['filters'], dataClass: KeyedClass): ExactFilter[] {
  return Object.entries(filters).map(([attribute, given]) => {
    const known = dataClass.attributes.filter((each) => isScalar(each) && isName(each.name));
    const found = known.find(({ name }) => name === attribute);
    if (found === undefined)
      throw unknownAttribute(
        attribute,
        dataClass.name,
        closest(
          attribute,
          known.map(({ name }) => name),
        ),
      );
    const value = typeof given === 'number' && (found.type === 'string' || found.type === 'uuid') ? String(given) : given;
    if (typeof value === 'string' && value.includes('@')) {
      throw notExact(attribute, `"@" stands for any text in 4D's comparisons, and cannot be meant literally.`);
    }
    return { attribute, comparator: '=', literal: literal(value), value };
  });
}

/** Refuses records that an exact comparison would not have found: 4D compares texts without regard to case and accents. */
export function checkExact(rows: readonly Readonly<Record<string, unknown>>[], filters: readonly ExactFilter[]): void {
  for (const { attribute, value } of filters) {
    if (rows.every((row) => same(row[attribute], value))) continue;
    throw notExact(attribute, '4D compares texts without regard to case and accents, and a record came that carries another value.');
  }
}

function same(sent: unknown, value: Value): boolean {
  if (sent === value) return true;
  // An empty text of 4D may come as null.
  if (typeof value !== 'string') return false;
  if (typeof sent !== 'string') return sent === null && value === '';
  const day = dayOf(value);
  return day !== null && dayOf(sent) === day;
}

/** The day that a text means, in either way of writing; `''`: 4D's empty one. */
function dayOf(text: string): string | null {
  const legacy = parseLegacyDay(text);
  if (legacy !== undefined) return legacy ?? '';
  return /^(\d{4}-\d{2}-\d{2})(?:T00:00:00(?:\.0+)?Z)?$/.exec(text)?.[1] ?? null;
}
