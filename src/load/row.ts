import type { ValidationRule } from '../config/schema/validation-rule';
import { joinKey } from '../domain/ids';
import { formatInstant, parseInstant, parseLegacyDay } from '../domain/instant';
import { canonicalContent, canonicalText, hash16 } from '../json/canonical';
import { decodeRecord, fieldOf, isJsonObject, type JsonObject, type JsonValue } from '../json/decode';
import { scalarText } from '../json/scalar-text';
import { isStorableInstant } from '../json/text-class';
import { cellText } from './cell';
import type { Column } from './columns';
import { copyBytes, copyText } from './copy-text';
import { LOAD_FORMAT, type LoadDefinition } from './load-definition';
import { columnReason, cutText, shownValue, typeReason, type Reason } from './reason';
import { shownReasons, tooWide } from './row-limits';
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

/** PostgreSQL's index holds no longer key (2,704 bytes, less the page's own needs). */
const MAX_KEY_BYTES = 1024;

/** Turns the bytes of one record into rows, or says everything that speaks against it. PostgreSQL refuses nothing that this lets through. */
export class RowReader {
  private readonly headerFields: ReadonlySet<string>;
  private readonly lineFields: ReadonlySet<string>;
  private readonly outOfHash: ReadonlySet<string>;
  private readonly rules: RecordRules;

  constructor(
    private readonly shape: RowShape,
    private readonly definition: LoadDefinition,
    private readonly zone: string,
    rules: readonly ValidationRule[] = [],
  ) {
    this.rules = new RecordRules(rules, { zone, emptyIsNull: definition.emptyIsNull });
    this.headerFields = new Set(shape.header.map(({ field }) => field));
    this.lineFields = new Set(shape.lines?.map(({ field }) => field));
    const { volatile, key, cursor, version } = definition;
    this.outOfHash = new Set([...volatile, ...key, ...(cursor === null ? [] : [cursor.field]), ...(version === null ? [] : [version])]);
  }

  /** `fetchedAt`: when the source answered, as text for PostgreSQL. */
  read(bytes: Uint8Array, fetchedAt: string): LoadedRow | RejectedRow {
    const decoded = decodeRecord(bytes);
    if (!decoded.ok)
      return rejected(null, [{ rule: decoded.problem, field: null, message: `The record cannot be stored: ${decoded.message}` }]);
    const record = decoded.value;
    if (!isJsonObject(record)) {
      return rejected(null, [
        { rule: 'record', field: null, value: shownValue(record), expected: 'object', message: 'The record is no JSON object' },
      ]);
    }
    const reasons: Reason[] = [];
    const id = this.idOf(record, reasons);
    const fields = this.cells(record, { columns: this.shape.header, known: this.headerFields, prefix: '' }, reasons);
    const lines = this.linesOf(record, id ?? '', reasons);
    reasons.push(...this.rules.broken(record));
    if (id === null || reasons.length > 0) return rejected(id, reasons as [Reason, ...Reason[]]);
    const hashes = [hash16(LOAD_FORMAT, bytes), hash16(LOAD_FORMAT, canonicalContent(record, this.outOfHash))].map(copyBytes);
    return { kind: 'row', id, header: [copyText(id), ...this.positionOf(record), copyText(fetchedAt), ...hashes, ...fields], lines };
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
    const instant =
      cursor?.kind === 'instant' && cursorText !== null ? parseInstant(parseLegacyDay(cursorText) ?? cursorText, this.zone) : null;
    const micros = instant !== null && isStorableInstant(instant.micros) ? formatInstant(instant.micros) : null;
    const counter = version !== null ? scalarText(fieldOf(record, version)) : cursor?.kind === 'integer' ? cursorText : null;
    return [cursorText, micros, counter !== null && /^-?\d{1,1000}$/.test(counter) ? counter : null].map(copyText);
  }

  private cells(
    record: JsonObject,
    target: { columns: readonly Column[]; known: ReadonlySet<string>; prefix: string },
    reasons: Reason[],
  ): string[] {
    for (const field of Object.keys(record)) {
      const value = record[field]!;
      if (value !== null && !target.known.has(field) && (target.prefix !== '' || field !== this.definition.lineItems?.field)) {
        reasons.push(columnReason(target.prefix + field, value));
      }
    }
    const rules = { zone: this.zone, emptyIsNull: this.definition.emptyIsNull };
    const cells = target.columns.map(({ field, type }) => {
      const value = fieldOf(record, field) ?? null;
      const text = cellText(value, type, rules);
      if (text !== undefined) return copyText(text);
      reasons.push(typeReason(target.prefix + field, value, type));
      return '';
    });
    const wide = tooWide(target, cells);
    if (wide !== null) reasons.push(wide);
    return cells;
  }

  /** An absent key leaves the held line items alone; an empty array, `null` or an empty text empties them. */
  private linesOf(record: JsonObject, id: string, reasons: Reason[]): string[][] | null {
    const field = this.definition.lineItems?.field;
    const items = field === undefined || this.shape.lines === null ? undefined : fieldOf(record, field);
    if (field === undefined || items === undefined) return null;
    if (items === null || items === '') return [];
    if (Array.isArray(items)) return (items as readonly JsonValue[]).map((item, index) => this.line(item, { id, index, field }, reasons));
    reasons.push({
      rule: 'line-items',
      field,
      value: shownValue(items),
      expected: 'array',
      message: `${field} is ${shownValue(items)}, no array`,
    });
    return null;
  }

  private line(item: JsonValue, at: { id: string; index: number; field: string }, reasons: Reason[]): string[] {
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
    const cells = this.cells(item, { columns: this.shape.lines ?? [], known: this.lineFields, prefix: `${place}.` }, reasons);
    // Hashing what is refused anyway could recurse without end: a record with reasons is never stored.
    const hash = reasons.length > 0 ? '' : copyBytes(hash16(LOAD_FORMAT, canonicalText(item)));
    return [copyText(at.id), String(at.index + 1), hash, ...cells];
  }
}

function rejected(id: string | null, reasons: readonly [Reason, ...Reason[]]): RejectedRow {
  return { kind: 'reject', id, reasons: shownReasons(reasons) };
}
