import { parseInstant } from '../domain/instant';
import { FreshetError } from '../domain/errors';
import { fieldOf, type JsonObject } from '../json/decode';
import { recordKey } from '../json/record-key';
import { scalarText } from '../json/scalar-text';
import type { Slice } from '../json/slices';
import type { EntityDefinition } from '../sources/source';
import { WHOLE } from './part';

/** A row of a list answer: its place in the bytes, its key, its cursor. */
export interface ListedRow {
  readonly id: string;
  readonly cursorText: string | null;
  /** µs, or the integer itself; `null` where the text is absent or cannot be read as a cursor. */
  readonly cursorSort: bigint | null;
  /** Digits of the record's version; `null` where it has none. */
  readonly version: string | null;
  /** The part of its entity that it belongs to; `''` where the source does not split it. */
  readonly part: string;
  /** The source says that the record is deleted. */
  readonly tombstone: boolean;
  readonly offset: number;
  readonly length: number;
}

/** Key and cursor of a record of a list. Errors: `source_error` for one without key, naming the place. */
export function listedRow(
  record: JsonObject,
  { offset, length }: Slice,
  { definition, zone }: { readonly definition: EntityDefinition; readonly zone: string },
): ListedRow {
  const standing = {
    part: partOf(record, definition),
    tombstone: isTombstone(record, definition),
    version: versionOf(record, definition),
  };
  return { id: keyOf(record, definition, offset), ...cursorOf(record, definition, zone), ...standing, offset, length };
}

function partOf(record: JsonObject, { partitions }: EntityDefinition): string {
  return partitions === null ? WHOLE : (scalarText(fieldOf(record, partitions.field)) ?? WHOLE);
}

function versionOf(record: JsonObject, { version }: EntityDefinition): string | null {
  const text = version === null ? null : scalarText(fieldOf(record, version));
  return text !== null && /^-?\d{1,30}$/.test(text) ? text : null;
}

function isTombstone(record: JsonObject, { deletes }: EntityDefinition): boolean {
  return deletes.kind === 'tombstones' && fieldOf(record, deletes.field) === true;
}

function keyOf(record: JsonObject, definition: EntityDefinition, offset: number): string {
  const key = recordKey(record, definition.key);
  if (key !== null) return key;
  throw new FreshetError('source_error', {
    code: 'listed-row-without-key',
    message: `A list row of ${definition.object} has no ${definition.key.join(' and ')} (at byte ${offset} of the answer)`,
    remedy: 'Open the newest records in the source; if they look whole there, run again, else ask the source’s support.',
  });
}

/** Cursor of a record, from a list row or a detail. */
export function cursorOf(record: JsonObject, definition: EntityDefinition, zone: string): Pick<ListedRow, 'cursorText' | 'cursorSort'> {
  const text = definition.cursor === null ? null : scalarText(fieldOf(record, definition.cursor.field));
  if (text === null) return { cursorText: null, cursorSort: null };
  return { cursorText: text, cursorSort: cursorSort(text, definition, zone) };
}

function cursorSort(text: string, definition: EntityDefinition, zone: string): bigint | null {
  if (definition.cursor?.kind === 'integer') return /^-?\d{1,18}$/.test(text) ? BigInt(text) : null;
  return parseInstant(text, zone)?.micros ?? null;
}
