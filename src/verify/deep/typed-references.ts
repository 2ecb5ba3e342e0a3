import type { PublishSettings } from '../../config/schema/publish';
import type { Tx } from '../../database/database';
import { ident } from '../../database/identifier';
import type { DeepEntity } from './deep-entity';
import type { TypedPlace } from './typed-place';
import { checkSql, type Findings } from './violation';

interface Reference {
  readonly target: string;
  readonly entity: string;
  /** Absent: the parent's unique field. */
  readonly field: string | undefined;
}

/** Foreign keys between published tables, whether or not PostgreSQL keeps them: a constraint may be `not valid`, or dropped. */
export async function checkReferences(tx: Tx, findings: Findings, entity: DeepEntity, place: TypedPlace): Promise<void> {
  for (const reference of referencesOf(place.rules)) {
    if (!place.columns.includes(reference.target)) continue;
    const parent = await parentOf(tx, entity.pipeline, reference);
    if (parent === null) continue;
    const target = ident(reference.target);
    await checkSql(tx, findings, {
      invariant: 13,
      name: 'typed-orphan',
      entity: entity.label,
      where: place.label,
      what: `rows whose ${reference.target} names no row of ${parent.label}`,
      remedy: `./freshet run ${entity.pipeline} --full brings rows back that ${parent.label} should have; a ${reference.target} that is wrong, set right in ${place.label} by hand`,
      rows: place.rows,
      sql: `select t.source_id as id, t.${ident(place.uniqueField)}::text as "key", t.${target}::text as names
              from ${place.typed!} t
             where t.source_id is not null and t.${target} is not null and not exists (select from ${parent.name} p where p.${parent.column}::text = t.${target}::text)`,
    });
  }
}

/** Those that refuse a row; what only warns is let through. */
function referencesOf(rules: PublishSettings | null): Reference[] {
  if (rules === null) return [];
  const declared = Object.entries(rules.references).map(([target, { entity, field }]) => ({ target, entity, field }));
  const ruled = rules.validation_rules.flatMap((rule): Reference[] =>
    rule.rule === 'foreign_key' && rule.severity === 'error' ? [{ target: rule.field, entity: rule.entity, field: rule.to }] : [],
  );
  return [...declared, ...ruled];
}

interface Parent {
  readonly label: string;
  /** Quoted, both. */
  readonly name: string;
  readonly column: string;
}

/** `null`: it has no table, or the table no such column; its own checks say so. */
async function parentOf(tx: Tx, pipeline: string, { entity, field }: Reference): Promise<Parent | null> {
  const [row] = await tx.query<{ schema: string; table: string; unique_field: string }>(
    `select schema, "table", unique_field from freshet.published_table where pipeline = $1 and entity = $2`,
    [pipeline, entity],
  );
  if (row === undefined) return null;
  const column = field ?? row.unique_field;
  const [there] = await tx.query(
    `select from pg_catalog.pg_attribute where attrelid = to_regclass($1) and attname = $2 and not attisdropped`,
    [ident(row.schema, row.table), column],
  );
  return there === undefined ? null : { label: `${row.schema}.${row.table}`, name: ident(row.schema, row.table), column: ident(column) };
}
