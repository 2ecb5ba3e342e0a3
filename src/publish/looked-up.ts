import type { PublishSettings } from '../config/schema/publish';
import { transformOf } from '../config/schema/publish-transform';
import { ident } from '../database/identifier';
import type { Tx } from '../database/database';
import type { Mapping } from './mapping/mapping';
import type { PublishInput } from './publish-input';

/** Columns of an entity's typed table by which rows of the pipeline's entities find its rows: lookups, references, foreign keys. */
export function lookedUpColumns(entity: string, published: Readonly<Record<string, PublishSettings>>): readonly string[] {
  const found = Object.values(published).flatMap(({ transforms, references, validation_rules: rules }) => [
    ...transforms.map(transformOf).flatMap((each) => (each.transform === 'lookup' && each.entity === entity ? [each.match] : [])),
    ...Object.values(references).flatMap((each) => (each.entity === entity && each.field !== undefined ? [each.field] : [])),
    ...rules.flatMap((rule) => (rule.rule === 'foreign_key' && rule.entity === entity && rule.to !== undefined ? [rule.to] : [])),
  ]);
  return [...new Set(found)];
}

/** An index for every column that is asked for rows by its value, also by rules of uniqueness; one that somebody made serves as well. */
export async function indexLookedUp(tx: Tx, { target, indexed = [] }: PublishInput, { targets, unique }: Mapping): Promise<void> {
  const names = new Set([...indexed, ...unique.map(({ field }) => field)]);
  for (const { name } of targets) {
    if (!names.has(name)) continue;
    const table = ident(target.schema, target.table);
    const [held] = await tx.query(
      `select from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indrelid = to_regclass($1) and a.attname = $2 and i.indpred is null and i.indisvalid`,
      [table, name],
    );
    if (held === undefined) await tx.query(`create index on ${table} (${ident(name)})`);
  }
}
