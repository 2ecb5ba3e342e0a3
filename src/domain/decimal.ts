const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const EXPONENT = /[eE]/;
const [MINUS, POINT, ZERO] = [0x2d, 0x2e, 0x30];

interface Parts {
  readonly sign: -1 | 0 | 1;
  /** Power of ten of the first digit. */
  readonly magnitude: bigint;
  readonly digits: string;
}

/** Whether the text is a decimal number as JSON writes them. */
export function isDecimal(text: string): boolean {
  return PARTS.test(text);
}

/** Compares two numbers by their texts, exactly and without expanding them: `1e400` is a number like another. Precondition: both are decimal. */
export function compareDecimals(a: string, b: string): number {
  return EXPONENT.test(a) || EXPONENT.test(b) ? compareParts(parts(a), parts(b)) : comparePlain(a, b);
}

function compareParts(x: Parts, y: Parts): number {
  if (x.sign !== y.sign) return x.sign - y.sign;
  if (x.sign === 0) return 0;
  if (x.magnitude !== y.magnitude) return x.magnitude > y.magnitude ? x.sign : -x.sign;
  const length = Math.max(x.digits.length, y.digits.length);
  const [left, right] = [x.digits.padEnd(length, '0'), y.digits.padEnd(length, '0')];
  return left === right ? 0 : left > right ? x.sign : -x.sign;
}

function parts(text: string): Parts {
  const [, minus, whole = '', fraction = '', exponent = '0'] = PARTS.exec(text)!;
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '');
  if (digits === '') return { sign: 0, magnitude: 0n, digits };
  const magnitude = BigInt(exponent) + BigInt(whole.length - (all.length - digits.length));
  return { sign: minus === '-' ? -1 : 1, magnitude, digits };
}

/** Numbers without an exponent, digit by digit: nothing is made on the way, because millions of cells are compared with a bound. */
function comparePlain(a: string, b: string): number {
  const [minusA, minusB] = [a.charCodeAt(0) === MINUS, b.charCodeAt(0) === MINUS];
  const bySize = compareSizes(a, b);
  if (minusA === minusB) return minusA ? -bySize : bySize;
  const bothZero = bySize === 0 && compareSizes(a, '0') === 0;
  return bothZero ? 0 : minusA ? -1 : 1;
}

function compareSizes(a: string, b: string): number {
  let [i, j] = [firstDigit(a), firstDigit(b)];
  const [pointA, pointB] = [pointOf(a), pointOf(b)];
  if (pointA - i !== pointB - j) return pointA - i > pointB - j ? 1 : -1;
  for (; i < pointA; i++, j++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(j);
    if (difference !== 0) return difference > 0 ? 1 : -1;
  }
  for (i++, j++; i < a.length || j < b.length; i++, j++) {
    const difference = digitAt(a, i) - digitAt(b, j);
    if (difference !== 0) return difference > 0 ? 1 : -1;
  }
  return 0;
}

/** Of the digits before the point the first that is not zero. */
function firstDigit(text: string): number {
  let at = text.charCodeAt(0) === MINUS ? 1 : 0;
  while (text.charCodeAt(at) === ZERO) at++;
  return at;
}

function pointOf(text: string): number {
  let at = 0;
  while (at < text.length && text.charCodeAt(at) !== POINT) at++;
  return at;
}

const digitAt = (text: string, at: number): number => (at < text.length ? text.charCodeAt(at) : ZERO);
