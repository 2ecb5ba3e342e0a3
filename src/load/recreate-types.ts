import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import type { FieldProfile, Profile } from '../json/profile';
import type { ColumnType } from '../sources/source';
import type { Column } from './columns';
import { castSql, joinTypes } from '../sources/column-join';
import { columnType } from './column-type';
import type { LoadDefinition } from './load-definition';

/** A column as it is and as it becomes; `sql` gives the new value from the held one. */
export interface Recast {
  readonly column: Column;
  readonly to: ColumnType;
  readonly sql: string;
}

/** A type that the records would allow and the held values do not. */
export interface KeptType {
  readonly column: string;
  readonly type: ColumnType;
  readonly wished: ColumnType;
}

export interface TypeQuestion {
  readonly columns: readonly Column[];
  readonly declared: Readonly<Record<string, ColumnType>>;
  readonly keyFields: readonly string[];
  readonly emptyIsNull: boolean;
  /** Profiles of the records that the held rows came from; `null` where that is not known of all. */
  readonly landed: readonly FieldProfile[] | null;
  /** Of further files that are to fit. */
  readonly wanted: readonly FieldProfile[];
}

/** The type of each column if everything had come at once; never narrower than what was declared, landed or is wanted needs. Pure. */
export function wishedTypes({ columns, declared, keyFields, emptyIsNull, landed, wanted }: TypeQuestion): Map<string, ColumnType> {
  const [before, further] = [byName(landed ?? []), byName(wanted)];
  return new Map(
    columns.map(({ field, name, type }) => {
      const seen = [before.get(field), further.get(field)].flatMap((profile) => Object.keys(profile?.seen ?? {}));
      const wish = columnType({
        // Of what nobody remembers nothing is taken away.
        held: landed === null || !before.has(field) ? type : null,
        declared: Object.hasOwn(declared, field) ? declared[field]! : null,
        isId: keyFields.includes(field) || /(^|_)id$/i.test(field),
        emptyIsNull,
        seen: new Set(seen as (keyof FieldProfile['seen'])[]),
      });
      return [name, wish ?? type];
    }),
  );
}

function byName(fields: readonly FieldProfile[]): Map<string, FieldProfile> {
  return new Map(fields.map((field) => [field.name, field]));
}

/** How the held values of each column become the wished type; a narrowing that would change a value is left out (decision 0009). */
export async function recasts(
  tx: Tx,
  table: string,
  {
    columns,
    wished,
    emptyIsNull,
  }: { readonly columns: readonly Column[]; readonly wished: ReadonlyMap<string, ColumnType>; readonly emptyIsNull: boolean },
): Promise<{ recasts: Recast[]; kept: KeptType[] }> {
  const [all, kept]: [Recast[], KeptType[]] = [[], []];
  for (const column of columns) {
    const [from, to, value] = [column.type, wished.get(column.name) ?? column.type, ident(column.name)];
    const narrowing = from === to || joinTypes(from, to) === to ? null : narrowed(value, { from, to, emptyIsNull });
    if (narrowing === null) {
      all.push({ column, to: joinTypes(from, to) === to ? to : from, sql: castSql(value, from, joinTypes(from, to) === to ? to : from) });
    } else if (await isExact(tx, table, narrowing)) {
      all.push({ column, to, sql: narrowing.value });
    } else {
      all.push({ column, to: from, sql: value });
      kept.push({ column: column.name, type: from, wished: to });
    }
  }
  return { recasts: all, kept };
}

interface Narrowing {
  readonly value: string;
  /** True where the held value comes back. */
  readonly exact: string;
}

function narrowed(column: string, { from, to, emptyIsNull }: { from: ColumnType; to: ColumnType; emptyIsNull: boolean }): Narrowing {
  if (from === 'numeric' && to === 'bigint') return { value: `${column}::bigint`, exact: `${column} = ${column}::bigint` };
  if (from === 'text') return fromText(column, to, emptyIsNull);
  if (from !== 'jsonb') return { value: column, exact: 'false' };
  const scalar = `jsonb_typeof(${column}) in ('string', 'number', 'boolean')`;
  const text = fromText(`(${column} #>> '{}')`, to, emptyIsNull);
  return { value: text.value, exact: `${scalar} and ${text.exact}` };
}

function fromText(text: string, to: ColumnType, emptyIsNull: boolean): Narrowing {
  if (to === 'text') return { value: text, exact: 'true' };
  const filled = emptyIsNull ? `nullif(${text}, '')` : text;
  const value = `${filled}::${to}`;
  // PostgreSQL rounds what is finer than a microsecond, the loader cuts it.
  if (to === 'timestamptz')
    return {
      value,
      exact: `(${filled} is null or (${value} is not null and ${text} !~ '[.,][0-9]{7}' and ${text} ~ '(Z|z|[+-][0-9:]+)$'))`,
    };
  return { value, exact: `(${filled} is null or ${value}::text = ${text})` };
}

/** Values that cannot be cast end the statement, not the transaction. */
async function isExact(tx: Tx, table: string, { exact }: Narrowing): Promise<boolean> {
  await tx.query('savepoint cast_check');
  try {
    const [row] = await tx.query<{ n: string }>(`select count(*) as n from ${table} where not coalesce(${exact}, true)`);
    await tx.query('release savepoint cast_check');
    return row?.n === '0';
  } catch {
    await tx.query('rollback to savepoint cast_check');
    return false;
  }
}

/** Both profiles' fields for the header table, or for its line items. */
export function profileFields(profile: Profile, lines: boolean, definition: LoadDefinition): readonly FieldProfile[] {
  return lines ? profile.lineFields : profile.fields.filter(({ name }) => name !== definition.lineItems?.field);
}
