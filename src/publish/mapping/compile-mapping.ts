import { closest } from '../../config/closest';
import type { PublishSettings } from '../../config/schema/publish';
import { addRules, uniqueColumns } from '../rules/row-rules';
import { addTransforms } from '../transforms/registry';
import { doesNotFit } from './does-not-fit';
import { Findings } from './findings';
import { absentIsNull, declaredTypes, mapFields } from './mapped-fields';
import type { Cell, Mapping, RawColumn } from './mapping';
import { references } from './references';
import { RowPlan, type Step } from './row-plan';
import { SourceColumns } from './source-columns';

export interface MappingContext {
  /** IANA zone of the source: what its instants without an offset mean. */
  readonly zone: string;
  /** By entity: what the entities of the pipeline publish. */
  readonly published: Readonly<Record<string, PublishSettings>>;
}

/** Makes a mapping for a raw table. Errors: config_error `mapping-does-not-fit`, naming the setting, where that table lacks what it needs. */
export function compileMapping(publish: PublishSettings, raw: readonly RawColumn[], { zone, published }: MappingContext): Mapping {
  const columns = new SourceColumns(raw);
  const plan = new RowPlan({ columns, zone, missing: publish.missing, published });
  mapFields(plan, publish.field_mappings);
  addTransforms(plan, publish.transforms);
  declaredTypes(plan);
  absentIsNull(plan);
  plan.steps.push(uniqueField(plan, publish.unique_field));
  addRules(plan, publish.validation_rules);
  return {
    sourceColumns: columns.names,
    targets: plan.targets,
    uniqueField: publish.unique_field,
    zone,
    lookups: plan.lookups,
    references: references(plan, publish),
    unique: uniqueColumns(publish.validation_rules),
    map: rowMaker(plan),
  };
}

function rowMaker({ slots, steps }: RowPlan): Mapping['map'] {
  const [width, count] = [slots.length, steps.length];
  const findings = new Findings();
  const row: { readonly findings: Findings; looked: readonly Cell[] } = { findings, looked: [] };
  return (source, looked = NOTHING) => {
    const cells = new Array<Cell>(width);
    row.looked = looked;
    for (let i = 0; i < count; i++) steps[i]!(source, cells, row);
    return { cells, findings: findings.take() };
  };
}

const NOTHING: readonly Cell[] = [];

function uniqueField(plan: RowPlan, name: string): Step {
  const slot = plan.find(name);
  if (slot === undefined) {
    const names = plan.slots.map((each) => each.name);
    throw doesNotFit('unique_field', `${name} is no target of this mapping (${names.join(', ')})`, closest(name, names));
  }
  const { at } = slot;
  const message = `record missing unique field: ${name}`;
  return (_source, cells, { findings }) => {
    const key = cells[at];
    if (key === null || key === undefined || key === '') findings.add({ rule: 'unique_field', field: name, message });
  };
}
