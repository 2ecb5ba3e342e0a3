import { createHash } from 'node:crypto';
import { LosslessNumber } from 'lossless-json';
import type { JsonObject, JsonValue } from './decode';
import { numberText } from './number-text';

/** JSON text of a value: keys sorted, numbers exact and normalised. Equal values give equal texts; PostgreSQL's jsonb reads it. */
export function canonicalText(value: JsonValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || value instanceof LosslessNumber) return numberText(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  return canonicalContent(value as JsonObject, NOTHING);
}

/** Canonical text of an object without the named fields of its top level: what a row's hash is taken over. */
export function canonicalContent(record: JsonObject, leaveOut: ReadonlySet<string>): string {
  const members = Object.keys(record)
    .filter((key) => !leaveOut.has(key))
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(record[key]!)}`);
  return `{${members.join(',')}}`;
}

/** First 16 bytes of SHA-256 over prefix and content. */
export function hash16(prefix: string, content: string | Uint8Array): Buffer {
  return createHash('sha256').update(prefix).update(content).digest().subarray(0, 16);
}

const NOTHING: ReadonlySet<string> = new Set();
