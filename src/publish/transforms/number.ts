import type { TransformOf } from '../../config/schema/publish-transform';
import { storableNumber } from '../mapping/convert';
import { shown } from '../mapping/findings';
import { doesNotFit } from '../mapping/does-not-fit';
import type { RowPlan } from '../mapping/row-plan';
import { changeFields, readInto } from './in-place';

export interface NumberForm {
  readonly decimal: '.' | ',';
  /** Between groups of three digits; '' where there are none. */
  readonly group: string;
  /** Texts before or behind the number that say nothing more. */
  readonly units: readonly string[];
}

/** A number as people write it, exactly; `null` where the text is empty, `undefined` where it is none. */
export function readNumber(text: string, { decimal, group, units }: NumberForm): string | null | undefined {
  const bare = withoutUnits(text.trim(), units);
  if (bare === '') return text.trim() === '' ? null : undefined;
  const unsigned = /^[+-]/.test(bare) ? bare.slice(1) : bare;
  const point = unsigned.indexOf(decimal);
  const [whole, fraction] = point < 0 ? [unsigned, null] : [unsigned.slice(0, point), unsigned.slice(point + 1)];
  const digits = ungrouped(whole, group);
  if (digits === null || fraction === '' || (fraction !== null && !/^\d+([eE][+-]?\d+)?$/.test(fraction))) return undefined;
  return storableNumber(`${bare.startsWith('-') ? '-' : ''}${digits}${fraction === null ? '' : `.${fraction}`}`);
}

function withoutUnits(text: string, units: readonly string[]): string {
  for (const unit of units) {
    if (text.endsWith(unit)) return text.slice(0, text.length - unit.length).trimEnd();
    if (text.startsWith(unit)) return text.slice(unit.length).trimStart();
  }
  return text;
}

const DIGITS_ONLY = /^\d+([eE][+-]?\d+)?$/;
const [FIRST_GROUP, GROUP] = [/^\d{1,3}$/, /^\d{3}$/];

/** Groups have three digits, but for the first: `1.23` is no number of thousands. */
function ungrouped(whole: string, group: string): string | null {
  if (group === '' || !whole.includes(group)) return DIGITS_ONLY.test(whole) ? whole : null;
  const parts = whole.split(group);
  return parts.every((part, index) => (index === 0 ? FIRST_GROUP : GROUP).test(part)) ? parts.join('') : null;
}

export function number(plan: RowPlan, settings: TransformOf<'number'>, path: string): void {
  if (settings.group === settings.decimal) throw doesNotFit(`${path}.group`, `${shown(settings.group)} is the decimal point already`);
  const { fields, invalid } = settings;
  const read = readInto(plan, path, 'numeric', (text) => readNumber(text, settings));
  // Whole numbers are numbers: a bigint stays one.
  changeFields(plan, { rule: 'number', path, fields, invalid, wanted: 'number' }, (slot) => (slot.type === 'bigint' ? null : read(slot)));
}

/** Currencies with another number of digits than two (ISO 4217). */
const DIGITS: ReadonlyMap<string, number> = new Map([
  ...['BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'].map(
    (code): [string, number] => [code, 0],
  ),
  ...['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map((code): [string, number] => [code, 3]),
  ...['CLF', 'UYW'].map((code): [string, number] => [code, 4]),
]);

/** A whole number of the smallest unit as an amount: `1999` with two digits is `19.99`; `undefined` where it is no whole number. */
export function fromMinorUnits(text: string, digits: number): string | undefined {
  const found = /^(-?)(\d+)(?:\.0+)?$/.exec(text);
  if (found === null) return undefined;
  const [, sign = '', whole = ''] = found;
  const padded = whole.padStart(digits + 1, '0');
  const point = padded.length - digits;
  return storableNumber(`${sign}${padded.slice(0, point)}${digits === 0 ? '' : `.${padded.slice(point)}`}`);
}

export function minorUnits(plan: RowPlan, { fields, digits, currency }: TransformOf<'minor_units'>, path: string): void {
  if (currency !== undefined && digits !== undefined) throw doesNotFit(`${path}.digits`, 'the currency knows its digits');
  const change = { rule: 'minor_units', path, fields, wanted: 'whole number of the smallest unit' } as const;
  if (currency === undefined) {
    changeFields(plan, change, () => ({ type: 'numeric', convert: (text) => fromMinorUnits(text, digits ?? 2) }));
    return;
  }
  const { read } = plan.surroundings.columns.value(currency, { path: `${path}.currency` });
  const slots = fields.map((name, index) => plan.slot(name, `${path}.fields.${index}`).at);
  let ofRow = 2;
  plan.steps.push((source, cells, { findings }) => {
    const code = read(source);
    const known = typeof code === 'string' && /^[A-Za-z]{3}$/.test(code);
    ofRow = known ? (DIGITS.get(code.toUpperCase()) ?? 2) : 2;
    if (!known && slots.some((at) => typeof cells[at] === 'string'))
      findings.add({ rule: 'minor_units', field: currency, value: code, message: `${currency} is ${shown(code)}, and no currency` });
  });
  changeFields(plan, change, () => ({ type: 'numeric', convert: (text) => fromMinorUnits(text, ofRow) }));
}
