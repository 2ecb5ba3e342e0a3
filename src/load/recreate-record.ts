import type { Tx } from '../database/database';
import type { TableTarget } from './load-target';
import type { Exchange } from './recreate-swap';
import type { Recast } from './recreate-types';
import type { TablePlan } from './table-state';

/** A pair that was put aside: enough to put it back. */
export interface KeptPair {
  readonly kept: readonly { readonly table: string; readonly name: string }[];
  /** A later one: the kept tables lack rows. */
  readonly last_batch_no: string;
  /** Of the registry, when the kept tables had the name. */
  readonly types: readonly { readonly table: string; readonly field: string; readonly type: string }[];
}

/** Writes down what gave its place to what, before the registry changes. */
export async function keepRecord(
  tx: Tx,
  { schema, table }: TableTarget,
  exchanges: readonly Exchange[],
  what: 'recreated' | 'restored',
): Promise<void> {
  const kept = exchanges.map(({ table: of, outgoing }) => ({ table: of, name: outgoing }));
  await tx.query(
    `insert into freshet.schema_change (schema, "table", change)
     select $1, $2, jsonb_build_object($3::text, true, 'kept', $4::jsonb, 'last_batch_no', o.last_batch_no::text,
              'types', (select coalesce(jsonb_agg(jsonb_build_object('table', c."table", 'field', c.field, 'type', c.type)), '[]')
                          from freshet.raw_column c where c.schema = $1 and c."table" = any ($5)))
       from freshet.table_owner o where o.schema = $1 and o."table" = $2`,
    [schema, table, what, JSON.stringify(kept), exchanges.map(({ table: of }) => of)],
  );
}

/** The newest pair that was put aside. */
export async function newestKept(tx: Tx, { schema, table }: TableTarget): Promise<(KeptPair & { readonly current: string }) | null> {
  const [row] = await tx.query<{ change: KeptPair; current: string }>(
    `select c.change, o.last_batch_no::text as current
       from freshet.schema_change c join freshet.table_owner o on o.schema = c.schema and o."table" = c."table"
      where c.schema = $1 and c."table" = $2 and c.change ? 'kept' order by c.id desc limit 1`,
    [schema, table],
  );
  return row === undefined ? null : { ...row.change, current: row.current };
}

/** The registry says what the new table is: changed types, and columns that came with it. */
export async function registerTypes(
  tx: Tx,
  schema: string,
  { table, columns, missing, exists }: TablePlan,
  recasts: readonly Recast[],
): Promise<void> {
  const types = new Map(recasts.map(({ column, to }) => [column.name, to]));
  const fresh = new Set((exists ? missing : columns).map(({ name }) => name));
  const known = columns.filter(({ name }) => types.has(name) || fresh.has(name));
  await tx.query(
    `insert into freshet.raw_column (schema, "table", field, name, type, ordinal)
     select $1, $2, c.* from unnest($3::text[], $4::text[], $5::text[], $6::int[]) c
         on conflict (schema, "table", field) do update set type = excluded.type`,
    [
      schema,
      table,
      known.map((c) => c.field),
      known.map((c) => c.name),
      known.map((c) => types.get(c.name) ?? c.type),
      known.map((c) => c.ordinal),
    ],
  );
}

/** The registry as it was when the kept tables had the name; columns that are newer stay, and are added by the next load. */
export async function restoreTypes(tx: Tx, schema: string, types: KeptPair['types']): Promise<void> {
  await tx.query(
    `update freshet.raw_column r set type = t.type from jsonb_to_recordset($2::jsonb) t ("table" text, field text, type text)
      where r.schema = $1 and r."table" = t."table" and r.field = t.field`,
    [schema, JSON.stringify(types)],
  );
}
