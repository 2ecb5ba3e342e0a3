import type { LosslessNumber } from 'lossless-json';

/** A number as parsed: a double that holds its source text exactly, or the source text itself. */
export type ExactNumber = number | LosslessNumber;

/** Longer expansions keep an exponent: `1e400` is a value, `1e999999999` must not become a gigabyte of zeros. */
const MAX_EXPANDED = 400;

const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * One text for one value: no exponent (up to 400 digits), no zeros in front or behind, no `-0`.
 * `1.10`, `11e-1` and `1.1` are the same number and give the same text.
 */
export function numberText(value: ExactNumber): string {
  if (typeof value !== 'number') return normalise(value.value);
  // Doubles print without an exponent between 1e-7 and 1e21.
  const text = String(value);
  return value === 0 ? '0' : text.includes('e') ? normalise(text) : text;
}

/** Digits after the decimal point of a normalised number text. */
export function scaleOf(text: string): number {
  const point = text.indexOf('.');
  const exponent = text.indexOf('e');
  if (exponent !== -1) return Math.max(0, -Number(text.slice(exponent + 1)));
  return point === -1 ? 0 : text.length - point - 1;
}

/** PostgreSQL's numeric: at most 131,072 digits before the point and 16,383 after it. */
export function isStorableNumeric(text: string): boolean {
  if (text.length <= MAX_EXPANDED && !text.includes('e')) return true;
  const [digits = '', exponent = '0'] = text.split('e');
  if (exponent.length > 7) return false;
  const whole = digits.replace('-', '').split('.')[0]!.length;
  return whole + Math.max(0, Number(exponent)) <= 131_072 && scaleOf(text) <= 16_383;
}

/** The one text of a decimal number; `null` where the text is none. */
export function decimalText(text: string): string | null {
  return plainDecimal(text) ?? (PARTS.test(text) ? normalise(text) : null);
}

const [MINUS, POINT, ZERO, NINE] = [0x2d, 0x2e, 0x30, 0x39];

/** The same for the numbers that nearly all are: short, without an exponent. `null`: the slower way has to look. */
function plainDecimal(text: string): string | null {
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  const whole = endOfWhole(text, start);
  if (whole === null) return null;
  let [first, end] = [start, text.length];
  while (first < whole - 1 && text.charCodeAt(first) === ZERO) first++;
  if (whole < end) while (text.charCodeAt(end - 1) === ZERO) end--;
  if (end === whole + 1) end = whole;
  const digits = text.slice(first, end);
  return start === 0 || digits === '0' ? digits : `-${digits}`;
}

/** Where the digits before the point end; `null` where the text has anything but digits and one point between them, or is long. */
function endOfWhole(text: string, start: number): number | null {
  const { length } = text;
  if (length === start || length > MAX_EXPANDED) return null;
  let whole = length;
  for (let i = start; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === POINT && whole === length && i > start && i < length - 1) whole = i;
    else if (code < ZERO || code > NINE) return null;
  }
  return whole;
}

function normalise(text: string): string {
  const match = PARTS.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return sign + place(significant, power);
}

/** `significant` times ten to the `power`. */
function place(significant: string, power: bigint): string {
  if (power > BigInt(MAX_EXPANDED) || power < BigInt(-MAX_EXPANDED)) return `${significant}e${power}`;
  const shift = Number(power);
  if (shift >= 0) return significant + '0'.repeat(shift);
  const padded = significant.padStart(1 - shift, '0');
  return `${padded.slice(0, shift)}.${padded.slice(shift)}`;
}
