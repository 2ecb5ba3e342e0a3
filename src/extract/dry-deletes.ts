import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import type { EntityDefinition } from '../sources/source';
import { sweeps, type DryListed } from './dry-read';
import { toldLaterSql } from './gone-sql';
import type { SweepLimits } from './sweep';
import { tooMany } from './sweep';

export interface DryDeletes {
  /** Rows that would be deleted, at most: those that a list left out are asked for first, where lists are known to lose rows. */
  readonly rows: number;
  /** How many calls that would be. */
  readonly asked: number;
  /** So many that a person would have to approve them. */
  readonly held: boolean;
}

export interface DryTable {
  readonly pipeline: string;
  readonly entity: string;
  readonly schema: string;
  readonly table: string;
  readonly definition: EntityDefinition;
  /** Absent: this read deletes nothing. */
  readonly sweep?: SweepLimits;
}

const CHUNK = 20_000;
const NONE: DryDeletes = { rows: 0, asked: 0, held: false };

/** Which rows the read would delete; the table is there. `now`: ISO. */
export async function dryDeletes(db: Database, target: DryTable, read: DryListed, now: string): Promise<DryDeletes> {
  const { definition, sweep } = target;
  if (sweep === undefined || read.extraction.read === 'partial' || definition.deletes.kind === 'never') return NONE;
  const since = read.extraction.sourceStartedAt ?? now;
  const gone = await toldRows(db, target, { deleted: read.deleted, since });
  const missing = sweeps(definition, read.extraction) ? await missingRows(db, target, { listed: read.listed, since }) : [];
  for (const id of missing) gone.add(id);
  const [live] = await db.query<{ n: string }>(`select count(*) as n from ${ident(target.schema, target.table)} where deleted_at is null`);
  const held = tooMany(sweep, { n: gone.size, live: Number(live?.n ?? 0) });
  const asks = definition.deletes.kind === 'sweep' && definition.deletes.confirmByDetail && !held;
  return { rows: gone.size, asked: asks ? missing.length : 0, held };
}

const TOLD = {
  since: '$3::timestamptz',
  toldAt: 'q.cursor_sort',
  of: { pipeline: '$4::text', entity: '$5::text' },
  accepted: false,
} as const;

async function toldRows(
  db: Database,
  { pipeline, entity, schema, table, definition }: DryTable,
  { deleted, since }: { readonly deleted: ReadonlyMap<string, bigint | null>; readonly since: string },
): Promise<Set<string>> {
  if (deleted.size === 0) return new Set();
  const rows = await db.query<{ id: string }>(
    `select t.id from ${ident(schema, table)} t join unnest($1::text[], $2::bigint[]) q (id, cursor_sort) on q.id = t.id
      where t.deleted_at is null and ${toldLaterSql(definition, TOLD)}`,
    [[...deleted.keys()], [...deleted.values()].map((sort) => sort?.toString() ?? null), since, pipeline, entity],
  );
  return new Set(rows.map(({ id }) => id));
}

async function missingRows(
  db: Database,
  { schema, table }: DryTable,
  { listed, since }: { readonly listed: ReadonlySet<string>; readonly since: string },
): Promise<string[]> {
  const missing: string[] = [];
  for (let after = ''; ;) {
    const rows = await db.query<{ id: string }>(
      `select id from ${ident(schema, table)} where id > $1 and deleted_at is null and fetched_at < $2::timestamptz order by id limit ${CHUNK}`,
      [after, since],
    );
    for (const { id } of rows) if (!listed.has(id)) missing.push(id);
    const last = rows.at(-1);
    if (rows.length < CHUNK || last === undefined) return missing;
    after = last.id;
  }
}
