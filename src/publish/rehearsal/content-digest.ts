import { createHash } from 'node:crypto';
import { canonicalJson } from '../../config/canonical-json';
import type { Database } from '../../database/database';
import { ident } from '../../database/identifier';
import type { PublishCounts } from '../../domain/publish-ledger';

/** Where an entity's published state is. */
export interface PublishedPlace {
  readonly pipeline: string;
  readonly entity: string;
  /** Quoted names; `null`: there is no table yet. */
  readonly typed: string | null;
}

/**
 * What a typed table and all that publish keeps beside it hold, as a digest: equal content gives an equal one, in whatever order and place it
 * lies. Without freshet's own stamps. `counts`: of the publish that led there.
 */
export async function contentDigest(db: Database, place: PublishedPlace, counts: PublishCounts | null = null): Promise<string> {
  const { pipeline, entity, typed } = place;
  const [held] = await db.query<{ id: string; names: string[] }>(
    `select id, array(select c ->> 'name' from jsonb_array_elements(columns) c order by 1) as names from freshet.published_table where pipeline = $1 and entity = $2`,
    [pipeline, entity],
  );
  const fields = held?.names.map((name) => `t.${ident(name)}`) ?? [];
  const tables =
    held === undefined || typed === null
      ? []
      : [
          await sum(db, `${typed} t`, [...fields, 't.source_id', 't.edited_at', 't.deleted_at is not null']),
          await sum(db, `freshet_base.${ident(`t_${held.id}`)} t`, [...fields, 't.freshet_id', 't.freshet_state']),
        ];
  return digestOf({ tables, beside: await beside(db, place), counts });
}

/** What waits, is refused and is contested now. */
async function beside(db: Database, { pipeline, entity }: PublishedPlace): Promise<readonly unknown[]> {
  const of = [pipeline, entity];
  const where = 'where t.pipeline = $1 and t.entity = $2';
  const rules = `(select jsonb_agg(jsonb_build_array(r -> 'rule', r -> 'field')) from jsonb_array_elements(t.reasons) r)`;
  return [
    await sum(db, `freshet.publish_pending t ${where}`, ['t.record_id', 't.kind'], of),
    await sum(db, `freshet.reject t ${where} and t.stage = 'publish' and t.closed_by_run is null`, ['t.record_id', rules], of),
    await sum(
      db,
      `freshet.conflict t ${where} and t.state in ('open', 'decided')`,
      ['t.record_id', 't.field', 't.source_value', 't.target_value', 't.decision'],
      of,
    ),
    await sum(
      db,
      `freshet.publish_override t ${where} and t.ended_at is null and (t.expires_at is null or t.expires_at > now())`,
      ['t.record_id', 't.field', 't.value'],
      of,
    ),
  ];
}

/** Sums do not care in which order rows come. */
async function sum(db: Database, from: string, cells: readonly string[], values: readonly string[] = []): Promise<string> {
  const [row] = await db.query<{ content: string }>(
    `select count(*) || ' ' || coalesce(sum(hashtextextended(row(${cells.join(', ')})::text, 0)::numeric), 0) as content from ${from}`,
    values,
  );
  return row!.content;
}

export function digestOf(body: unknown): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex');
}
