import type { Database, Tx } from '../database/database';
import { fenced } from '../database/fence';
import type { ChunkJob } from './chunk';
import { staged } from './merge-sql';
import type { PublishScope } from './publish-input';

/** Pinned values by record and field. */
export type Pins = ReadonlyMap<string, ReadonlyMap<string, string | null>>;

/** Ends overrides whose time is over: their records are published anew, so that the source's value comes back. */
export async function endExpired({ db, fence, ctx, input }: PublishScope): Promise<void> {
  const values = [input.pipeline, input.entity];
  const [some] = await db.query<{ expired: boolean }>(
    `select exists (select from freshet.publish_override where pipeline = $1 and entity = $2 and ended_at is null and expires_at <= now()) as expired`,
    values,
  );
  if (some?.expired !== true) return;
  await fenced(db, fence, { site: 'publish.overrides', ctx }, async (tx) => {
    await tx.query(
      `with ended as (update freshet.publish_override set ended_at = now()
                       where pipeline = $1 and entity = $2 and ended_at is null and expires_at <= now() returning record_id)
       insert into freshet.publish_pending (pipeline, entity, run_id, record_id, kind)
       select distinct $1, $2, $3, record_id, 'override' from ended
           on conflict (pipeline, entity, record_id) do nothing`,
      [...values, input.runId],
    );
  });
}

/** Overrides of an entity that hold now; people pin single fields, so they fit into memory. */
export async function readPins(db: Database, { pipeline, entity }: { readonly pipeline: string; readonly entity: string }): Promise<Pins> {
  const rows = await db.query<{ record_id: string; field: string; value: string | null }>(
    `select record_id, field, value from freshet.publish_override
      where pipeline = $1 and entity = $2 and ended_at is null and (expires_at is null or expires_at > now())`,
    [pipeline, entity],
  );
  const pins = new Map<string, Map<string, string | null>>();
  for (const { record_id: id, field, value } of rows) pins.set(id, (pins.get(id) ?? new Map<string, string | null>()).set(field, value));
  return pins;
}

/**
 * Records were read, and their pins with them, before this chunk had the table's lock; people pin meanwhile. What is pinned now is pinned in the
 * stage. Answers whether anything is.
 */
export async function stagePins(tx: Tx, { scope, typed }: ChunkJob): Promise<boolean> {
  const { pipeline, entity } = scope.input;
  const pins = await tx.query<{ seq: number; field: string; value: string | null }>(
    `select s.seq, o.field, o.value from freshet.publish_override o join publish_stage s on s.id = o.record_id
      where o.pipeline = $1 and o.entity = $2 and o.ended_at is null and (o.expires_at is null or o.expires_at > now()) and not s.gone and s.verdict is null`,
    [pipeline, entity],
  );
  for (const [place, { name, type }] of typed.columns.entries()) {
    const own = pins.filter(({ field }) => field === name);
    if (own.length === 0) continue;
    await tx.query(
      `update publish_stage s set ${staged(place)} = p.value::${type}, pinned = array_append(array_remove(s.pinned, ${place}::smallint), ${place}::smallint)
         from unnest($1::int[], $2::text[]) p (seq, value) where s.seq = p.seq`,
      [own.map(({ seq }) => seq), own.map(({ value }) => value)],
    );
  }
  return pins.length > 0;
}

/** Whose override a person ended after the record was read, was written with the pinned value: it is tried again. */
export async function keepUnpinned(tx: Tx, { scope, typed }: ChunkJob): Promise<void> {
  const { pipeline, entity, runId } = scope.input;
  await tx.query(
    `insert into freshet.publish_pending (pipeline, entity, run_id, record_id, kind)
     select distinct $1, $2, $3, s.id, 'override' from publish_stage s cross join lateral unnest(s.pinned) p (place)
      where not exists (select from freshet.publish_override o
                         where o.pipeline = $1 and o.entity = $2 and o.record_id = s.id and o.field = ($4::text[])[p.place + 1] and o.ended_at is null)
         on conflict (pipeline, entity, record_id) do nothing`,
    [pipeline, entity, runId, typed.columns.map(({ name }) => name)],
  );
}
