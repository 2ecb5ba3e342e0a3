import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import type { Cell, Finding, Lookup, Mapping } from './mapping/mapping';
import type { LookupEnds } from './parents';
import type { Pass, RawRow } from './raw-rows';

/** What each lookup finds for each row, in one statement a lookup; `undefined`: its key is not there. */
export async function lookUp(db: Database, { lookups }: Mapping, rows: readonly RawRow[]): Promise<(readonly Cell[])[]> {
  const found = await Promise.all(lookups.map((lookup) => findAll(db, lookup, rows)));
  return rows.map(({ cells }) =>
    lookups.map((lookup, n) => {
      const key = lookup.keyOf(cells);
      return key === null ? null : found[n]!.get(key);
    }),
  );
}

async function findAll(db: Database, lookup: Lookup, rows: readonly RawRow[]): Promise<Map<string, string | null>> {
  const { schema, table, key: column } = lookup;
  const keys = new Set(rows.flatMap(({ cells, gone }) => (gone ? [] : (lookup.keyOf(cells) ?? []))));
  const [place] = await db.query<{ type: string | null }>(
    `select (select format_type(atttypid, null) from pg_catalog.pg_attribute where attrelid = c.oid and attname = $2 and not attisdropped) as type
       from pg_catalog.pg_class c where c.oid = to_regclass($1)`,
    [ident(schema, table), column],
  );
  if (keys.size === 0 || place === undefined) return new Map();
  const kind = KINDS[place.type ?? ''];
  const asked = kind === undefined ? [...keys] : [...keys].filter((text) => kind.fits.test(text));
  const found = await db.query<{ key: string; value: string | null }>(lookupSql(lookup, kind?.cast ?? null), [asked]);
  return new Map(found.map((row) => [row.key, row.value]));
}

/** Of a type whose values are compared as what they are, so that an index serves: which texts are values of it. */
interface KeyKind {
  readonly fits: RegExp;
  readonly cast: string;
}

const WHOLE: KeyKind = { fits: /^[+-]?\d{1,18}$/, cast: 'bigint' };
const ANY_TEXT: KeyKind = { fits: /^/, cast: 'text' };
const KINDS: Readonly<Record<string, KeyKind>> = {
  bigint: WHOLE,
  integer: WHOLE,
  smallint: WHOLE,
  numeric: { fits: /^[+-]?\d{1,1000}(\.\d{1,1000})?$/, cast: 'numeric' },
  text: ANY_TEXT,
  'character varying': ANY_TEXT,
  uuid: { fits: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, cast: 'uuid' },
};

/** $1: the keys, as texts. Other types than those of KINDS are compared as texts, without an index. */
export function lookupSql({ schema, table, key, value }: Pick<Lookup, 'schema' | 'table' | 'key' | 'value'>, cast: string | null): string {
  const match = cast === null ? `t.${ident(key)}::text = k.key` : `t.${ident(key)} = k.key::${cast}`;
  return `select k.key, t.${ident(value)}::text as value from unnest($1::text[]) k (key) join ${ident(schema, table)} t on ${match}`;
}

/**
 * Whether a record whose lookups find nothing waits in vain: it was fetched before the tables were last read that would have what is looked
 * for. Texts of instants as PostgreSQL writes them, which sort by time. A record that looks into its own table may precede what it looks for.
 */
export function waitsInVain(findings: readonly Finding[], fetched: string, { ends, pass }: { ends: LookupEnds; pass: Pass }): boolean {
  const ended = (field: string | null): boolean => {
    const end = ends.get(field ?? '');
    return end !== undefined && fetched <= end.asOf && (!end.own || pass.kind === 'again');
  };
  const looked = findings.filter(({ rule, severity }) => rule === 'lookup' && severity === 'error');
  return looked.length > 0 && looked.every(({ field }) => ended(field));
}
