import { hash } from 'node:crypto';
import { LosslessNumber } from 'lossless-json';
import type { JsonObject, JsonValue } from './decode';
import { numberText } from './number-text';
import { shapeOf } from './shape';

/** Canonical texts of an object's values that somebody already has, by their place in it. */
export type KnownTexts = readonly (string | undefined)[];

/**
 * JSON text of a value: keys sorted, numbers exact and normalised. Equal values give equal texts; PostgreSQL's jsonb reads it.
 * `plain`: nothing in its texts has to be escaped (`Decoded`).
 */
export function canonicalText(value: JsonValue, plain = false): string {
  if (typeof value === 'string') return plain ? `"${value}"` : quoted(value);
  if (typeof value === 'number') return numberText(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof LosslessNumber) return numberText(value);
  if (Array.isArray(value)) return canonicalArray((value as readonly JsonValue[]).map((member) => canonicalText(member, plain)));
  return canonicalContent(value as JsonObject, NOTHING, { plain });
}

/** Canonical text of an array of these texts. */
export function canonicalArray(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}

export interface KnownContent {
  readonly plain?: boolean;
  readonly texts?: KnownTexts;
}

/** Canonical text of an object without the named fields of its top level: what a row's hash is taken over. */
export function canonicalContent(record: JsonObject, leaveOut: ReadonlySet<string>, { plain = false, texts }: KnownContent = {}): string {
  const values = Object.values(record);
  let text = '';
  for (const { key, at, label } of shapeOf(record).sorted) {
    if (leaveOut.size > 0 && leaveOut.has(key)) continue;
    const content = texts?.[at] ?? canonicalText(values[at]!, plain);
    text += text === '' ? label + content : `,${label}${content}`;
  }
  return `{${text}}`;
}

/** What JSON writes otherwise within a string: quotes, backslashes, control characters, halves of surrogate pairs. */
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A text as JSON. */
export function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** First 16 bytes of SHA-256 over prefix and content. */
export function hash16(prefix: string, content: string | Uint8Array): Buffer {
  return Buffer.from(hash16Hex(prefix, content), 'hex');
}

/** `hash16` as hex digits. */
export function hash16Hex(prefix: string, content: string | Uint8Array): string {
  // In one call: a hash object costs more than hashing a record.
  const whole = typeof content === 'string' ? prefix + content : joined(prefix, content);
  return hash('sha256', whole, 'hex').slice(0, 32);
}

const SCRATCH = Buffer.allocUnsafe(64 * 1024);

/** Prefix and content side by side, until the next call. */
function joined(prefix: string, content: Uint8Array): Uint8Array {
  if (prefix.length * 3 + content.length > SCRATCH.length) return Buffer.concat([Buffer.from(prefix), content]);
  const from = SCRATCH.write(prefix);
  SCRATCH.set(content, from);
  return SCRATCH.subarray(0, from + content.length);
}

const NOTHING: ReadonlySet<string> = new Set();
