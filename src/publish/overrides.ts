import type { Database } from '../database/database';
import { fenced } from '../database/fence';
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
