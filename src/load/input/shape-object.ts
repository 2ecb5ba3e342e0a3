import type { StreamedRecord } from '../../json/array-stream';
import { byteName, isSpace, OPEN_OBJECT } from '../../json/bytes';
import { JsonBytesError, tooLong } from '../../json/json-bytes-error';
import { checkRecords, ObjectWalker, type MemberArray } from './envelope';
import { LinesSplitter } from './lines';

/** An object up to this size is seen whole before it is decided what it is; a longer one that has begun an array of objects is an envelope. */
export const LOOK_AHEAD_BYTES = 4 * 1024 * 1024;

/**
 * A file that begins with `{`: an envelope around an array, or the first of many lines. Which one shows where the object ends. Until then it
 * is held, except for an envelope that is too long for that. Throws JsonBytesError.
 */
export class ObjectReader {
  private readonly walker: ObjectWalker;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private consumed: number;
  private chosen: MemberArray | null = null;
  private lines: LinesSplitter | null = null;

  constructor(
    private readonly entity: string,
    private readonly at: number,
    private readonly longest: number,
  ) {
    this.consumed = at;
    this.walker = new ObjectWalker(entity, at, longest);
  }

  get shape(): 'envelope' | 'lines' {
    return this.lines === null ? 'envelope' : 'lines';
  }

  push(bytes: Buffer): readonly StreamedRecord[] {
    if (this.lines !== null) return this.lines.push(bytes);
    if (this.chosen === null) this.hold(bytes);
    const end = this.walker.push(bytes);
    const behind = this.walker.ended ? nextByte(bytes, end) : -1;
    if (behind !== -1) return this.goesOn(bytes, behind);
    this.consumed += bytes.length;
    if (this.chosen === null && !this.walker.ended && this.heldBytes > LOOK_AHEAD_BYTES && this.walker.arrays.length > 0) this.choose();
    return this.take();
  }

  end(): readonly StreamedRecord[] {
    if (this.lines !== null) return this.lines.end();
    if (!this.walker.ended) throw new JsonBytesError('truncated', this.consumed, 'The object that it begins with ends too early');
    if (this.chosen === null) this.choose();
    return this.take();
  }

  /** Something follows the object. */
  private goesOn(bytes: Buffer, behind: number): readonly StreamedRecord[] {
    if (this.chosen !== null || bytes[behind] !== OPEN_OBJECT) {
      const hint = bytes[behind] === OPEN_OBJECT ? '; if each line is a record, name the file .ndjson' : '';
      throw new JsonBytesError('trailing', this.consumed + behind, `The object has ended, yet ${byteName(bytes[behind])} follows${hint}`);
    }
    const lines = new LinesSplitter(this.at, this.longest);
    this.lines = lines;
    return this.held.splice(0).flatMap((part) => lines.push(part));
  }

  private hold(bytes: Buffer): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes > this.longest)
      throw tooLong(this.at, 'It begins with an object without an array that is longer than', this.longest);
  }

  private choose(): void {
    this.chosen = chooseArray(this.walker, { entity: this.entity, at: this.at });
    this.held = [];
  }

  /** What the chosen array has given since. Others beside it are only looked through where the entity's name has decided. */
  private take(): readonly StreamedRecord[] {
    const { chosen } = this;
    if (chosen === null) return [];
    for (const array of this.walker.arrays) {
      if (array === chosen) continue;
      if (chosen.key !== this.entity || array.key === this.entity) throw ambiguous([chosen, array], this.entity);
      checkRecords(array.records.splice(0));
    }
    return chosen.records.splice(0);
  }
}

/** The array named like the entity, else the only array of objects. */
function chooseArray(walker: ObjectWalker, { entity, at }: { entity: string; at: number }): MemberArray {
  const named = walker.arrays.filter(({ key }) => key === entity);
  const meant = named.length > 0 ? named : walker.arrays;
  if (meant.length > 1) throw ambiguous(meant, entity);
  if (meant[0] !== undefined) return meant[0];
  throw new JsonBytesError(
    'not-array',
    at,
    `It must contain an array of records; found an object ${walker.members === 0 ? 'without keys' : `with keys ${walker.keyNames()}`}; is this a metadata file?`,
  );
}

function ambiguous(arrays: readonly MemberArray[], entity: string): JsonBytesError {
  const names = arrays.map(({ key }) => JSON.stringify(key.slice(0, 60))).join(', ');
  return new JsonBytesError(
    'ambiguous',
    arrays[1]!.at,
    `It holds several arrays of records: ${names}; none, or more than one, is named ${JSON.stringify(entity)} like the entity`,
  );
}

function nextByte(bytes: Buffer, from: number): number {
  for (let i = from; i < bytes.length; i++) if (!isSpace(bytes[i])) return i;
  return -1;
}
