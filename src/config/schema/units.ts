import { z } from 'zod';

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 };

function amount(text: string, units: Readonly<Record<string, number>>): number {
  const [, digits = '', unit = ''] = /^(\d+)(\w+)$/.exec(text) ?? [];
  return Number(digits) * (units[unit] ?? Number.NaN);
}

/** The shortest text with a whole count, in the greatest unit that divides the amount. */
function inUnits(value: number, units: Readonly<Record<string, number>>): string {
  const fitting = Object.entries(units).filter(([, size]) => value % size === 0);
  const [unit, size] = value === 0 ? Object.entries(units)[0]! : fitting[fitting.length - 1]!;
  return `${value / size}${unit}`;
}

/** A duration as text (`500ms`, `10m`, `48h`, `7d`), in milliseconds inside. */
export function durationSchema() {
  const text = z.string('a duration such as 30s, 10m, 48h or 7d').regex(/^\d{1,9}(ms|s|m|h|d)$/, 'a duration such as 30s, 10m, 48h or 7d');
  return z.codec(text, z.int().nonnegative(), {
    decode: (value) => amount(value, MILLISECONDS),
    encode: (value) => inUnits(value, MILLISECONDS),
  });
}

/** An amount of bytes as text (`64KiB`, `256MiB`), in bytes inside. */
export function bytesSchema(least = 1) {
  const text = z.string('a size such as 64KiB or 256MiB').regex(/^\d{1,7}(B|KiB|MiB|GiB)$/, 'a size such as 64KiB or 256MiB');
  return z.codec(text, z.int().min(least, `at least ${inUnits(least, BYTES)}`), {
    decode: (value) => amount(value, BYTES),
    encode: (value) => inUnits(value, BYTES),
  });
}

/** A whole number within bounds. */
export function countSchema(least: number, most: number) {
  const allowed = `a whole number from ${least} to ${most}`;
  return z.int(allowed).min(least, allowed).max(most, allowed);
}
