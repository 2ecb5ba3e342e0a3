import { DIMENSION_FIELDS, type TransformOf } from '../../config/schema/publish-transform';
import { compareDecimals } from '../../domain/decimal';
import { conversion, type Convert } from '../mapping/convert';
import { doesNotFit } from '../mapping/does-not-fit';
import { shown, type Findings } from '../mapping/findings';
import type { Cell } from '../mapping/mapping';
import type { RowPlan } from '../mapping/row-plan';
import { readNumber, type NumberForm } from './number';
import { presentFields, type PresentField } from './present-fields';

const BETWEEN = /[x×*]/i;

/** `12,5 x 3 x 4 cm` as its numbers, each exactly; `null` where the text is empty, `undefined` where it is no such list of that length. */
export function readDimensions(text: string, count: number, form: NumberForm): readonly string[] | null | undefined {
  if (text.trim() === '') return null;
  const parts = text.split(BETWEEN);
  if (parts.length !== count) return undefined;
  const numbers = parts.map((part) => readNumber(part, form));
  return numbers.every((number): number is string => typeof number === 'string' && !number.startsWith('-')) ? numbers : undefined;
}

export function dimensions(plan: RowPlan, settings: TransformOf<'dimensions'>, path: string): void {
  const { from, into, invalid, decimal, units } = settings;
  const { type, read } = plan.surroundings.columns.value(from, { path: `${path}.from` });
  if (type !== 'text') throw doesNotFit(`${path}.from`, `${from} is ${type}, and only a text holds several numbers`);
  const slots = into.map((name, index) => plan.add(name, 'numeric', { path: `${path}.into.${index}` }).at);
  const severity = invalid === 'reject' ? 'error' : 'warning';
  const form = { decimal, group: '', units };
  plan.steps.push((source, cells, { findings }) => {
    const text = read(source);
    const numbers = typeof text === 'string' ? readDimensions(text, slots.length, form) : text;
    for (let i = 0; i < slots.length; i++) cells[slots[i]!] = typeof numbers === 'object' && numbers !== null ? numbers[i] : null;
    if (numbers !== undefined) return;
    if (text === undefined) for (const at of slots) cells[at] = undefined;
    else {
      const message = `${from} is ${shown(text)}, which is no list of ${slots.length} numbers`;
      findings.add({ rule: 'dimensions', field: from, severity, value: text, message });
    }
  });
}

/**
 * Length, width and height of a 4D server's articles as exact numbers, and the three as one text. 4D's numbers are never null: 0 says that
 * nobody measured, and becomes null. A negative measure is an error.
 */
export function transformDimensions(plan: RowPlan, { from, into }: TransformOf<'transform_dimensions'>, path: string): void {
  const found = presentFields(plan, from, DIMENSION_FIELDS, `${path}.from`);
  const measures = found.map((field) => ({ ...field, at: plan.add(field.target, 'numeric', { path: `${path}.from.${field.target}` }).at }));
  const readers = measures.map((measure) => measureReader(plan, measure, path));
  const { at: text } = plan.add(into, 'text', { path: `${path}.into` });
  plan.steps.push((source, cells, { findings }) => {
    let joined: string | null = measures.length === 3 ? '' : null;
    for (let i = 0; i < measures.length; i++) {
      const measure = readers[i]!(source, findings);
      cells[measures[i]!.at] = measure;
      if (typeof measure !== 'string') joined = null;
      else if (joined !== null) joined = joined === '' ? measure : `${joined} × ${measure}`;
    }
    cells[text] = joined;
  });
}

function measureReader(plan: RowPlan, { target, field, value }: PresentField, path: string) {
  const convert: Convert | null = conversion(value.type, 'numeric', plan.surroundings.zone);
  if (convert === null) throw doesNotFit(`${path}.from.${target}`, `${field} is ${value.type}, which is no number`);
  return (source: readonly Cell[], findings: Findings): Cell => {
    const text = value.read(source);
    if (text === null || text === undefined || text === '0') return text === '0' ? null : text;
    const number = convert(text);
    if (number === null) return null;
    const sign = number === undefined ? -1 : compareDecimals(number, '0');
    if (sign > 0) return number;
    if (sign < 0) {
      const message = `${field} is ${shown(text)}, which is no measure`;
      findings.add({ rule: 'transform_dimensions', field: target, value: text, message });
    }
    return null;
  };
}
