import { parseInstant } from '../domain/instant';
import { FreshetError } from '../domain/errors';
import { fieldOf, isExactWhenParsed, isJsonObject, parseExact, type JsonObject, type JsonValue } from '../json/decode';
import { recordKey } from '../json/record-key';
import { scalarText } from '../json/scalar-text';
import { JsonBytesError } from '../json/json-bytes-error';
import { envelopeOf, sliceArray, sliceValue, type Slice } from '../json/slices';
import type { EntityDefinition, ListAnswer } from '../sources/source';
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
  /** What its bytes say; absent where somebody else has parsed them. */
  readonly record?: JsonObject;
}

export interface ListedPage {
  readonly rows: readonly ListedRow[];
  /** The answer without its records. */
  readonly envelope: string;
}

/** Reads keys and cursors of a list answer. Errors: `source_error` for a row without key, naming the place. */
export function readListedRows(
  { body, parsed }: Pick<ListAnswer, 'body' | 'parsed'>,
  definition: EntityDefinition,
  zone: string,
): ListedPage {
  const list = listIn(body, definition);
  if (list === null) return { rows: [], envelope: envelopeOf(body, []) };
  const known = parsedList(parsed, definition.recordsPath);
  const rows = sliceArray(body, definition.recordsPath, list).map(({ offset, length }, n) => {
    const record = recordOf(body.subarray(offset, offset + length), { definition, offset, parsed: known?.[n] });
    const standing = {
      part: partOf(record, definition),
      tombstone: isTombstone(record, definition),
      version: versionOf(record, definition),
    };
    return { id: keyOf(record, definition, offset), ...cursorOf(record, definition, zone), ...standing, offset, length, record };
  });
  return { rows, envelope: envelopeOf(body, definition.recordsPath, list) };
}

/** Where the list stands in an answer; `null`: it is left out, which the source does with an empty one. */
function listIn(body: Buffer, { recordsMayBeAbsent, recordsPath }: EntityDefinition): Slice | null {
  try {
    return sliceValue(body, recordsPath);
  } catch (error) {
    if (recordsMayBeAbsent === true && error instanceof JsonBytesError && error.fault === 'no-path') return null;
    throw error;
  }
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

/** The list within an answer that is parsed already. */
function parsedList(parsed: unknown, path: readonly string[]): readonly JsonValue[] | null {
  let at = parsed;
  for (const key of path)
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : null;
  return Array.isArray(at) ? (at as readonly JsonValue[]) : null;
}

interface RecordPlace {
  readonly definition: EntityDefinition;
  readonly offset: number;
  /** Not exact where the bytes hold long numbers. */
  readonly parsed: JsonValue | undefined;
}

function recordOf(bytes: Buffer, { definition, offset, parsed }: RecordPlace): JsonObject {
  const record = parsed !== undefined && isExactWhenParsed(bytes) ? parsed : parseExact(bytes.toString('utf8'));
  if (isJsonObject(record)) return record;
  throw new FreshetError('source_error', {
    code: 'listed-row-not-object',
    message: `A list row of ${definition.object} is no object (at byte ${offset} of the answer)`,
    remedy: 'Run again; if it stays, the source answers something that is not its documented list.',
  });
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
