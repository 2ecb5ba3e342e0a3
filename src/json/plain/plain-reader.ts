import { isUtf8 } from 'node:buffer';
import { ByteWriter } from '../byte-writer';
import { quoted } from '../canonical';
import { isStorableText } from '../decode';
import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, isSpace, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from '../bytes';
import { KeyPath, type PlainKey, type PlainShape } from './key-path';
import { BOOLEAN, ESCAPED, LIST, NESTED, NULL, NUMBER, Spans, TEXT } from './spans';

/** Whatever is longer, deeper or has longer numbers is left to `decodeRecord`. */
const MOST_BYTES = 1024 * 1024;
const MOST_DEPTH = 32;
const MOST_DIGITS = 15;

const [MINUS, POINT, ZERO, NINE] = [0x2d, 0x2e, 0x30, 0x39];
const LITERALS = [
  { first: 0x74, kind: BOOLEAN, bytes: Buffer.from('true') },
  { first: 0x66, kind: BOOLEAN, bytes: Buffer.from('false') },
  { first: 0x6e, kind: NULL, bytes: Buffer.from('null') },
];

/** One member of the array of line items. */
export interface PlainLine {
  readonly shape: PlainShape;
  /** Place of its first value in `lines`. */
  readonly base: number;
}

/**
 * Reads a record without making values of it: where each one stands is enough to copy it. Only for records without exponent, long number,
 * escape in a key or key that is there twice, which nearly all are; it says no to all others, also to what is no JSON. What it holds is of
 * the last record read.
 */
export class PlainReader {
  /** The record. */
  bytes: Buffer = Buffer.of();
  /** Its values, in its order. */
  readonly values = new Spans();
  /** The line items, and the values of all of them. */
  readonly items: PlainLine[] = [];
  readonly lines = new Spans();
  /** Canonical texts of objects and arrays. */
  readonly nested = new ByteWriter();
  private readonly deep = new Spans();
  private readonly paths = { record: KeyPath.root(), line: KeyPath.root(), nested: KeyPath.root() };
  private at = 0;

  /** `list`: the field of the line items. */
  constructor(private readonly list: string | null) {}

  /** The names of the record's members, or `null`. */
  read(bytes: Buffer): PlainShape | null {
    if (bytes.length > MOST_BYTES || bytes[0] !== OPEN_OBJECT || !isUtf8(bytes)) return null;
    this.bytes = bytes;
    this.at = 0;
    this.items.length = 0;
    this.values.length = this.lines.length = this.deep.length = this.nested.length = 0;
    const path = this.object(this.paths.record, this.values, 0);
    if (path === null) return null;
    this.skipSpace();
    return this.at === bytes.length ? path.shape : null;
  }

  /** Writes a value as canonical text has it. */
  write(to: ByteWriter, from: Spans, n: number): void {
    const [kind, start, end] = [from.kinds[n]!, from.starts[n]!, from.ends[n]!];
    if (kind === TEXT) to.copy(this.bytes, start - 1, end + 1);
    else to.copy(kind === NESTED || kind === ESCAPED ? this.nested.bytes : this.bytes, start, end);
  }

  /** Writes the object whose first value is number `base` as canonical text. */
  writeObject(to: ByteWriter, members: readonly PlainKey[], from: Spans, base: number): void {
    to.byte(OPEN_OBJECT);
    for (let n = 0; n < members.length; n++) {
      const { label, at } = members[n]!;
      if (n > 0) to.byte(COMMA);
      to.copy(label, 0, label.length);
      this.write(to, from, base + at);
    }
    to.byte(CLOSE_OBJECT);
  }

  private skipSpace(): void {
    while (isSpace(this.bytes[this.at])) this.at++;
  }

  /** An object that begins here: its values go into `spans`. */
  private object(root: KeyPath, spans: Spans, depth: number): KeyPath | null {
    const { bytes } = this;
    let path = root;
    this.at++;
    this.skipSpace();
    if (bytes[this.at] === CLOSE_OBJECT) return (this.at++, path);
    for (;;) {
      const next = path.next(bytes, this.at);
      if (next === null) return null;
      path = next;
      this.at += path.width;
      if (bytes[this.at] !== COLON) this.skipSpace();
      if (bytes[this.at++] !== COLON) return null;
      this.skipSpace();
      const isList = spans === this.values && path.key === this.list && bytes[this.at] === OPEN_ARRAY;
      if (!(isList ? this.lineItems() : this.value(spans, depth))) return null;
      if (bytes[this.at] !== COMMA) this.skipSpace();
      const byte = bytes[this.at++];
      if (byte === CLOSE_OBJECT) return path;
      if (byte !== COMMA) return null;
      this.skipSpace();
    }
  }

  private lineItems(): boolean {
    const start = this.at++;
    const read = (): boolean => {
      const base = this.lines.length;
      const path = this.bytes[this.at] === OPEN_OBJECT ? this.object(this.paths.line, this.lines, 1) : null;
      if (path === null) return false;
      this.items.push({ shape: path.shape, base });
      return true;
    };
    if (!this.members(read)) return false;
    this.values.push(LIST, start, this.at);
    return true;
  }

  /** The members of an array, behind its bracket. */
  private members(read: () => boolean): boolean {
    this.skipSpace();
    if (this.bytes[this.at] === CLOSE_ARRAY) return (this.at++, true);
    for (;;) {
      if (!read()) return false;
      this.skipSpace();
      const byte = this.bytes[this.at++];
      if (byte === CLOSE_ARRAY) return true;
      if (byte !== COMMA) return false;
      this.skipSpace();
    }
  }

  private value(spans: Spans, depth: number): boolean {
    const byte = this.bytes[this.at];
    if (byte === QUOTE) return this.string(spans);
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return depth < MOST_DEPTH && this.inside(spans, depth + 1);
    if (byte === MINUS || (byte! >= ZERO && byte! <= NINE)) return this.number(spans);
    for (const literal of LITERALS) if (byte === literal.first) return this.literal(spans, literal);
    return false;
  }

  private string(spans: Spans): boolean {
    const { bytes } = this;
    const start = this.at + 1;
    let end = start;
    for (let byte = bytes[end]; byte !== QUOTE; byte = bytes[++end]) {
      if (byte === BACKSLASH) return this.escaped(spans, end);
      if (byte === undefined || byte < 0x20) return false;
    }
    spans.push(TEXT, start, end);
    this.at = end + 1;
    return true;
  }

  /** `from`: its first backslash. */
  private escaped(spans: Spans, from: number): boolean {
    let end = from;
    for (let byte = this.bytes[end]; byte !== QUOTE; byte = this.bytes[++end]) {
      if (byte === undefined) return false;
      if (byte === BACKSLASH) end++;
    }
    const text = textOf(this.bytes.toString('utf8', this.at, end + 1));
    if (text === null || !isStorableText(text)) return false;
    const start = this.nested.length;
    this.nested.text(quoted(text));
    spans.push(ESCAPED, start, this.nested.length);
    this.at = end + 1;
    return true;
  }

  /** Its normalised text is the token without the zeros behind its fraction. */
  private number(spans: Spans): boolean {
    const { bytes } = this;
    const start = this.at;
    const whole = bytes[start] === MINUS ? start + 1 : start;
    let end = digitsEnd(bytes, whole);
    const leadingZero = bytes[whole] === ZERO;
    if (end === whole || (leadingZero && (end > whole + 1 || whole > start))) return false;
    let digits = end - whole;
    this.at = end;
    if (bytes[end] === POINT) {
      const fraction = end + 1;
      this.at = digitsEnd(bytes, fraction);
      digits += this.at - fraction;
      if (this.at === fraction) return false;
      let last = this.at;
      while (last > fraction && bytes[last - 1] === ZERO) last--;
      end = last === fraction ? end : last;
    }
    if (digits > MOST_DIGITS || (bytes[this.at]! | 0x20) === 0x65) return false;
    spans.push(NUMBER, start, end);
    return true;
  }

  private literal(spans: Spans, { kind, bytes }: (typeof LITERALS)[number]): boolean {
    for (let i = 0; i < bytes.length; i++) if (this.bytes[this.at + i] !== bytes[i]) return false;
    spans.push(kind, this.at, this.at + bytes.length);
    this.at += bytes.length;
    return true;
  }

  /** An object or array further inside: only its canonical text is of interest. */
  private inside(spans: Spans, depth: number): boolean {
    const { deep, nested } = this;
    const base = deep.length;
    let start: number;
    if (this.bytes[this.at] === OPEN_OBJECT) {
      const path = this.object(this.paths.nested, deep, depth);
      if (path === null) return false;
      start = nested.length;
      this.writeObject(nested, path.shape.sorted, deep, base);
    } else {
      this.at++;
      if (!this.members(() => this.value(deep, depth))) return false;
      start = nested.length;
      nested.byte(OPEN_ARRAY);
      for (let n = base; n < deep.length; n++) {
        if (n > base) nested.byte(COMMA);
        this.write(nested, deep, n);
      }
      nested.byte(CLOSE_ARRAY);
    }
    deep.length = base;
    spans.push(NESTED, start, nested.length);
    return true;
  }
}

function textOf(json: string): string | null {
  try {
    return JSON.parse(json) as string;
  } catch {
    return null;
  }
}

function digitsEnd(bytes: Buffer, from: number): number {
  let end = from;
  while (bytes[end]! >= ZERO && bytes[end]! <= NINE) end++;
  return end;
}
