import { numberText, type ExactNumber } from '../../json/number-text';

/** Order of two numbers, exact whatever their size. */
export function compareNumbers(a: ExactNumber, b: ExactNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareDecimals(decimalOf(numberText(a)), decimalOf(numberText(b)));
}

interface Decimal {
  readonly sign: -1 | 0 | 1;
  /** Power of ten of the leading digit. */
  readonly power: bigint;
  readonly digits: string;
}

const NORMALISED = /^(-?)(\d+)(?:\.(\d+))?(?:e(-?\d+))?$/;

function decimalOf(text: string): Decimal {
  const [, minus = '', whole = '', fraction = '', exponent = '0'] = NORMALISED.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return { sign: 0, power: 0n, digits };
  const zeros = whole.length + fraction.length - digits.length;
  return { sign: minus === '' ? 1 : -1, power: BigInt(exponent) + BigInt(whole.length - 1 - zeros), digits: digits.replace(/0+$/, '') };
}

function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  return a.sign * compareMagnitudes(a, b);
}

function compareMagnitudes(a: Decimal, b: Decimal): number {
  if (a.power !== b.power) return a.power < b.power ? -1 : 1;
  return a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0;
}
