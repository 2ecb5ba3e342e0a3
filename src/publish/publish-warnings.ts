import type { Tx } from '../database/database';
import type { ChunkJob } from './chunk';
import type { Judged, Warned } from './judge';
import type { PublishInput } from './publish-input';
import { staged } from './merge-sql';

/** Warnings of one entity that are kept; its ledger counts them all. */
export const WARNINGS_KEPT = 1_000;

interface Warning {
  readonly record_id: string;
  readonly rule: string;
  readonly field: string;
  readonly unique_value: string | null;
  readonly value: string | null;
  readonly message: string;
}

const keyOf = ({ record_id: id, rule, field }: Pick<Warning, 'record_id' | 'rule' | 'field'>): string => JSON.stringify([id, rule, field]);

/** A row of `freshet.publish_warning` for each rule of severity warning that a published row breaks; it goes when the row breaks it no more. */
export async function keepWarnings(tx: Tx, { scope, mapping }: ChunkJob, { warned }: Pick<Judged, 'warned'>): Promise<void> {
  const { pipeline, entity, runId } = scope.input;
  const held = await tx.query<{ record_id: string; rule: string; field: string; looked: boolean }>(
    `select record_id, rule, field, exists (select from publish_stage s where s.id = w.record_id) as looked
       from freshet.publish_warning w where pipeline = $1 and entity = $2`,
    [pipeline, entity],
  );
  if (held.length + warned.length === 0) return;
  const place = mapping.targets.findIndex(({ name }) => name === mapping.uniqueField);
  const keys = await tx.query<{ id: string; key: string | null }>(
    `select id, ${staged(place)}::text as key from publish_stage where id = any ($1::text[])`,
    [warned.map(({ id }) => id)],
  );
  const standing = warningsOf(warned, new Map(keys.map(({ id, key }) => [id, key ?? ''])));
  const over = held.filter((each) => each.looked && !standing.has(keyOf(each)));
  const known = new Set(held.map(keyOf));
  const fresh = [...standing].filter(([key]) => !known.has(key)).slice(0, Math.max(0, WARNINGS_KEPT - held.length + over.length));
  const kept = [...[...standing].filter(([key]) => known.has(key)), ...fresh].map(([, warning]) => warning);
  if (over.length > 0) await tx.query(FORGET, [pipeline, entity, JSON.stringify(over)]);
  if (kept.length > 0) await tx.query(KEEP, [pipeline, entity, runId, JSON.stringify(kept)]);
}

const FORGET = `delete from freshet.publish_warning w using jsonb_to_recordset($3::jsonb) as o (record_id text, rule text, field text)
  where w.pipeline = $1 and w.entity = $2 and (w.record_id, w.rule, w.field) = (o.record_id, o.rule, o.field)`;

const KEEP = `insert into freshet.publish_warning (pipeline, entity, run_id, record_id, rule, field, unique_value, value, message)
  select $1, $2, $3, k.* from jsonb_to_recordset($4::jsonb) as k (record_id text, rule text, field text, unique_value text, value text, message text)
      on conflict (pipeline, entity, record_id, rule, field) do update
     set run_id = excluded.run_id, unique_value = excluded.unique_value, value = excluded.value, message = excluded.message`;

/** By record, rule and field: where a file has the same rule twice for a field, one warning has both sentences. */
function warningsOf(warned: readonly Warned[], keys: ReadonlyMap<string, string>): Map<string, Warning> {
  const found = new Map<string, Warning>();
  for (const { id, reasons } of warned) {
    for (const { rule, field, message, value } of reasons) {
      const own = { record_id: id, rule, field: field ?? '' };
      const before = found.get(keyOf(own))?.message;
      const told = before === undefined ? message : `${before}; ${message}`;
      found.set(keyOf(own), { ...own, unique_value: keys.get(id) ?? null, value: value ?? null, message: told });
    }
  }
  return found;
}

/** A publish that looks at every row finds all warnings anew. */
export async function forgetWarnings(tx: Tx, { pipeline, entity }: Pick<PublishInput, 'pipeline' | 'entity'>): Promise<void> {
  await tx.query(`delete from freshet.publish_warning where pipeline = $1 and entity = $2`, [pipeline, entity]);
}
