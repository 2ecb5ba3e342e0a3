import { isFreshetError } from '../domain/errors';
import { PRINTABLE_LIMIT, printable } from './printable';
import { isSecretName, redactText } from './redact';
import { Secret } from './secret';

export type SafeValue = string | number | boolean | null | SafeValue[] | { [name: string]: SafeValue };

const DEEPEST = 5;
const MOST_ITEMS = 50;
/** Names that the log line itself uses: a fact of that name gets an underscore behind it. */
const RESERVED = new Set(['time', 'level', 'id', 'component', 'text']);

/** Any text as it may stand in a log line, an error or on a terminal: without secrets and without control characters. */
export function safeText(text: string): string {
  return printable(hidden(text));
}

/** The beginning of what somebody else said, safe to quote. */
export function safeExcerpt(text: string, characters: number): string {
  return printable(hidden(text).slice(0, characters));
}

/** Redacted before anything is cut off: half a secret would not be recognised any more. */
function hidden(text: string): string {
  return redactText(text.length > 8 * PRINTABLE_LIMIT ? text.slice(0, 8 * PRINTABLE_LIMIT) : text);
}

function safeError(error: Error, depth: number): SafeValue {
  const known: [string, unknown][] = isFreshetError(error)
    ? [
        ['type', error.type],
        ['code', error.code],
        ['why', error.why],
        ['where', error.where],
        ['remedy', error.remedy],
        ['facts', error.facts],
      ]
    : [
        ['code', (error as { code?: unknown }).code],
        ['stack', error.stack],
      ];
  const parts: [string, unknown][] = [['name', error.name], ['message', error.message], ...known, ['cause', error.cause]];
  return safeEntries(parts, depth);
}

function safeEntries(entries: readonly (readonly [string, unknown])[], depth: number): { [name: string]: SafeValue } {
  // Without a prototype, so that a fact named `__proto__` is only a name.
  const safe = Object.create(null) as { [name: string]: SafeValue };
  for (const [name, value] of entries.slice(0, MOST_ITEMS)) {
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue;
    const secret = isSecretName(name) && (typeof value === 'string' || (typeof value === 'object' && value !== null));
    safe[printable(name, 100)] = secret ? '[secret]' : safeValue(value, depth + 1);
  }
  return safe;
}

function safeObject(value: object, depth: number): SafeValue {
  if (value instanceof Secret) return '[secret]';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (depth >= DEEPEST) return '[deeper]';
  if (value instanceof Error) return safeError(value, depth);
  if (value instanceof Map)
    return safeEntries(
      [...value].map(([name, item]: [unknown, unknown]) => [String(name), item] as const),
      depth,
    );
  if (value instanceof Set) return safeValue([...value], depth);
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => safeValue(item, depth + 1));
  return safeEntries(Object.entries(value), depth);
}

/** Any value as plain JSON that is safe to print: no secrets, no control characters, bounded in depth, width and length. */
export function safeValue(value: unknown, depth = 0): SafeValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return safeText(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'object') return safeObject(value, depth);
  return typeof value === 'bigint' ? value.toString() : `[${typeof value}]`;
}

/** The facts of a log line, safe to print; names that the line itself uses are set apart. */
export function safeFacts(facts: Readonly<Record<string, unknown>>): {
  [name: string]: SafeValue;
} {
  return safeEntries(
    Object.entries(facts).map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value] as const),
    0,
  );
}
