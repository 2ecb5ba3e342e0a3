import { LosslessNumber } from 'lossless-json';
import type { JsonValue } from './decode';
import { numberText } from './number-text';

/** A key or cursor as text: strings as they are, numbers with their exact digits; `null` for everything else and for `""`. */
export function scalarText(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'number' || value instanceof LosslessNumber) return numberText(value);
  return null;
}
