import type { ValidationRule } from '../config/schema/validation-rule';
import { joinKey } from '../domain/ids';
import { canonicalArray, canonicalContent, hash16Hex } from '../json/canonical';
import { decodeRecord, fieldOf, isJsonObject, type JsonObject, type JsonValue } from '../json/decode';
import { scalarText } from '../json/scalar-text';
import { shapeOf } from '../json/shape';
import { instantCell } from '../json/time-cell';
import { CellReader } from './cells';
import type { Column } from './columns';
import { copyHex, copyText } from '../database/copy-text';
import { LOAD_FORMAT, type LoadDefinition } from './load-definition';
import { cutText, shownValue, type Reason } from './reason';
import { shownReasons } from './row-limits';
import { RecordRules } from './rules/record-rules';

/** The columns that fields go into. `lines: null`: the entity has no line items. */
export interface RowShape {
  readonly header: readonly Column[];
  readonly lines: readonly Column[] | null;
}

/** A record as cells of COPY text, in the order of ROW_COLUMNS and the shape's columns; line items likewise. */
export interface LoadedRow {
  readonly kind: 'row';
  readonly id: string;
  readonly header: readonly string[];
  /** `null`: the record does not speak of line items, the held ones stay. */
  readonly lines: readonly (readonly string[])[] | null;
}

export interface RejectedRow {
  readonly kind: 'reject';
  /** The record's key where it has one. */
  readonly id: string | null;
  readonly reasons: readonly [Reason, ...Reason[]];
}

/** The line items of a record: where they stand in it, their rows, and the canonical text of each one. */
interface Lines {
  readonly at: number;
  readonly rows: readonly (readonly string[])[];
  readonly content: readonly string[] | null;
}

interface LinePlace {
  /** Of the record. */
  readonly id: string;
  readonly plain: boolean;
  readonly index: number;
  readonly field: string;
  /** Takes the line's canonical text. */
  readonly content: string[];
}

/** PostgreSQL's index holds no longer key (2,704 bytes, less the page's own needs). */
const MAX_KEY_BYTES = 1024;

/** Turns the bytes of one record into rows, or says everything that speaks against it. PostgreSQL refuses nothing that this lets through. */
export class RowReader {
  private readonly headerCells: CellReader;
  private readonly lineCells: CellReader;
  private readonly outOfHash: ReadonlySet<string>;
  private readonly rules: RecordRules;

  constructor(
    private readonly shape: RowShape,
    private readonly definition: LoadDefinition,
    private readonly zone: string,
    rules: readonly ValidationRule[] = [],
  ) {
    const cellRules = { zone, emptyIsNull: definition.emptyIsNull };
    this.rules = new RecordRules(rules, cellRules);
    this.headerCells = new CellReader(shape.header, definition.lineItems?.field ?? null, cellRules);
    this.lineCells = new CellReader(shape.lines ?? [], null, cellRules);
    this.outOfHash = outOfHash(definition);
  }

  /** `fetchedAt`: when the source answered, as text for PostgreSQL. `hash`: of the bytes, as hex digits; absent: it is taken here. */
  read(bytes: Uint8Array, fetchedAt: string, hash?: string): LoadedRow | RejectedRow {
    const decoded = decodeRecord(bytes);
    if (!decoded.ok)
      return rejected(null, [{ rule: decoded.problem, field: null, message: `The record cannot be stored: ${decoded.message}` }]);
    const { value: record, plain } = decoded;
    if (!isJsonObject(record)) {
      return rejected(null, [
        { rule: 'record', field: null, value: shownValue(record), expected: 'object', message: 'The record is no JSON object' },
      ]);
    }
    const reasons: Reason[] = [];
    const id = this.idOf(record, reasons);
    const { cells, texts } = this.headerCells.read(record, { prefix: '', plain }, reasons);
    const lines = this.linesOf(record, { id: id ?? '', plain }, reasons);
    reasons.push(...this.rules.broken(record));
    if (id === null || reasons.length > 0) return rejected(id, reasons as [Reason, ...Reason[]]);
    if (lines !== null && lines.content !== null) texts[lines.at] = canonicalArray(lines.content);
    const content = canonicalContent(record, this.outOfHash, { plain, texts });
    const hashes = [hash ?? hash16Hex(LOAD_FORMAT, bytes), hash16Hex(LOAD_FORMAT, content)].map(copyHex);
    return {
      kind: 'row',
      id,
      header: [copyText(id), ...this.positionOf(record), copyText(fetchedAt), ...hashes, ...cells],
      lines: lines?.rows ?? null,
    };
  }

  private idOf(record: JsonObject, reasons: Reason[]): string | null {
    const parts: string[] = [];
    for (const field of this.definition.key) {
      const text = scalarText(fieldOf(record, field));
      if (text === null)
        reasons.push({ rule: 'key', field, expected: 'text or number', message: `The record has no ${field}, which is its key` });
      else parts.push(text);
    }
    if (parts.length < this.definition.key.length) return null;
    const id = joinKey(parts);
    if (Buffer.byteLength(id) <= MAX_KEY_BYTES) return id;
    const field = this.definition.key.join(', ');
    reasons.push({
      rule: 'key',
      field,
      value: cutText(id, 60),
      expected: `at most ${MAX_KEY_BYTES} bytes`,
      message: 'The key is too long',
    });
    return null;
  }

  /** Cursor, instant, version: where the record stands among its versions. Unreadable ones are NULL, so that `fetched_at` decides. */
  private positionOf(record: JsonObject): string[] {
    const { cursor, version } = this.definition;
    const cursorText = cursor === null ? null : scalarText(fieldOf(record, cursor.field));
    const instant = cursor?.kind === 'instant' && cursorText !== null ? (instantCell(cursorText, this.zone) ?? null) : null;
    const counter = version !== null ? scalarText(fieldOf(record, version)) : cursor?.kind === 'integer' ? cursorText : null;
    return [cursorText, instant, counter !== null && /^-?\d{1,1000}$/.test(counter) ? counter : null].map(copyText);
  }

  /** An absent key leaves the held line items alone; an empty array, `null` or an empty text empties them. */
  private linesOf(record: JsonObject, { id, plain }: { id: string; plain: boolean }, reasons: Reason[]): Lines | null {
    const field = this.definition.lineItems?.field;
    const items = field === undefined || this.shape.lines === null ? undefined : fieldOf(record, field);
    if (field === undefined || items === undefined) return null;
    const lines: Lines = { at: shapeOf(record).keys.indexOf(field), rows: [], content: null };
    if (items === null || items === '') return lines;
    if (Array.isArray(items)) {
      const content: string[] = [];
      const rows = (items as readonly JsonValue[]).map((item, index) => this.line(item, { id, plain, index, field, content }, reasons));
      return { ...lines, rows, content };
    }
    reasons.push({
      rule: 'line-items',
      field,
      value: shownValue(items),
      expected: 'array',
      message: `${field} is ${shownValue(items)}, no array`,
    });
    return null;
  }

  private line(item: JsonValue, at: LinePlace, reasons: Reason[]): string[] {
    const place = `${at.field}[${at.index}]`;
    if (!isJsonObject(item)) {
      reasons.push({
        rule: 'line-items',
        field: place,
        value: shownValue(item),
        expected: 'object',
        message: `${place} is ${shownValue(item)}, no object`,
      });
      return [];
    }
    const { cells, texts } = this.lineCells.read(item, { prefix: `${place}.`, plain: at.plain }, reasons);
    // Hashing what is refused anyway could recurse without end: a record with reasons is never stored.
    if (reasons.length > 0) return [];
    const content = canonicalContent(item, NOTHING, { plain: at.plain, texts });
    at.content.push(content);
    return [copyText(at.id), String(at.index + 1), copyHex(hash16Hex(LOAD_FORMAT, content)), ...cells];
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/** Fields of a record that are no content of its row. */
export function outOfHash({ volatile, key, cursor, version }: LoadDefinition): ReadonlySet<string> {
  return new Set([...volatile, ...key, ...(cursor === null ? [] : [cursor.field]), ...(version === null ? [] : [version])]);
}

function rejected(id: string | null, reasons: readonly [Reason, ...Reason[]]): RejectedRow {
  return { kind: 'reject', id, reasons: shownReasons(reasons) };
}
