/** A JSON number whose digits must reach the wire exactly as written here (`120.0`, `12345678901234.56789`). */
export class RawNumber {
  constructor(readonly text: string) {}

  /** Asked by `JSON.stringify`, which would put quotes around the digits: notes that it met one. */
  toJSON(): string {
    rawMet = true;
    return this.text;
  }
}

let rawMet = false;

/** A raw number out of somebody's text; throws a TypeError when the text is no JSON number. */
export function rawNumber(text: string): RawNumber {
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) throw new TypeError(`not a JSON number: ${text}`);
  return new RawNumber(text);
}

export type JsonValue = string | number | boolean | null | RawNumber | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

const PLAIN = /^[ !#-[\]-\uD7FF]*$/;
const keyTexts = new Map<string, string>();

/** `"key":`, remembered. */
export function keyText(key: string): string {
  let text = keyTexts.get(key);
  if (text === undefined) {
    text = `${JSON.stringify(key)}:`;
    // Patches may bring any number of keys; the memo must not grow with them.
    if (keyTexts.size < 1000) keyTexts.set(key, text);
  }
  return text;
}

/** JSON text of a value; raw numbers keep their digits, which `JSON.stringify` cannot do on Node 20. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'string') return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
  if (value === null) return 'null';
  if (typeof value !== 'object') return String(value);
  if (value instanceof RawNumber) return value.text;
  if (isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  return objectText(value);
}

/** The same text as `jsonText` for whole records, most of which hold no raw number: those are left to Node, which is five times as fast. */
export function recordText(record: JsonObject): string {
  rawMet = false;
  const text = JSON.stringify(record);
  return rawMet ? jsonText(record) : text;
}

function objectText(object: JsonObject): string {
  let text = '';
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value !== undefined) text += (text === '' ? '' : ',') + keyText(key) + jsonText(value);
  }
  return `{${text}}`;
}

/** Text of a plain value for comparing; empty for nothing, arrays and objects. */
export function scalarText(value: JsonValue | undefined): string {
  if (value instanceof RawNumber) return value.text;
  return value === null || value === undefined || typeof value === 'object' ? '' : String(value);
}

/** Narrowing that `Array.isArray` does not give for readonly arrays. */
export function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Turns `{"$number":"1.10"}` inside a parsed JSON value into a raw number, so the switchboard can ask for exact digits over HTTP. */
export function withRawNumbers(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object' || value instanceof RawNumber) return value;
  if (isArray(value)) return value.map(withRawNumbers);
  const entries = Object.entries(value);
  const only = entries.length === 1 ? entries[0] : undefined;
  if (only?.[0] === '$number' && typeof only[1] === 'string') return rawNumber(only[1]);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withRawNumbers(inner)]));
}
