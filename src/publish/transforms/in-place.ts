import type { ColumnType } from '../../sources/source';
import { AS_IT_IS, conversion, type Convert } from '../mapping/convert';
import { doesNotFit } from '../mapping/does-not-fit';
import { shown } from '../mapping/findings';
import type { RowPlan, Slot, Step } from '../mapping/row-plan';

/** A transform of targets where they stand. */
export interface Change {
  /** Its name, as findings call it. */
  readonly rule: string;
  /** Where it stands, below `publish`. */
  readonly path: string;
  readonly fields: readonly string[];
  /** What it makes of a value, in words: "which is no number". */
  readonly wanted: string;
  readonly invalid?: 'reject' | 'clear';
}

/** What becomes of the values of a target: the type they have afterwards, and how. `null`: they stay as they are. */
export type Making = (slot: Slot) => { readonly type: ColumnType; readonly convert: Convert } | null;

/** Changes each of the fields; absent and null values are left alone. */
export function changeFields(plan: RowPlan, change: Change, making: Making): void {
  for (const [index, name] of change.fields.entries()) {
    const slot = plan.slot(name, `${change.path}.fields.${index}`);
    const made = making(slot);
    if (made === null) continue;
    slot.type = made.type;
    plan.steps.push(changed(slot, made.convert, change));
  }
}

function changed({ at, name }: Slot, convert: Convert, { rule, wanted, invalid = 'reject' }: Change): Step {
  const severity = invalid === 'reject' ? 'error' : 'warning';
  return (_source, cells, { findings }) => {
    const text = cells[at];
    if (text === null || text === undefined) return;
    const made = convert(text);
    if (made !== undefined) cells[at] = made;
    else {
      findings.add({ rule, field: name, severity, value: text, message: `${name} is ${shown(text)}, which is no ${wanted}` });
      cells[at] = null;
    }
  };
}

/** For transforms that read texts into another type: numbers and the like are brought there without them. */
export function readInto(plan: RowPlan, path: string, to: ColumnType, read: Convert): Making {
  return ({ type, name }) => {
    if (type === to) return null;
    if (type === 'text') return { type: to, convert: read };
    const plain = type === 'jsonb' ? conversion('jsonb', 'text', 'UTC') : null;
    if (plain !== null) return { type: to, convert: (text) => after(plain(text), read) };
    const convert = conversion(type, to, plan.surroundings.zone);
    if (convert === null) throw doesNotFit(path, `${name} is ${type}, and that becomes no ${to}`);
    return { type: to, convert };
  };
}

function after(text: string | null | undefined, read: Convert): string | null | undefined {
  return typeof text === 'string' ? read(text) : text;
}

/** For transforms that change texts: other types have nothing to change. */
export function ofTexts(convert: Convert): Making {
  return ({ type }) => (type === 'text' && convert !== AS_IT_IS ? { type, convert } : null);
}
