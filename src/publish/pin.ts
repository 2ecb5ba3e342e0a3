import { closest } from '../config/closest';
import { lockTable } from '../database/advisory-lock';
import type { Database, Tx } from '../database/database';
import { ident } from '../database/identifier';
import type { StageContext } from '../observability/stage-context';
import type { Target } from './mapping/mapping';
import {
  alreadyEnded,
  alreadyOver,
  alreadyPinned,
  fieldIsKey,
  noSuchField,
  noSuchOverride,
  noSuchRow,
  noTypedTable,
  rowOfAPerson,
  valueDoesNotFit,
  type Pinning,
} from './override-errors';
import { isRefusal } from './refusal';
import { companionName } from './typed-table';

export interface PinWish extends Pinning {
  readonly pipeline: string;
  readonly value: string | null;
  /** Until when it holds; `null`: until somebody removes it. */
  readonly until: Date | null;
  readonly because: string;
  readonly actor: string;
  /** Everything is checked, and nothing is kept. */
  readonly dryRun: boolean;
}

export interface Pinned {
  /** `null` in a dry run. */
  readonly id: string | null;
  /** `schema.table` */
  readonly table: string;
  readonly record_id: string;
  readonly unique_value: string | null;
  /** As the column holds it. */
  readonly value: string | null;
  /** What stood there. */
  readonly replaced: string | null;
  /** `next_run`: its record is not published yet, and is tried with the next run. */
  readonly effect: 'at_once' | 'next_run';
}

interface Place {
  readonly id: string;
  readonly schema: string;
  readonly table: string;
  readonly unique_field: string;
  readonly columns: readonly Target[];
  readonly raw_schema: string;
  readonly raw_table: string;
}

interface Row {
  readonly record_id: string;
  readonly unique_value: string | null;
  readonly held: string | null;
  readonly there: boolean;
}

/** Thrown to take back what a dry run tried. */
class Tried extends Error {}

/**
 * Pins a field of a row: target and base become the value in one transaction under the table's lock, and publish leaves it so until the
 * override is removed or over (decision 0018). Errors: `config_error` codes `override-entity`, `override-field`, `override-row`,
 * `override-until`, `override-exists`, `override-value`.
 */
export async function pinField(db: Database, wish: PinWish, ctx: StageContext): Promise<Pinned> {
  let pinned: Pinned | null = null;
  try {
    await db.transaction({ site: 'publish.override', ctx, lockTimeoutMs: 60_000 }, async (tx) => {
      pinned = await pinIn(tx, wish);
      if (wish.dryRun) throw new Tried();
    });
  } catch (error) {
    if (!(error instanceof Tried) && !((error as Error).cause instanceof Tried)) throw error;
  }
  return pinned!;
}

async function pinIn(tx: Tx, wish: PinWish): Promise<Pinned> {
  const place = await placeOf(tx, wish);
  const type = typeOf(place, wish);
  await lockTable(tx, place.schema, place.table);
  await tx.query(`select set_config('freshet.publishing', 'on', true)`);
  const row = await rowOf(tx, place, wish);
  await refuseTaken(tx, wish, row.record_id);
  const value = await write(tx, place, { wish, row, type });
  const [override] = await tx.query<{ id: string; over: boolean }>(
    `insert into freshet.publish_override (pipeline, entity, record_id, field, value, reason, actor, expires_at, unique_value, replaced)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id, coalesce(expires_at <= now(), false) as over`,
    [
      wish.pipeline,
      wish.entity,
      row.record_id,
      wish.field,
      value,
      wish.because,
      wish.actor,
      wish.until?.toISOString() ?? null,
      row.unique_value,
      row.held,
    ],
  );
  if (override!.over) throw alreadyOver(wish.until!.toISOString().slice(0, 10));
  await tx.query(
    `update freshet.conflict set state = 'resolved', decision = 'value', value = $5, actor = $6, ended_at = now()
      where pipeline = $1 and entity = $2 and record_id = $3 and field = $4 and state = 'open'`,
    [wish.pipeline, wish.entity, row.record_id, wish.field, value, wish.actor],
  );
  if (!row.there || (await isRefused(tx, wish, row.record_id))) await tryAgain(tx, wish, row.record_id);
  return {
    id: wish.dryRun ? null : override!.id,
    table: `${place.schema}.${place.table}`,
    record_id: row.record_id,
    unique_value: row.unique_value,
    value,
    replaced: row.held,
    effect: row.there ? 'at_once' : 'next_run',
  };
}

async function placeOf(tx: Tx, { pipeline, entity }: PinWish): Promise<Place> {
  const [place] = await tx.query<{ [Name in keyof Place]: Place[Name] }>(
    `select t.id, t.schema, t."table", t.unique_field, t.columns, e.raw_schema, e.raw_table
       from freshet.published_table t join freshet.pipeline_entity e on e.pipeline = t.pipeline and e.entity = t.entity
      where t.pipeline = $1 and t.entity = $2`,
    [pipeline, entity],
  );
  if (place === undefined) throw noTypedTable(entity, []);
  return place;
}

function typeOf({ columns, unique_field: key }: Place, wish: PinWish): string {
  const column = columns.find(({ name }) => name === wish.field);
  const names = columns.map(({ name }) => name);
  if (column === undefined) throw noSuchField(wish, columns, closest(wish.field, names));
  if (wish.field === key) throw fieldIsKey(wish);
  return column.type;
}

/** By what its unique field says, else by the source's own id, also where nothing is published of the record yet. */
async function rowOf(tx: Tx, place: Place, wish: PinWish): Promise<Row> {
  const name = ident(place.schema, place.table);
  const key = ident(place.unique_field);
  const columns = `t.source_id as record_id, t.${key}::text as unique_value, t.${ident(wish.field)}::text as held, true as there`;
  const [byKey] = await tx.query<Omit<Row, 'record_id'> & { record_id: string | null }>(
    `select ${columns} from ${name} t where t.${key}::text = $1`,
    [wish.key],
  );
  if (byKey !== undefined) {
    if (byKey.record_id === null) throw rowOfAPerson(wish, `${place.schema}.${place.table}`);
    return { ...byKey, record_id: byKey.record_id };
  }
  const [byId] = await tx.query<Row>(`select ${columns} from ${name} t where t.source_id = $1`, [wish.key]);
  if (byId !== undefined) return byId;
  const [record] = await tx.query(`select from ${ident(place.raw_schema, place.raw_table)} where id = $1 and deleted_at is null`, [
    wish.key,
  ]);
  if (record === undefined) throw noSuchRow(wish, { table: `${place.schema}.${place.table}`, uniqueField: place.unique_field });
  return { record_id: wish.key, unique_value: null, held: null, there: false };
}

/** One that is over, though no publish has ended it yet, makes room. */
async function refuseTaken(tx: Tx, wish: PinWish, recordId: string): Promise<void> {
  const of = [wish.pipeline, wish.entity, recordId, wish.field];
  const mine = `pipeline = $1 and entity = $2 and record_id = $3 and field = $4 and ended_at is null`;
  await tx.query(`update freshet.publish_override set ended_at = now() where ${mine} and expires_at <= now()`, of);
  const [held] = await tx.query<{ id: string; value: string | null; actor: string; since: string }>(
    `select id, value, actor, to_char(created_at at time zone 'utc', 'YYYY-MM-DD HH24:MI') || ' UTC' as since from freshet.publish_override where ${mine}`,
    of,
  );
  if (held !== undefined) throw alreadyPinned(wish, held);
}

interface Writing {
  readonly wish: PinWish;
  readonly row: Row;
  readonly type: string;
}

/** The value as the column holds it. */
async function write(tx: Tx, place: Place, { wish, row, type }: Writing): Promise<string | null> {
  const field = ident(wish.field);
  try {
    const [cast] = await tx.query<{ value: string | null }>(`select ($1::text)::${type}::text as value`, [wish.value]);
    const value = cast?.value ?? null;
    if (!row.there) return value;
    const values = [row.record_id, value];
    await tx.query(
      `update ${ident(place.schema, place.table)} set ${field} = $2::text::${type}, updated_at = now() where source_id = $1`,
      values,
    );
    await tx.query(`set constraints all immediate`);
    await tx.query(`update ${companionName(place.id)} set ${field} = $2::text::${type} where freshet_id = $1`, values);
    return value;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw valueDoesNotFit(wish, wish.value, type, error);
  }
}

export interface Unpinning {
  readonly id: string;
  readonly because: string;
  readonly actor: string;
}

/** Ends an override. The source's value comes back with the next run. Errors: `override-unknown`; `override-ended` where somebody was first. */
export function unpinField(db: Database, { id, because, actor }: Unpinning, ctx: StageContext): Promise<void> {
  return db.transaction({ site: 'publish.override', ctx, lockTimeoutMs: 60_000 }, async (tx) => {
    // A chunk of a publish has either not looked at the record yet, or sees what happens here.
    const [place] = await tx.query<{ schema: string; table: string }>(
      `select t.schema, t."table" from freshet.publish_override o
         join freshet.published_table t on t.pipeline = o.pipeline and t.entity = o.entity where o.id = $1`,
      [id],
    );
    if (place !== undefined) await lockTable(tx, place.schema, place.table);
    const [held] = await tx.query<{
      pipeline: string;
      entity: string;
      record_id: string;
      ended_by: string | null;
      ended_at: string | null;
    }>(
      `select pipeline, entity, record_id, ended_by, to_char(ended_at at time zone 'utc', 'YYYY-MM-DD HH24:MI') || ' UTC' as ended_at
         from freshet.publish_override where id = $1 for update`,
      [id],
    );
    if (held === undefined) throw noSuchOverride(id);
    if (held.ended_at !== null) throw alreadyEnded(id, { by: held.ended_by, at: held.ended_at });
    await tx.query(`update freshet.publish_override set ended_at = now(), ended_by = $2, ended_because = $3 where id = $1`, [
      id,
      actor,
      because,
    ]);
    await tryAgain(tx, held, held.record_id);
  });
}

/** Its last state was refused, perhaps for the field that is pinned now: what else changed in it waits, too. */
async function isRefused(tx: Tx, { pipeline, entity }: PinWish, recordId: string): Promise<boolean> {
  const rejects = await tx.query(
    `select from freshet.reject where pipeline = $1 and entity = $2 and record_id = $3 and stage = 'publish' and closed_by_run is null limit 1`,
    [pipeline, entity, recordId],
  );
  return rejects.length > 0;
}

/** The record is looked at by the next publish, though it did not change. */
async function tryAgain(
  tx: Tx,
  { pipeline, entity }: { readonly pipeline: string; readonly entity: string },
  recordId: string,
): Promise<void> {
  await tx.query(
    `insert into freshet.publish_pending (pipeline, entity, run_id, record_id, kind)
     select $1, $2, l.run_id, $3, 'override' from freshet.publish_ledger l join freshet.run r on r.id = l.run_id
      where r.pipeline = $1 and l.entity = $2 order by l.started_at desc limit 1
         on conflict (pipeline, entity, record_id) do nothing`,
    [pipeline, entity, recordId],
  );
}
