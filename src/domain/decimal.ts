const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

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
  const [x, y] = [parts(a), parts(b)];
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
