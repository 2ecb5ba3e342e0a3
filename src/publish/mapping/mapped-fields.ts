import type { Constant } from '../../config/schema/names';
import type { MappedField } from '../../config/schema/publish';
import { numberText } from '../../json/number-text';
import type { ColumnType } from '../../sources/source';
import { conversion } from './convert';
import { doesNotFit } from './does-not-fit';
import type { Step, RowPlan, Slot } from './row-plan';
import type { SourceValue } from './source-columns';
import { shown } from './findings';
import type { Cell } from './mapping';

/** Fills targets from the source, or with constants, as `field_mappings` says. */
export function mapFields(plan: RowPlan, fields: Readonly<Record<string, MappedField>>): void {
  const copies: { readonly from: number; readonly to: number }[] = [];
  const others: Step[] = [];
  for (const [name, said] of Object.entries(fields)) {
    const path = `field_mappings.${name}`;
    const field = typeof said === 'string' ? { from: said } : said;
    if (field.from === undefined) {
      others.push(constant(plan.add(name, field.type ?? constantType(field.value!), { path }), field.value!, path));
      continue;
    }
    const value = plan.surroundings.columns.value(field.from, { path, type: field.type, optional: field.optional === true });
    const slot = plan.add(name, value.type, { path, declared: field.type });
    if (value.index !== null) copies.push({ from: value.index, to: slot.at });
    else others.push((source, cells) => void (cells[slot.at] = value.read(source)));
    const absent = whenAbsent(plan, slot, field, value);
    if (absent !== null) others.push(absent);
  }
  plan.steps.push(copied(copies), ...others);
}

function copied(copies: readonly { readonly from: number; readonly to: number }[]): Step {
  const [from, to] = [copies.map((copy) => copy.from), copies.map((copy) => copy.to)];
  const count = copies.length;
  return (source, cells) => {
    for (let i = 0; i < count; i++) cells[to[i]!] = source[from[i]!];
  };
}

function constantType(value: Constant): ColumnType {
  return typeof value === 'boolean' ? 'boolean' : typeof value === 'number' ? 'numeric' : 'text';
}

/** A constant of the file as text of a type. Errors: config_error where it does not fit. */
export function constantText(value: Constant, type: ColumnType, { path, zone }: { readonly path: string; readonly zone: string }): string {
  const text = typeof value === 'number' ? numberText(value) : String(value);
  const made = type === 'jsonb' ? (typeof value === 'string' ? JSON.stringify(value) : text) : conversion('text', type, zone)!(text);
  if (typeof made !== 'string' || made.includes('\0')) throw doesNotFit(path, `${shown(text)} is no value of type ${type}`);
  return made;
}

function constant({ at, type }: Slot, value: Constant, path: string): Step {
  const text = constantText(value, type, { path, zone: 'UTC' });
  return (_source, cells) => void (cells[at] = text);
}

type FromSource = Exclude<MappedField, string>;

/** What becomes of a target whose source says nothing; `null` where it stays as it is. */
function whenAbsent(plan: RowPlan, slot: Slot, { from = '', default: otherwise }: FromSource, value: SourceValue): Step | null {
  const { at } = slot;
  const { missing, zone } = plan.surroundings;
  if (otherwise !== undefined) {
    const text = constantText(otherwise, value.type, { path: `field_mappings.${slot.name}.default`, zone });
    return (_source, cells) => void (cells[at] ??= text);
  }
  // A column of the raw table has a value or NULL; only JSON, and a column that is not there, can lack one.
  if (value.index !== null || missing !== 'reject') return null;
  return (_source, cells, { findings }) => {
    if (cells[at] === undefined) findings.add({ rule: 'missing', field: slot.name, message: `${from} is missing in the record` });
  };
}

/** `missing: null`: what the source leaves out is cleared, whatever would have filled it. */
export function absentIsNull(plan: RowPlan): void {
  if (plan.surroundings.missing !== 'null') return;
  const width = plan.slots.length;
  plan.steps.push((_source, cells) => {
    for (let i = 0; i < width; i++) cells[i] ??= null;
  });
}

/** Brings every target to its declared type. Errors: config_error where its type has no such values. */
export function declaredTypes(plan: RowPlan): void {
  for (const slot of plan.slots) {
    if (slot.declared === undefined || slot.declared === slot.type) continue;
    const [from, to] = [slot.type, slot.declared];
    const convert = conversion(from, to, plan.surroundings.zone);
    if (convert === null) {
      throw doesNotFit(
        `field_mappings.${slot.name}.type`,
        `${from} does not become ${to} by itself; use a transform, or leave the type out`,
      );
    }
    slot.type = to;
    plan.steps.push(converted(slot, convert));
  }
}

function converted({ at, name, type }: Slot, convert: (text: string) => Cell): Step {
  return (_source, cells, { findings }) => {
    const text = cells[at];
    if (text === null || text === undefined) return;
    const made = convert(text);
    if (made === undefined)
      findings.add({ rule: 'type', field: name, value: text, message: `${name} is ${shown(text)}, which is no ${type}` });
    else cells[at] = made;
  };
}
