import { createHash } from 'node:crypto';
import type { ForeignKeyRule } from '../../config/schema/validation-rule';
import type { Tx } from '../../database/database';
import { ident } from '../../database/identifier';
import type { Column } from '../columns';
import { foreignKeys, NO_POLICY } from '../load-policy';
import { lineTable } from '../load-target';
import type { MergeJob } from '../merge-job';
import { WRITTEN } from '../merge-sql';

/**
 * Keeps `freshet.row_warning` true after a merge: a row whose foreign key leads nowhere is stored and warned of, because its parent may still
 * come. Rows that this merge wrote are asked, all rows when the rules are others than before (or `whole`); what has its parent by now is warned
 * of no more, be it this entity's row or one that waited for a row of this entity.
 */
export async function warnOfOrphans(tx: Tx, job: MergeJob, { whole }: { readonly whole: boolean }): Promise<void> {
  const { target } = job;
  const rules = foreignKeys(target.policy ?? NO_POLICY);
  const names = [target.pipeline, target.entity];
  const [before] = await tx.query<{ digest: string | null; own: boolean; awaited: boolean }>(
    `select (select foreign_keys from freshet.pipeline_entity where pipeline = $1 and entity = $2) as digest,
            exists (select from freshet.row_warning where pipeline = $1 and entity = $2) as own,
            exists (select from freshet.row_warning where pipeline = $1 and parent_entity = $2) as awaited`,
    names,
  );
  const digest = rules.length === 0 ? null : createHash('sha256').update(JSON.stringify(rules)).digest('hex');
  const all = whole || before?.digest !== digest;
  if (before?.digest !== digest)
    await tx.query(`update freshet.pipeline_entity set foreign_keys = $3 where pipeline = $1 and entity = $2`, [...names, digest]);
  if (before?.own === true) await forget(tx, job, { all, rules });
  for (const rule of rules) await warn(tx, job, { rule, all });
  if (before?.awaited === true) await settleAwaited(tx, job);
}

/** Rows that are asked again lose their warnings first; so do rows that are deleted, and those that have their parent. */
async function forget(tx: Tx, { target }: MergeJob, { all, rules }: { all: boolean; rules: readonly ForeignKeyRule[] }): Promise<void> {
  const names = [target.pipeline, target.entity];
  const own = `delete from freshet.row_warning w where w.pipeline = $1 and w.entity = $2`;
  if (all) return void (await tx.query(own, names));
  await tx.query(
    `${own} and (exists (select from merge_plan p where p.id = w.record_id and ${WRITTEN})
                 or not exists (select from ${ident(target.schema, target.table)} t where t.id = w.record_id and t.deleted_at is null))`,
    names,
  );
  for (const entity of new Set(rules.map((rule) => rule.entity))) {
    const parent = await parentTable(tx, target.pipeline, entity);
    if (parent === null) continue;
    await tx.query(`${own} and w.parent_entity = $3 and exists (select from ${parent} t where t.id = w.value and t.deleted_at is null)`, [
      ...names,
      entity,
    ]);
  }
}

async function warn(tx: Tx, { target, pair }: MergeJob, { rule, all }: { rule: ForeignKeyRule; all: boolean }): Promise<void> {
  const ofLines = rule.field.includes('[].');
  const [list, field] = ofLines ? rule.field.split('[].') : [null, rule.field];
  if (ofLines && list !== target.definition.lineItems?.field) return;
  const column = (ofLines ? (pair.shape.lines ?? []) : pair.shape.header).find((each) => each.field === field);
  // Nothing came in that field yet.
  if (column === undefined) return;
  const parent = await parentTable(tx, target.pipeline, rule.entity);
  const header = ident(target.schema, target.table);
  const rows = ofLines
    ? `${header} t join ${ident(target.schema, lineTable(target.table))} f on f.parent_id = t.id and f.deleted_at is null`
    : `${header} t`;
  await tx.query(
    `insert into freshet.row_warning (pipeline, entity, record_id, rule, field, value, parent_entity, message, run_id)
     select distinct $1, $2, t.id, 'foreign_key', $3, v.value, $4, $5, $6
       from ${rows}
      ${all ? '' : `join merge_plan p on p.id = t.id and ${WRITTEN}`}
      cross join lateral (select ${textOf(ofLines ? 'f' : 't', column)} as value) v
      where t.deleted_at is null and v.value <> ''
        ${parent === null ? '' : `and not exists (select from ${parent} p where p.id = v.value and p.deleted_at is null)`}`,
    [
      target.pipeline,
      target.entity,
      rule.field,
      rule.entity,
      rule.error_message ?? `${rule.field} is no id of ${rule.entity} yet`,
      target.runId,
    ],
  );
}

function textOf(alias: string, { name, type }: Column): string {
  const value = `${alias}.${ident(name)}`;
  return type === 'jsonb' ? `${value} #>> '{}'` : `${value}::text`;
}

/**
 * Warnings that waited for rows of this entity. Last, and passing over what another merge holds: two entities that refer to each other
 * must not wait for one another; what is passed over goes with the next load of either.
 */
async function settleAwaited(tx: Tx, { target }: MergeJob): Promise<void> {
  await tx.query(
    `delete from freshet.row_warning where id in (
       select w.id from freshet.row_warning w join ${ident(target.schema, target.table)} t on t.id = w.value and t.deleted_at is null
        where w.pipeline = $1 and w.parent_entity = $2 for update of w skip locked)`,
    [target.pipeline, target.entity],
  );
}

/** The raw table of an entity of this pipeline, in SQL; `null` while it has none. */
async function parentTable(tx: Tx, pipeline: string, entity: string): Promise<string | null> {
  const [known] = await tx.query<{ raw_schema: string; raw_table: string }>(
    `select raw_schema, raw_table from freshet.pipeline_entity
      where pipeline = $1 and entity = $2 and to_regclass(format('%I.%I', raw_schema, raw_table)) is not null`,
    [pipeline, entity],
  );
  return known === undefined ? null : ident(known.raw_schema, known.raw_table);
}
