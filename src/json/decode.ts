import { isAscii, isUtf8 } from 'node:buffer';
import { LosslessNumber, parse as parseLossless } from 'lossless-json';

/** A parsed JSON value whose numbers are exact. Keys are own properties, also `__proto__`; never copy them onto another object. */
export type JsonValue = null | boolean | number | LosslessNumber | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export type Decoded =
  | {
      readonly ok: true;
      readonly value: JsonValue;
      /** No text in it holds a quote, backslash or control character: it stands in JSON and in COPY as it is. */
      readonly plain: boolean;
    }
  | { readonly ok: false; readonly problem: 'not-utf8' | 'not-json' | 'nul' | 'lone-surrogate' | 'too-deep'; readonly message: string };

/**
 * A number token that a double may not hold: 16 digits or more, an exponent, or a minus before a zero. Inside strings it may hit too, which
 * only costs time. Without an anchor and with one kind of beginning it is twice as fast; so a number that is the whole text is looked at apart.
 */
const NEEDS_LOSSLESS = /[\s:,[](?:-?\d[\d.]{15}|-?\d[\d.]*[eE]|-0)/;
const IS_NUMBER = /^[-\d]/;

/** `\u0000` behind an even number of backslashes: the escape itself, not its spelling in text. */
const NUL_ESCAPE = /(?<!\\)(?:\\\\)*\\u0000/;
/** With the flag u a whole pair is one character, so only halves match. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** Strictly decodes and parses the bytes of one record. Never throws for what the bytes hold; PostgreSQL can store every value it lets through. */
export function decodeRecord(bytes: Uint8Array): Decoded {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ascii = isAscii(bytes);
  if (!ascii && !isUtf8(bytes)) return bad('not-utf8', 'its bytes are not UTF-8');
  // The same text; latin1 is decoded four times faster.
  const text = buffer.toString(ascii ? 'latin1' : 'utf8');
  try {
    const value = parseExact(text);
    if (!text.includes('\\')) return { ok: true, value, plain: true };
    if (NUL_ESCAPE.test(text)) return bad('nul', 'it holds the character U+0000, which PostgreSQL cannot store');
    if (SURROGATE_ESCAPE.test(text) && holdsLoneSurrogate(value)) return bad('lone-surrogate', 'it holds half of a surrogate pair');
    return { ok: true, value, plain: false };
  } catch (error) {
    if (error instanceof RangeError) return bad('too-deep', 'it is nested too deeply');
    return bad('not-json', `it is no valid JSON: ${(error as Error).message}`);
  }
}

/** `JSON.parse` with exact numbers; the last of equal keys counts. Throws SyntaxError, and RangeError where the nesting is too deep. */
export function parseExact(text: string): JsonValue {
  if (!NEEDS_LOSSLESS.test(text) && !IS_NUMBER.test(text)) return JSON.parse(text) as JsonValue;
  return parseLossless(text, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue }) as JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber);
}

/** The field's own value; `undefined` where the key is absent (inherited names such as `constructor` are not fields). */
export function fieldOf(record: JsonObject, field: string): JsonValue | undefined {
  return Object.hasOwn(record, field) ? record[field] : undefined;
}

const FITS_A_DOUBLE = /^-?(?!0$)\d+(?:\.\d+)?$/;

/** A double only where it holds the token exactly: at most 15 digits, no exponent, no `-0`. */
function parseNumber(token: string): number | LosslessNumber {
  const digits = token.length - (token.startsWith('-') ? 1 : 0) - (token.includes('.') ? 1 : 0);
  if (digits > 15 || !(token === '0' || FITS_A_DOUBLE.test(token))) return new LosslessNumber(token);
  const value = Number(token);
  return Object.is(value, -0) ? new LosslessNumber(token) : value;
}

/** Whether PostgreSQL can store a text: without U+0000, without half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && !LONE_SURROGATE.test(text);
}

function holdsLoneSurrogate(value: JsonValue): boolean {
  if (typeof value === 'string') return LONE_SURROGATE.test(value);
  if (Array.isArray(value)) return value.some(holdsLoneSurrogate);
  return isJsonObject(value) && Object.entries(value).some(([key, member]) => LONE_SURROGATE.test(key) || holdsLoneSurrogate(member));
}

function bad(problem: Extract<Decoded, { ok: false }>['problem'], message: string): Decoded {
  return { ok: false, problem, message };
}
