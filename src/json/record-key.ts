import { joinKey } from '../domain/ids';
import { fieldOf, type JsonObject } from './decode';
import { scalarText } from './scalar-text';

/** A record's id by the fields of its key, as rows have it; `null`: one of them is missing or no text or number. */
export function recordKey(record: JsonObject, key: readonly string[]): string | null {
  const parts = key.map((field) => scalarText(fieldOf(record, field)));
  return parts.every((part) => part !== null) ? joinKey(parts) : null;
}
