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

/** Slices of the elements of the array at `path` (`[]`: the root); `array`: its own slice, where that is known. Throws JsonBytesError. */
export function sliceArray(answer: Buffer, path: readonly string[], array: Slice = sliceValue(answer, path)): Slice[] {
  const { offset } = array;
  if (answer[offset] !== OPEN_ARRAY) {
    throw new JsonBytesError('not-array', offset, `${placeName(path)} must be an array of records; found ${byteName(answer[offset])}`);
  }
  const slices: Slice[] = [];
  let at = skipSpace(answer, offset + 1);
  if (answer[at] === CLOSE_ARRAY) return slices;
  for (;;) {
    const end = skipValue(answer, at);
    slices.push({ offset: at, length: end - at });
    const after = skipSpace(answer, end);
    if (answer[after] === CLOSE_ARRAY) return slices;
    expectByte(answer, after, COMMA);
    at = skipSpace(answer, after + 1);
  }
}

/** Slice of the one value at `path`. Of a key that is there twice the last counts, as in JSON.parse. Throws JsonBytesError. */
export function sliceValue(answer: Buffer, path: readonly string[]): Slice {
  const start = skipSpace(answer, 0);
  const end = skipValue(answer, start);
  const rest = skipSpace(answer, end);
  if (rest < answer.length) throw new JsonBytesError('trailing', rest, `The JSON has ended, yet ${byteName(answer[rest])} follows`);
  let slice: Slice = { offset: start, length: end - start };
  path.forEach((key, depth) => {
    const found = member(answer, slice.offset, key);
    if (found === null)
      throw new JsonBytesError('no-path', slice.offset, `There is no ${placeName(path.slice(0, depth + 1))} in the answer`);
    slice = found;
  });
  return slice;
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

function member(answer: Buffer, objectAt: number, key: string): Slice | null {
  if (answer[objectAt] !== OPEN_OBJECT) return null;
  let found: Slice | null = null;
  let at = skipSpace(answer, objectAt + 1);
  if (answer[at] === CLOSE_OBJECT) return null;
  for (;;) {
    expectByte(answer, at, QUOTE);
    const keyEnd = skipString(answer, at);
    const colon = skipSpace(answer, keyEnd);
    expectByte(answer, colon, COLON);
    const start = skipSpace(answer, colon + 1);
    const end = skipValue(answer, start);
    if (keyText(answer, at, keyEnd) === key) found = { offset: start, length: end - start };
    const after = skipSpace(answer, end);
    if (answer[after] === CLOSE_OBJECT) return found;
    expectByte(answer, after, COMMA);
    at = skipSpace(answer, after + 1);
  }
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
