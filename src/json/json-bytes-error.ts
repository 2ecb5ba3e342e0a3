/**
 * `not-array`: something else stands where the array should; `no-path`: the named value is not there; `empty`: nothing but white space;
 * `truncated`: the bytes end too early; `trailing`: something follows the end; `syntax`: no JSON at this place;
 * `too-long`: one record is longer than can be held; `ambiguous`: several arrays may be meant.
 */
export type JsonBytesFault = 'not-array' | 'no-path' | 'empty' | 'truncated' | 'trailing' | 'syntax' | 'too-long' | 'ambiguous';

/** What is wrong with JSON bytes, and at which byte. Callers know whether a source or a file is to blame, and wrap it accordingly. */
export class JsonBytesError extends Error {
  constructor(
    readonly fault: JsonBytesFault,
    /** Byte offset from the start of the answer or file. */
    readonly offset: number,
    message: string,
  ) {
    super(`${message} (byte ${offset})`);
    this.name = 'JsonBytesError';
  }
}

/** `what` with how long it may be, in MiB: `A record that begins here is longer than 64 MiB`. */
export function tooLong(at: number, what: string, longest: number): JsonBytesError {
  return new JsonBytesError('too-long', at, `${what} ${Number((longest / 1024 / 1024).toFixed(1))} MiB`);
}
