import { isAscii, isUtf8 } from 'node:buffer';
import { setImmediate as turn } from 'node:timers/promises';
import { parseExact, type JsonValue } from './decode';
import { findValue, type Slice } from './slices';

/** A list answer whose records are not parsed yet. */
export interface OpenList {
  /** As `JSON.parse` makes it of the answer, with an empty array in the place of the records. */
  readonly around: unknown;
  readonly slice: Slice;
  readonly elements: readonly Slice[];
}

/** So many records are parsed in one turn of the event loop: what else waits, such as the page before this one, goes on between them. */
const PER_TURN = 30;

/** Finds the records of an answer in one pass over its bytes. `null`: no array stands at `path`, or this is no JSON. */
export function openList(answer: Buffer, path: readonly string[]): OpenList | null {
  try {
    const { slice, elements } = findValue(answer, path);
    if (elements === null) return null;
    const around = Buffer.concat([answer.subarray(0, slice.offset), Buffer.from('[]'), answer.subarray(slice.offset + slice.length)]);
    return { around: JSON.parse(textOf(around)), slice, elements };
  } catch {
    return null;
  }
}

/**
 * Hands on the records of a list, numbers exact, one after the other, so that each is garbage before the next one comes. Each is parsed by
 * itself: one letter beyond ASCII would else make the whole answer a text of two bytes a character, which is slow. Throws SyntaxError, and
 * RangeError where the nesting is too deep.
 */
export async function eachRecord(
  answer: Buffer,
  elements: readonly Slice[],
  take: (record: JsonValue, place: Slice) => void,
): Promise<void> {
  for (const [n, place] of elements.entries()) {
    if (n % PER_TURN === 0) await turn();
    take(parseExact(textOf(answer.subarray(place.offset, place.offset + place.length))), place);
  }
}

/** Throws where the bytes are no UTF-8. */
function textOf(bytes: Buffer): string {
  // The same text; latin1 is decoded four times faster.
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) throw new SyntaxError('its bytes are not UTF-8');
  return bytes.toString('utf8');
}
