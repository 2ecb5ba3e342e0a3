import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import { parseInstant } from '../domain/instant';
import type { ListedRow } from './listed-row';

/** What the raw table holds of a record, as far as the decision about a detail call needs it. */
export interface HeldRow {
  readonly cursorText: string | null;
  /** µs. */
  readonly cursorInstant: bigint | null;
  readonly fetchedAt: bigint | null;
}

/**
 * A detail call may be left out only when we hold the very version that the list shows, and hold it *settled*: fetched so long
 * after its own cursor that no second edit can carry the same cursor text. A null cursor is never the same.
 */
export function isKnown(held: HeldRow | undefined, row: ListedRow, settleMs: number): boolean {
  if (!held || row.cursorText === null || held.cursorText !== row.cursorText) return false;
  if (held.cursorInstant === null) return true;
  return held.fetchedAt !== null && held.fetchedAt - held.cursorInstant >= BigInt(settleMs) * 1000n;
}

export async function tableExists(db: Database, { schema, table }: { schema: string; table: string }): Promise<boolean> {
  return (await db.query(`select from pg_catalog.pg_tables where schemaname = $1 and tablename = $2`, [schema, table])).length > 0;
}

/** Looks the rows up; absent and soft-deleted ones are not in the answer. */
export async function heldRows(
  db: Database,
  table: { schema: string; table: string },
  ids: readonly string[],
): Promise<Map<string, HeldRow>> {
  if (ids.length === 0 || !(await tableExists(db, table))) return new Map();
  const rows = await db.query<{ id: string; source_cursor: string | null; source_instant: string | null; fetched_at: string | null }>(
    `select id, source_cursor, source_instant, fetched_at from ${ident(table.schema, table.table)} where id = any ($1) and deleted_at is null`,
    [ids],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      { cursorText: row.source_cursor, cursorInstant: micros(row.source_instant), fetchedAt: micros(row.fetched_at) },
    ]),
  );
}

function micros(text: string | null): bigint | null {
  return text === null ? null : (parseInstant(text)?.micros ?? null);
}

/** The id of some live row of the table; `null` when there is none. */
export async function anyHeldId(db: Database, table: { schema: string; table: string }): Promise<string | null> {
  if (!(await tableExists(db, table))) return null;
  const [row] = await db.query<{ id: string }>(`select id from ${ident(table.schema, table.table)} where deleted_at is null limit 1`);
  return row?.id ?? null;
}
