import { BACKSLASH, byteName, CLOSE_ARRAY, CLOSE_OBJECT, COMMA, isSpace, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './bytes';
import { JsonBytesError } from './json-bytes-error';
import { ValueEnd } from './value-end';

export function skipSpace(bytes: Buffer, from: number): number {
  let i = from;
  while (isSpace(bytes[i])) i++;
  return i;
}

/** End (exclusive) of the string that begins with the quote at `from`. */
export function skipString(bytes: Buffer, from: number): number {
  let quote = bytes.indexOf(QUOTE, from + 1);
  for (; quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let before = quote - 1;
    while (bytes[before] === BACKSLASH) before--;
    // An even number of backslashes are escaped backslashes: the quote is real.
    if ((quote - 1 - before) % 2 === 0) return quote + 1;
  }
  throw new JsonBytesError('truncated', bytes.length, 'The JSON ends inside a string');
}

/** End (exclusive) of the value that begins at `from`. Brackets are counted, not matched: whoever parses the slice finds the rest. */
export function skipValue(bytes: Buffer, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return skipString(bytes, from);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return skipNested(bytes, from);
  let i = from;
  for (let byte = first; byte !== undefined && byte !== COMMA && byte !== CLOSE_ARRAY && byte !== CLOSE_OBJECT; byte = bytes[++i]) {
    if (isSpace(byte)) break;
  }
  if (i === from && from >= bytes.length) throw new JsonBytesError('truncated', from, 'The JSON ends where a value should begin');
  if (i === from) throw new JsonBytesError('syntax', from, `A value should begin here, found ${byteName(first)}`);
  return i;
}

function skipNested(bytes: Buffer, from: number): number {
  const value = new ValueEnd();
  value.begin(bytes[from]!);
  const end = value.find(bytes, from + 1);
  if (end !== -1) return end;
  const what = bytes[from] === OPEN_ARRAY ? 'array' : 'object';
  throw new JsonBytesError('truncated', bytes.length, `The JSON ends inside the ${what} begun at byte ${from}`);
}
