import { createHash } from 'node:crypto';
import { formatInstant, parseInstant } from '../../domain/instant';
import { fieldOf, isJsonObject, parseExact, type JsonObject } from '../../json/decode';
import { recordKey } from '../../json/record-key';
import { scalarText } from '../../json/scalar-text';
import { isStorableInstant } from '../../json/text-class';
import type { KnownEntity } from './deep-entity';
import type { LandedRecord } from './landed';
import { HASH_CELLS, type RecordReader } from './loader';

/** What a landed record's own bytes tell; the rest of a `LandedRecord` is its place. */
export type RecordFacts = Pick<
  LandedRecord,
  'id' | 'sourceHash' | 'rowHash' | 'lines' | 'linesDigest' | 'cursorText' | 'cursorSort' | 'instant' | 'version'
>;

/** Any instant does: only the hashes of what the reader makes are used. */
const NO_TIME = '1970-01-01T00:00:00Z';

/** Hashes come from the loader's own reader; key, cursor and version are read anew, so that a slip there shows as a difference. */
export function recordFacts(bytes: Buffer, reader: RecordReader, known: KnownEntity): RecordFacts {
  const row = reader.read(bytes, NO_TIME);
  const record = leniently(bytes);
  const lines = row.kind === 'row' ? row.lines : null;
  return {
    id: record === null ? null : recordKey(record, known.definition.key),
    sourceHash: row.kind === 'row' ? bytea(row.header[HASH_CELLS.sourceHash]) : Buffer.alloc(0),
    rowHash: row.kind === 'row' ? bytea(row.header[HASH_CELLS.rowHash]) : null,
    lines: lines?.length ?? null,
    linesDigest: lines === null ? null : digestOf(lines.map((line) => bytea(line[HASH_CELLS.lineHash]))),
    ...positionOf(record, known),
  };
}

/** Also of a record that cannot be stored the key is wanted: its reject stands for it. */
function leniently(bytes: Buffer): JsonObject | null {
  try {
    const value = parseExact(bytes.toString('utf8'));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

function positionOf(
  record: JsonObject | null,
  { definition, zone }: KnownEntity,
): Pick<RecordFacts, 'cursorText' | 'cursorSort' | 'instant' | 'version'> {
  const { cursor, version } = definition;
  const text = record === null || cursor === null ? null : scalarText(fieldOf(record, cursor.field));
  const counter = record !== null && version !== null ? scalarText(fieldOf(record, version)) : cursor?.kind === 'integer' ? text : null;
  const whole = counter !== null && /^-?\d{1,1000}$/.test(counter) ? counter : null;
  if (cursor?.kind !== 'instant') return { cursorText: text, cursorSort: sortable(text), instant: null, version: whole };
  const micros = text === null ? null : (parseInstant(text, zone)?.micros ?? null);
  const instant = micros !== null && isStorableInstant(micros) ? formatInstant(micros) : null;
  return { cursorText: text, cursorSort: instant === null ? null : String(micros), instant, version: whole };
}

function sortable(text: string | null): string | null {
  return text !== null && /^-?\d{1,18}$/.test(text) ? text : null;
}

/** `\\x…` as COPY takes it. */
function bytea(cell: string | undefined): Buffer {
  return Buffer.from((cell ?? '').slice('\\\\x'.length), 'hex');
}

function digestOf(hashes: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(hashes)).digest();
}
