import { RawNumber } from './json-text';

const FRACTIONS = Array.from({ length: 1000 }, (_, n) =>
  String(n)
    .padStart(3, '0')
    .replace(/0{1,2}$/, ''),
);

/** Digits of a count (0 or more) of thousandths as Zoho prints doubles: at least one decimal, no further trailing zeros (`120.0`, `10000.05`). */
export function fromThousandths(thousandths: number): RawNumber {
  const whole = Math.floor(thousandths / 1000);
  return new RawNumber(`${whole}.${FRACTIONS[thousandths - whole * 1000] as string}`);
}

/** Exact sum of decimal texts, printed as `fromThousandths` prints. */
export function exactSum(texts: readonly string[]): RawNumber {
  const scale = Math.max(1, ...texts.map((text) => fraction(text).length));
  const sum = texts.reduce((total, text) => total + BigInt(text.split('.')[0] + fraction(text).padEnd(scale, '0')), 0n);
  return new RawNumber(scaledText(sum, scale));
}

function fraction(text: string): string {
  return text.split('.')[1] ?? '';
}

function scaledText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const decimals = digits.slice(-scale).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${decimals === '' ? '0' : decimals}`;
}
