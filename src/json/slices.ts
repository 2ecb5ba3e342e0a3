import { byteName, CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './bytes';
import { redactText } from '../observability/redact';
import { JsonBytesError } from './json-bytes-error';
import { skipSpace, skipString, skipValue } from './scan';

/** A value's bytes inside an answer: never re-serialised, so that landing keeps what the source said. */
export interface Slice {
  readonly offset: number;
  readonly length: number;
}

/** An envelope longer than this is cut and says so. */
export const MAX_ENVELOPE_BYTES = 4096;

/** A value inside an answer; `elements`: where it is an array, those of its elements. */
export interface Found {
  readonly slice: Slice;
  readonly elements: readonly Slice[] | null;
}

/** Slices of the elements of the array at `path` (`[]`: the root); `found`: that value, where it is known. Throws JsonBytesError. */
export function sliceArray(answer: Buffer, path: readonly string[], found: Found = findValue(answer, path)): readonly Slice[] {
  if (found.elements !== null) return found.elements;
  const { offset } = found.slice;
  throw new JsonBytesError('not-array', offset, `${placeName(path)} must be an array of records; found ${byteName(answer[offset])}`);
}

/** Slice of the one value at `path`. Of a key that is there twice the last counts, as in JSON.parse. Throws JsonBytesError. */
export function sliceValue(answer: Buffer, path: readonly string[]): Slice {
  return findValue(answer, path).slice;
}

/** The one value at `path`, and where it is an array its elements, in one pass over the answer. Throws JsonBytesError. */
export function findValue(answer: Buffer, path: readonly string[]): Found {
  return new Search(answer, path).find();
}

class Search {
  private found: Found | null = null;
  /** The innermost object, or what stands in its place, in which a key of the path was looked for. */
  private within = { offset: 0, depth: 0 };

  constructor(
    private readonly answer: Buffer,
    private readonly path: readonly string[],
  ) {}

  find(): Found {
    const { answer, path } = this;
    const rest = skipSpace(answer, this.value(skipSpace(answer, 0), 0));
    if (rest < answer.length) throw new JsonBytesError('trailing', rest, `The JSON has ended, yet ${byteName(answer[rest])} follows`);
    if (this.found !== null) return this.found;
    const { offset, depth } = this.within;
    throw new JsonBytesError('no-path', offset, `There is no ${placeName(path.slice(0, depth + 1))} in the answer`);
  }

  /** End (exclusive) of a value that so many keys of the path lead to. */
  private value(at: number, depth: number): number {
    const { answer, path } = this;
    if (depth < path.length) {
      this.within = { offset: at, depth };
      return answer[at] === OPEN_OBJECT ? this.members(at, depth) : skipValue(answer, at);
    }
    const elements: Slice[] | null = answer[at] === OPEN_ARRAY ? [] : null;
    const end = elements === null ? skipValue(answer, at) : this.elements(at, elements);
    this.found = { slice: { offset: at, length: end - at }, elements };
    return end;
  }

  private elements(arrayAt: number, into: Slice[]): number {
    const { answer } = this;
    let at = skipSpace(answer, arrayAt + 1);
    if (answer[at] === CLOSE_ARRAY) return at + 1;
    for (;;) {
      const end = skipValue(answer, at);
      into.push({ offset: at, length: end - at });
      const after = skipSpace(answer, end);
      if (answer[after] === CLOSE_ARRAY) return after + 1;
      expectByte(answer, after, COMMA);
      at = skipSpace(answer, after + 1);
    }
  }

  private members(objectAt: number, depth: number): number {
    const { answer, path } = this;
    let at = skipSpace(answer, objectAt + 1);
    if (answer[at] === CLOSE_OBJECT) return at + 1;
    for (;;) {
      expectByte(answer, at, QUOTE);
      const keyEnd = skipString(answer, at);
      const colon = skipSpace(answer, keyEnd);
      expectByte(answer, colon, COLON);
      const start = skipSpace(answer, colon + 1);
      const end = keyText(answer, at, keyEnd) === path[depth] ? this.again(start, depth + 1) : skipValue(answer, start);
      const after = skipSpace(answer, end);
      if (answer[after] === CLOSE_OBJECT) return after + 1;
      expectByte(answer, after, COMMA);
      at = skipSpace(answer, after + 1);
    }
  }

  /** What an equal key led to before no longer counts. */
  private again(at: number, depth: number): number {
    this.found = null;
    return this.value(at, depth);
  }
}

/** The answer without the value at `path` (an empty array or `{}` stands for it) and without secrets; over 4 KiB cut and marked. */
export function envelopeOf(answer: Buffer, path: readonly string[], { offset, length }: Slice = sliceValue(answer, path)): string {
  const empty = answer[offset] === OPEN_ARRAY ? '[]' : '{}';
  const whole = Buffer.concat([answer.subarray(0, offset), Buffer.from(empty), answer.subarray(offset + length)]);
  // Hidden before it is cut: half a secret would not be recognised any more. What lies far behind the cut need not be looked at.
  const rest = Buffer.from(redactText(whole.subarray(0, 2 * MAX_ENVELOPE_BYTES).toString('utf8')));
  if (whole.length <= 2 * MAX_ENVELOPE_BYTES && rest.length <= MAX_ENVELOPE_BYTES) return rest.toString('utf8');
  let end = MAX_ENVELOPE_BYTES;
  // A character must not be cut in two: continuation bytes are 10xxxxxx.
  while (end > 0 && (rest[end]! & 0xc0) === 0x80) end--;
  return `${rest.subarray(0, end).toString('utf8')}… (cut: ${whole.length} bytes)`;
}

function keyText(answer: Buffer, from: number, end: number): string {
  const text = answer.toString('utf8', from, end);
  try {
    return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
  } catch {
    throw new JsonBytesError('syntax', from, 'This is no valid name of a field');
  }
}

function expectByte(answer: Buffer, at: number, byte: number): void {
  if (answer[at] === byte) return;
  if (at >= answer.length) throw new JsonBytesError('truncated', at, 'The JSON ends too early');
  throw new JsonBytesError('syntax', at, `${byteName(byte)} should stand here, found ${byteName(answer[at])}`);
}

function placeName(path: readonly string[]): string {
  return path.length === 0 ? 'the answer' : `"${path.join('.')}"`;
}
