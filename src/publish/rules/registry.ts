import { compilePattern } from '../../config/pattern';
import type { PublishRuleOf } from '../../config/schema/publish-rule';
import { dateFormat } from '../../domain/date-format';
import { dayCell } from '../../json/time-cell';
import { conversion } from '../mapping/convert';
import { doesNotFit } from '../mapping/does-not-fit';
import type { Check, Question, RowRuleName } from './check';
import { boundKey, orderOf } from './comparing';
import { crossField } from './cross-field';
import { oneOfValues } from './one-of';

/** Every rule that a row can break by itself, by its name in pipeline files. */
export const RULES: { readonly [Name in RowRuleName]: (rule: PublishRuleOf<Name>, question: Question) => Check } = {
  not_empty: () => ({ expected: 'a value', wantsValue: true, holds: (cell) => cell.trim() !== '' }),
  format: ({ pattern }, question) => formed(pattern, `a text of the form ${pattern}`, question),
  sku_format: ({ pattern }, question) => formed(pattern, 'an SKU', question),
  range,
  length: ({ min = 0, max = Infinity }, question) => {
    const expected =
      max === Infinity ? `${min} characters or more` : min === 0 ? `at most ${max} characters` : `${min} to ${max} characters`;
    return ofPlainText(question, expected, (text) => isOfLength(text, min, max));
  },
  enum: ({ values }, { plan, slot, path }) => ({
    expected: `one of ${values.map(String).join(', ')}`,
    holds: oneOfValues(values, { plan, slot, path: `${path}.values` }),
  }),
  date: ({ format }, question) => {
    if (question.slot.type === 'date' || question.slot.type === 'timestamptz') return { expected: 'a day', holds: () => true };
    const fits = format === undefined ? (text: string) => dayCell(text) !== undefined : dateFormat(format);
    return ofPlainText(question, format ?? 'a day such as 2024-02-29', fits);
  },
  cross_field: crossField,
};

function formed(pattern: string, expected: string, question: Question): Check {
  const { fits } = compilePattern(pattern);
  return ofPlainText(question, expected, fits);
}

/** Asks the text of a value as people read it: booleans as true and false, a JSON text without its quotes. */
function ofPlainText({ plan, slot }: Question, expected: string, fits: (text: string) => boolean): Check {
  if (slot.type === 'text') return { expected, holds: fits };
  const plain = conversion(slot.type, 'text', plan.surroundings.zone)!;
  return { expected, holds: (cell) => fits(plain(cell) ?? '') };
}

/** Characters as people count them; most texts are known to fit by their length alone. */
function isOfLength(text: string, min: number, max: number): boolean {
  if (text.length <= max && text.length >= 2 * min) return true;
  if (text.length < min) return false;
  const length = [...text].length;
  return length >= min && length <= max;
}

function range({ min, max }: PublishRuleOf<'range'>, { plan, slot, path }: Question): Check {
  const order = orderOf(slot.type, plan.surroundings.zone);
  if (order.kind === 'texts') throw doesNotFit(path, `${slot.name} is ${slot.type}, and has no range`);
  const [least, most] = (['min', 'max'] as const).map((side) => {
    const bound = side === 'min' ? min : max;
    if (bound === undefined) return null;
    const key = boundKey(order, bound);
    if (key === null) throw doesNotFit(`${path}.${side}`, `${String(bound)} is no value to compare ${slot.type} with`);
    return key;
  });
  if (typeof least === 'string' && typeof most === 'string' && order.compare(least, most) > 0) throw doesNotFit(path, 'min is above max');
  const noun = order.kind === 'numbers' ? 'a number' : 'a time';
  const bounds = [min === undefined ? '' : ` from ${min}`, max === undefined ? '' : ` up to ${max}`].join('');
  return {
    expected: noun + bounds,
    holds: (cell) => {
      const key = order.key(cell);
      if (key === null) return false;
      return (least === null || order.compare(key, least!) >= 0) && (most === null || order.compare(key, most!) <= 0);
    },
  };
}
