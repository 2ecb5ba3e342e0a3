import { closest } from '../../config/closest';
import type { PublishSettings } from '../../config/schema/publish';
import { doesNotFit } from './does-not-fit';
import type { Reference } from './mapping';
import type { RowPlan } from './row-plan';

/** Which columns name rows of other typed tables. */
export function references(plan: RowPlan, publish: PublishSettings): readonly Reference[] {
  const declared = Object.entries(publish.references).map(([target, { entity, field }]): Reference => {
    plan.slot(target, `references.${target}`);
    return { target, severity: 'error', message: null, ...parentColumn(plan, { entity, field, path: `references.${target}` }) };
  });
  const ruled = publish.validation_rules.flatMap((rule, index): Reference[] => {
    if (rule.rule !== 'foreign_key') return [];
    const { field: target, severity, error_message: message = null, entity, to: field } = rule;
    return [{ target, severity, message, ...parentColumn(plan, { entity, field, path: `validation_rules.${index}` }) }];
  });
  return [...declared, ...ruled];
}

interface ParentWish {
  readonly entity: string;
  /** Absent: its unique field. */
  readonly field: string | undefined;
  readonly path: string;
}

function parentColumn(plan: RowPlan, { entity, field, path }: ParentWish): Pick<Reference, 'entity' | 'schema' | 'table' | 'column'> {
  const { published } = plan.surroundings;
  const parent = Object.hasOwn(published, entity) ? published[entity] : undefined;
  if (parent === undefined) throw doesNotFit(`${path}.entity`, `${entity} publishes no table`, closest(entity, Object.keys(published)));
  return { entity, schema: parent.schema, table: parent.table, column: field ?? parent.unique_field };
}
