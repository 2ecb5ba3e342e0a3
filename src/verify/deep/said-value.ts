import { ident, MAX_IDENTIFIER_BYTES } from '../../database/identifier';
import type { ColumnType } from '../../sources/source';
import type { HeldColumn } from './loader';

export interface Comparison {
  /** Follows FROM items that name the row `t`: reads the JSON once. */
  readonly join: string;
  /** SQL rows `(field, held, said, differs)` for a `lateral (values …)`. */
  readonly values: readonly string[];
}

/**
 * Compares columns of `t` with the fields of a JSON object, given as SQL. PostgreSQL reads the JSON itself: numbers as decimals,
 * instants by its own input.
 */
export function comparison(columns: readonly HeldColumn[], record: string, emptyIsNull: boolean): Comparison {
  const short = columns.filter(({ field }) => field !== '' && Buffer.byteLength(field) <= MAX_IDENTIFIER_BYTES);
  const names = [...new Set(short.map(({ field }) => field))];
  const values = columns.map(({ field, name, type }) => {
    const held = `t.${ident(name)}`;
    const said = names.includes(field) ? `j.${ident(field)}` : `(${record} -> ${literal(field)})`;
    const text = `(${said} #>> '{}')`;
    return `(${literal(field)}, ${held}::text, ${text}, ${differs({ held, said, text, type }, emptyIsNull)})`;
  });
  const join =
    names.length === 0
      ? ''
      : `cross join lateral json_to_record(${record}) as j (${names.map((name) => `${ident(name)} json`).join(', ')})`;
  return { join, values };
}

interface Sides {
  readonly held: string;
  /** SQL of type json. */
  readonly said: string;
  /** SQL of type text: a string's content, or the JSON text of anything else. */
  readonly text: string;
  readonly type: ColumnType;
}

function differs(sides: Sides, emptyIsNull: boolean): string {
  const { held, said, text, type } = sides;
  const nothing = `${said} is null or json_typeof(${said}) = 'null'${emptyIsNull && type !== 'text' ? ` or ${text} = ''` : ''}`;
  return `case when ${nothing} then ${held} is not null else ${differsFromValue(sides)} end`;
}

function differsFromValue({ held, said, text, type }: Sides): string {
  switch (type) {
    case 'jsonb':
      return `${held} is distinct from ${said}::jsonb`;
    case 'text':
      return textDiffers(held, said, text);
    case 'bigint':
      return `${held}::numeric is distinct from ${text}::numeric`;
    case 'date':
    case 'timestamptz':
      // A column beside it was widened to text by such a value; its instant is then unknown, and held as nothing.
      return `case when ${text} ~ '^\\d{4}-\\d\\d-\\d\\d' then ${held} is distinct from ${text}::${type}
                   when ${text} ~ '${LEGACY_DAY}' then ${held} is distinct from ${legacyDay(text)}::${type} else ${held} is not null end`;
    default:
      return `${held} is distinct from ${text}::${type}`;
  }
}

/** A day as 4D servers write it: day, month, year. */
const LEGACY_DAY = '^\\d{1,2}!\\d{1,2}!\\d{4}$';

/** Its empty one, all zeros, is no day. */
function legacyDay(text: string): string {
  const part = (place: number): string => `nullif(split_part(${text}, '!', ${place})::int, 0)`;
  return `make_date(${part(3)}, ${part(2)}, ${part(1)})`;
}

/** An instant that stood in a timestamptz column before it was widened to text is there in UTC. */
function textDiffers(held: string, said: string, text: string): string {
  const sameInstant = `${held} ~ '^\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z$' and ${text} ~ '^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d'`;
  return `case json_typeof(${said})
            when 'string' then ${held} is distinct from ${text} and case when ${sameInstant} then ${held}::timestamptz <> ${text}::timestamptz else true end
            when 'number' then case when ${held} ~ '^-?[0-9.]+(e-?[0-9]+)?$' then ${held}::numeric is distinct from ${text}::numeric else true end
            else ${held} is distinct from ${text} end`;
}

/** A string constant; backslashes need no escape under standard_conforming_strings. */
function literal(text: string): string {
  return `'${text.replace(/'/g, "''")}'`;
}
