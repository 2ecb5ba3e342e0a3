import type { TransformOf } from '../../config/schema/publish-transform';
import { AS_IT_IS, conversion, type Convert } from '../mapping/convert';
import { constantText } from '../mapping/mapped-fields';
import type { RowPlan } from '../mapping/row-plan';
import type { Read } from '../mapping/source-columns';
import { changeFields, ofTexts } from './in-place';

const WORD = /\p{L}[\p{L}\p{M}\p{N}'’]*/gu;

export function titleCase(text: string): string {
  return text.replace(WORD, (word) => {
    const [first = ''] = word;
    return first.toUpperCase() + word.slice(first.length).toLowerCase();
  });
}

/** Changes texts by a function that is never at a loss. */
export function changeTexts(
  plan: RowPlan,
  { transform, fields }: { transform: string; fields: readonly string[] },
  path: string,
  convert: Convert,
): void {
  changeFields(plan, { rule: transform, path, fields, wanted: 'text' }, ofTexts(convert));
}

export function trim(plan: RowPlan, settings: TransformOf<'trim'>, path: string): void {
  const empty = settings.empty === 'null' ? null : '';
  changeTexts(plan, settings, path, (text) => {
    const trimmed = settings.collapse ? text.trim().replace(/\s+/gu, ' ') : text.trim();
    return trimmed === '' ? empty : trimmed;
  });
}

/** Puts the value where there is none: nothing, null, or an empty text. */
export function otherwise(plan: RowPlan, { fields, value }: TransformOf<'default'>, path: string): void {
  for (const [index, name] of fields.entries()) {
    const { at, type } = plan.slot(name, `${path}.fields.${index}`);
    const text = constantText(value, type, { path: `${path}.value`, zone: plan.surroundings.zone });
    plan.steps.push((_source, cells) => {
      const held = cells[at];
      if (held === null || held === undefined || held === '') cells[at] = text;
    });
  }
}

/** Exchanges values for others; the target becomes text. */
export function translate(plan: RowPlan, settings: TransformOf<'translate'>, path: string): void {
  const values = new Map(Object.entries(settings.values).map(([from, to]) => [from, to === null ? null : String(to)]));
  const unknown: Convert = settings.otherwise === 'keep' ? AS_IT_IS : () => (settings.otherwise === 'null' ? null : undefined);
  changeFields(plan, { rule: 'translate', path, fields: settings.fields, wanted: 'value that the file translates' }, ({ type }) => {
    const plain = conversion(type, 'text', plan.surroundings.zone)!;
    return { type: 'text', convert: (text) => exchanged(plain(text), values, unknown) };
  });
}

function exchanged(text: ReturnType<Convert>, values: ReadonlyMap<string, string | null>, unknown: Convert): ReturnType<Convert> {
  if (typeof text !== 'string') return text;
  const found = values.get(text);
  return found === undefined ? unknown(text) : found;
}

/** Joins what there is; nothing but nulls and empty texts is null. */
export function concat(plan: RowPlan, { into, from, fields = [], separator }: TransformOf<'concat'>, path: string): void {
  const { columns, zone } = plan.surroundings;
  const ofSource = (from ?? []).map((field, index): Read => {
    const { type, read } = columns.value(field, { path: `${path}.from.${index}` });
    return asText(read, conversion(type, 'text', zone)!);
  });
  const ofTargets = fields.map((name, index): Read => {
    const { at, type } = plan.slot(name, `${path}.fields.${index}`);
    return asText((cells) => cells[at], conversion(type, 'text', zone)!);
  });
  const { at } = plan.add(into, 'text', { path: `${path}.into` });
  plan.steps.push((source, cells) => {
    let joined: string | undefined;
    for (const read of ofSource) joined = together(joined, read(source), separator);
    for (const read of ofTargets) joined = together(joined, read(cells), separator);
    cells[at] = joined === '' ? null : joined;
  });
}

function together(joined: string | undefined, part: ReturnType<Convert>, separator: string): string | undefined {
  if (part === undefined) return joined;
  if (part === null || part === '') return joined ?? '';
  return joined === undefined || joined === '' ? part : joined + separator + part;
}

function asText(read: Read, convert: Convert): Read {
  if (convert === AS_IT_IS) return read;
  return (row) => {
    const text = read(row);
    return typeof text === 'string' ? convert(text) : text;
  };
}
