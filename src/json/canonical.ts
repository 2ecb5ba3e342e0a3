import { hash } from 'node:crypto';
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
  let text = '';
  for (const { key, label } of membersInOrder(Object.keys(record))) {
    if (leaveOut.has(key)) continue;
    text += `${text === '' ? '' : ','}${label}${canonicalText(record[key]!)}`;
  }
  return `{${text}}`;
}

interface Member {
  readonly key: string;
  /** The key as JSON, with its colon. */
  readonly label: string;
}

interface KeyOrder {
  readonly keys: readonly string[];
  readonly sorted: readonly Member[];
}

/** Records of an entity mostly have the same keys in the same order; sorting them anew each time cost half of the whole hash. */
const ORDERS = new Map<string, KeyOrder>();
const MAX_ORDERS = 256;

function membersInOrder(keys: readonly string[]): readonly Member[] {
  const name = `${keys.length} ${keys[0] ?? ''} ${keys.at(-1) ?? ''}`;
  const known = ORDERS.get(name);
  if (known !== undefined && known.keys.every((key, index) => key === keys[index])) return known.sorted;
  const sorted = [...keys].sort().map((key) => ({ key, label: `${JSON.stringify(key)}:` }));
  if (ORDERS.size >= MAX_ORDERS) ORDERS.clear();
  ORDERS.set(name, { keys, sorted });
  return sorted;
}

/** First 16 bytes of SHA-256 over prefix and content. */
export function hash16(prefix: string, content: string | Uint8Array): Buffer {
  // In one call: a hash object costs more than hashing a record.
  const whole = typeof content === 'string' ? prefix + content : Buffer.concat([Buffer.from(prefix), content]);
  return hash('sha256', whole, 'buffer').subarray(0, 16);
}

const NOTHING: ReadonlySet<string> = new Set();
