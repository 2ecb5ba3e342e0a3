import { isAscii } from 'node:buffer';

/** How many bytes `encodingOf` wants to see, unless the file is shorter. */
export const ENCODING_HEAD_BYTES = 4;

/** Marks that some tools put before a text. UTF-32's begins like UTF-16's, so it is asked for first. */
const MARKS: readonly (readonly [name: string, mark: readonly number[]])[] = [
  ['UTF-32LE', [0xff, 0xfe, 0, 0]],
  ['UTF-32BE', [0, 0, 0xfe, 0xff]],
  ['UTF-16LE', [0xff, 0xfe]],
  ['UTF-16BE', [0xfe, 0xff]],
];

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** What the first bytes say of a text's encoding: how many are UTF-8's mark, or the name of another encoding. */
export function encodingOf(head: Buffer): { readonly skip: number } | { readonly other: string } {
  if (head.subarray(0, 3).equals(UTF8_MARK)) return { skip: 3 };
  for (const [other, mark] of MARKS) if (mark.every((byte, place) => head[place] === byte)) return { other };
  // JSON begins with two characters of ASCII: where the zeros are tells the rest.
  const zeros = [...head.subarray(0, 4)].map((byte) => (byte === 0 ? '0' : 'x')).join('');
  const other = { '000x': 'UTF-32BE', x000: 'UTF-32LE', '0x0x': 'UTF-16BE', x0x0: 'UTF-16LE' }[zeros];
  return other === undefined ? { skip: 0 } : { other };
}

/** So many single letters above ASCII, and no character of UTF-8 before them, are no accident. */
const ENOUGH = 3;
/** Bytes of the longest character. */
const LONGEST = 4;

/**
 * Tells Latin-1 (and Windows-1252) from UTF-8 with a damaged record: bytes above 0x7f that stand alone among ASCII, and nowhere before them
 * a character that UTF-8 would write with two bytes or more.
 */
export class Latin1Watch {
  private settled = false;
  private alone = 0;
  private firstAt = 0;
  /** The end of the chunk before, where the bytes behind it decide what it is. */
  private rest: Buffer = Buffer.alloc(0);

  /** Offset of the first letter once it is certain that this is no UTF-8. `at`: offset of the chunk. */
  look(chunk: Buffer, at: number): number | null {
    if (this.settled || (this.rest.length === 0 && isAscii(chunk))) return null;
    const from = at - this.rest.length;
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = Buffer.alloc(0);
    // The first byte of a rest is the one before the undecided ones.
    for (let i = from < at ? 1 : 0; i < bytes.length; i++) {
      if (bytes[i]! < 0x80) continue;
      if (i + LONGEST > bytes.length) {
        this.rest = Buffer.from(bytes.subarray(Math.max(0, i - 1)));
        if (i === 0) this.rest = Buffer.concat([Buffer.alloc(1), this.rest]);
        return null;
      }
      if (this.decide(bytes, i, from)) return this.firstAt;
      if (this.settled) return null;
    }
    return null;
  }

  /** Looks at one byte above 0x7f; true where it is one letter of Latin-1 too many. */
  private decide(bytes: Buffer, i: number, from: number): boolean {
    this.settled = isCharacter(bytes, i);
    if (this.settled || (bytes[i - 1] ?? 0) >= 0x80 || bytes[i + 1]! >= 0x80) return false;
    if (++this.alone === 1) this.firstAt = from + i;
    return this.alone === ENOUGH;
  }
}

/** Whether UTF-8 writes a character this way. */
function isCharacter(bytes: Buffer, at: number): boolean {
  const lead = bytes[at]!;
  const length = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0) return false;
  for (let i = at + 1; i < at + length; i++) {
    if ((bytes[i]! & 0xc0) !== 0x80) return false;
  }
  return true;
}
