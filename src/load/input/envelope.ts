import { ArraySplitter, type StreamedRecord } from '../../json/array-stream';
import { byteName, CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, isSpace, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from '../../json/bytes';
import { JsonBytesError } from '../../json/json-bytes-error';
import { PartedValue } from '../../json/parted-value';

/** An array that may hold the records: it is named like the entity, or its first element is an object. */
export interface MemberArray {
  readonly key: string;
  /** Offset of its `[`. */
  readonly at: number;
  /** Found and not yet taken. */
  readonly records: StreamedRecord[];
}

/** How many keys an error names. */
const MAX_KEYS = 12;

/** `start`: before `{`; `first`: a key or `}`; `key`: a key; `colon`, `value`, `after`: what comes next; `in-…`: in the middle of it. */
type Place = 'start' | 'first' | 'key' | 'in-key' | 'colon' | 'value' | 'in-value' | 'in-array' | 'after' | 'end';

/**
 * Walks through the outermost object of a file while its bytes come in, and cuts the arrays that may hold records. Everything else in it is
 * checked and forgotten. Throws JsonBytesError.
 */
export class ObjectWalker {
  /** The first keys, for errors. */
  readonly keys: string[] = [];
  readonly arrays: MemberArray[] = [];
  members = 0;
  private place: Place = 'start';
  private readonly value: PartedValue;
  private array: { readonly splitter: ArraySplitter; readonly at: number; found: MemberArray | null } | null = null;
  private key = '';

  /** `at`: offset of the `{`, the first byte that will be pushed. */
  constructor(
    private readonly entity: string,
    private at: number,
    private readonly longest: number,
  ) {
    this.value = new PartedValue(longest);
  }

  get ended(): boolean {
    return this.place === 'end';
  }

  /** Where the object ended in this chunk, or the chunk's end. */
  push(bytes: Buffer): number {
    let i = 0;
    while (i < bytes.length && this.place !== 'end') {
      if (this.place === 'in-array') i += this.inArray(bytes.subarray(i));
      else if (this.place === 'in-key' || this.place === 'in-value') i = this.valueEnds(bytes, this.value.goOn(bytes));
      else if (isSpace(bytes[i])) i++;
      else i = this.between(bytes, i);
    }
    this.at += i;
    return i;
  }

  /** The keys for an error: `"a", "b" and 3 more`. */
  keyNames(): string {
    const more = this.members - this.keys.length;
    return `${this.keys.map((key) => JSON.stringify(key)).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }

  private between(bytes: Buffer, i: number): number {
    const byte = bytes[i]!;
    switch (this.place) {
      case 'start':
        this.place = this.expect(byte === OPEN_OBJECT, 'first', { byte, i, wanted: '"{"' });
        return i + 1;
      case 'colon':
        this.place = this.expect(byte === COLON, 'value', { byte, i, wanted: '":"' });
        return i + 1;
      case 'after':
        this.place = this.expect(byte === COMMA || byte === CLOSE_OBJECT, byte === COMMA ? 'key' : 'end', {
          byte,
          i,
          wanted: '"," or "}"',
        });
        return i + 1;
      case 'value':
        return this.beginValue(bytes, i);
      default:
        return this.beginKey(bytes, i);
    }
  }

  private beginKey(bytes: Buffer, i: number): number {
    const byte = bytes[i]!;
    if (byte === CLOSE_OBJECT && this.place === 'first') {
      this.place = 'end';
      return i + 1;
    }
    this.place = this.expect(byte === QUOTE, 'in-key', { byte, i, wanted: 'The name of a field' });
    return this.valueEnds(bytes, this.value.begin(bytes, i, this.at + i));
  }

  private beginValue(bytes: Buffer, i: number): number {
    const byte = bytes[i]!;
    if (byte === OPEN_ARRAY) {
      this.array = { splitter: new ArraySplitter(this.at + i, this.longest), at: this.at + i, found: null };
      if (this.key === this.entity) this.arrays.push((this.array.found = { key: this.key, at: this.at + i, records: [] }));
      this.place = 'in-array';
      return i;
    }
    const none = byte === COMMA || byte === COLON || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY;
    this.place = this.expect(!none, 'in-value', { byte, i, wanted: 'A value' });
    return this.valueEnds(bytes, this.value.begin(bytes, i, this.at + i));
  }

  private valueEnds(bytes: Buffer, end: number): number {
    if (end === -1) return bytes.length;
    const parsed = parsedValue(this.value.take(), this.value.at);
    if (this.place === 'in-key') {
      this.key = String(parsed);
      if (++this.members <= MAX_KEYS) this.keys.push(this.key.slice(0, 60));
      this.place = 'colon';
    } else this.place = 'after';
    return end;
  }

  private inArray(bytes: Buffer): number {
    const array = this.array!;
    const { records, end } = array.splitter.pushUntilEnd(bytes);
    if (array.splitter.ended) this.place = 'after';
    if (records.length === 0) return end;
    if (array.found === null && records[0]!.bytes[0] === OPEN_OBJECT) {
      this.arrays.push((array.found = { key: this.key, at: array.at, records: [] }));
    }
    if (array.found === null) checkRecords(records);
    else for (const record of records) array.found.records.push(record);
    return end;
  }

  private expect(good: boolean, next: Place, { byte, i, wanted }: { byte: number; i: number; wanted: string }): Place {
    if (good) return next;
    throw new JsonBytesError('syntax', this.at + i, `${wanted} should stand here, found ${byteName(byte)}`);
  }
}

/** What nobody loads must be JSON all the same: a damaged file is a damaged file. */
export function checkRecords(records: readonly StreamedRecord[]): void {
  for (const { bytes, offset } of records) parsedValue(bytes, offset);
}

function parsedValue(bytes: Buffer, offset: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw new JsonBytesError('syntax', offset, 'What begins here is no valid JSON');
  }
}
