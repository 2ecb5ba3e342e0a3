import { LosslessNumber } from 'lossless-json';
import { canonicalText } from '../../json/canonical';
import { fieldOf, isJsonObject, parseExact, type JsonValue } from '../../json/decode';
import { numberText } from '../../json/number-text';
import type { Cell } from './mapping';

/** Values inside a jsonb column. Several targets may come out of one: its text is parsed once. */
export class JsonColumn {
  #text: string | null = null;
  #value: JsonValue = null;

  constructor(private readonly index: number) {}

  /** `undefined` where the path leads nowhere. */
  at(source: readonly Cell[], path: readonly string[]): JsonValue | undefined {
    const text = source[this.index];
    if (text === null || text === undefined) return text;
    if (text !== this.#text) [this.#text, this.#value] = [text, parseExact(text)];
    let value: JsonValue | undefined = this.#value;
    for (const step of path) value = memberOf(value, step);
    return value;
  }
}

function memberOf(value: JsonValue | undefined, step: string): JsonValue | undefined {
  // What is null has no parts: they are null, too.
  if (value === null || value === undefined) return value;
  if (Array.isArray(value)) return /^\d{1,9}$/.test(step) ? (value as readonly JsonValue[])[Number(step)] : undefined;
  return isJsonObject(value) ? fieldOf(value, step) : undefined;
}

/** A JSON value as text: a string without its quotes, a number with its digits, everything composed as JSON. */
export function plainText(value: JsonValue | undefined): Cell {
  if (value === null || value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number' || value instanceof LosslessNumber) return numberText(value);
  return typeof value === 'boolean' ? String(value) : canonicalText(value);
}

/** A JSON value as jsonb. */
export function jsonText(value: JsonValue | undefined): Cell {
  return value === null || value === undefined ? value : canonicalText(value);
}
