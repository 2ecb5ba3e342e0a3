import { FLOATS, INTEGERS, TIMESTAMP, type ColumnKind } from './column-kind';

/**
 * SQL that brings a value to one text for one value: numbers without exponent and superfluous zeros, instants in UTC with microseconds,
 * booleans as true and false. Total: what is no value of its kind stays the text it was, and so differs from every value that is one.
 * Nothing here may raise an error, whatever stands in a cell: it would end a comparison of a million rows.
 */

/** Short enough that no cast is refused, and no exponent becomes a megabyte of zeros. */
export const NUMBER = String.raw`^[ \t\n\r\v\f]*[-+]?([0-9]{1,200}(\.[0-9]{0,200})?|\.[0-9]{1,200})([eE][-+]?[0-9]{1,3})?[ \t\n\r\v\f]*$`;

const DAY = String.raw`((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-9]))`;
const DATE = String.raw`(000[1-9]|00[1-9][0-9]|0[1-9][0-9][0-9]|[1-9][0-9]{3})-${DAY}`;
const TIME = String.raw`([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,12})?)?`;
const OFFSET = String.raw`\s?(Z|z|[-+](0[0-9]|1[0-4])(:?[0-5][0-9])?)`;

/** As `instant` writes it. */
export const INSTANT = String.raw`^[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]{6}Z$`;

const TRUE = `('true', 't', 'yes', 'y', 'on', '1')`;
const FALSE = `('false', 'f', 'no', 'n', 'off', '0')`;

/** A text literal. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

export function isNumber(text: string): string {
  return `${text} ~ ${literal(NUMBER)}`;
}

/** A value of a PostgreSQL type as one that its kind is compared by: numbers as numeric, instants with their zone. */
export function exact(value: string, type: number, zone: string): string {
  if (FLOATS.has(type)) return `${value}::text::numeric`;
  return type === TIMESTAMP ? `(${value} at time zone ${literal(zone)})` : value;
}

/** The text of such a value. */
export function exactText(value: string, kind: ColumnKind, integer = false): string {
  switch (kind) {
    case 'number':
      return integer ? `${value}::text` : `trim_scale(${value}::numeric)::text`;
    case 'instant':
      return instantText(value);
    case 'json':
      return `${value}::jsonb::text`;
    case 'boolean':
    case 'date':
    case 'text':
      return `${value}::text`;
  }
}

/** The text of a column of a PostgreSQL type. `zone`: where a timestamp without one was written. */
export function nativeText(column: string, kind: ColumnKind, { type, zone }: { type: number; zone: string }): string {
  return exactText(exact(column, type, zone), kind, INTEGERS.has(type));
}

function instantText(value: string): string {
  return `coalesce(case when isfinite(${value}) then to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end, ${value}::text)`;
}

/** A text as a value of this kind, where it is one. */
export function parsedText(text: string, kind: ColumnKind, zone: string): string {
  switch (kind) {
    case 'number':
      return `case when ${isNumber(text)} then trim_scale(btrim(${text}, ${BLANKS})::numeric)::text else ${text} end`;
    case 'boolean':
      return `case when lower(btrim(${text})) in ${TRUE} then 'true' when lower(btrim(${text})) in ${FALSE} then 'false' else ${text} end`;
    case 'date':
      // A time at midnight says no more than the day does.
      return `case when ${isDate(text, String.raw`([ T]00:00(:00(\.0+)?)?)?`)} then substr(btrim(${text}), 1, 10) else ${text} end`;
    case 'instant':
      return parsedInstant(text, zone);
    case 'json':
    case 'text':
      return text;
  }
}

const BLANKS = String.raw`E' \t\n\r\v\f'`;

/** Whether a text begins with a day that exists; behind it comes what `rest` allows. */
function isDate(text: string, rest: string): string {
  const leap = `(substr(btrim(${text}), 6, 5) <> '02-29' or (substr(btrim(${text}), 1, 4)::int % 4 = 0 and (substr(btrim(${text}), 1, 4)::int % 100 <> 0 or substr(btrim(${text}), 1, 4)::int % 400 = 0)))`;
  // CASE, because AND promises no order.
  return `case when btrim(${text}) ~ ${literal(`^${DATE}${rest}$`)} then ${leap} else false end`;
}

function parsedInstant(text: string, zone: string): string {
  // Digits behind the microsecond are cut off, never rounded up into the next second.
  const cut = String.raw`regexp_replace(btrim(${text}), '(\.[0-9]{6})[0-9]+', '\1')`;
  const zoned = `case when ${isDate(text, `[ T]${TIME}${OFFSET}`)} then ${instantText(`${cut}::timestamptz`)}`;
  const bare = `when ${isDate(text, `([ T]${TIME})?`)} then ${instantText(`(${cut}::timestamp at time zone ${literal(zone)})`)}`;
  return `${zoned} ${bare} else ${text} end`;
}
