import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import type { Cell, Lookup, Mapping } from './mapping/mapping';
import type { RawRow } from './raw-rows';

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
  const { schema, table, key, value } = lookup;
  const keys = new Set(rows.flatMap(({ cells, gone }) => (gone ? [] : (lookup.keyOf(cells) ?? []))));
  const name = ident(schema, table);
  const [there] = await db.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [name]);
  if (keys.size === 0 || there?.there !== true) return new Map();
  const found = await db.query<{ key: string; value: string | null }>(
    `select t.${ident(key)}::text as key, t.${ident(value)}::text as value from ${name} t where t.${ident(key)}::text = any ($1::text[])`,
    [[...keys]],
  );
  return new Map(found.map((row) => [row.key, row.value]));
}
