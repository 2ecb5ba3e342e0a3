import { createHash } from 'node:crypto';
import { ArraySplitter } from '../json/array-stream';
import { hash16Hex } from '../json/canonical';
import { inFile } from './bad-file';
import { LOAD_FORMAT } from './load-definition';
import { RecordIndex } from './record-index';

/** One record of a batch's file. */
export interface FileRecord {
  /** Place in the file, from 1. */
  readonly seq: number;
  readonly offset: number;
  readonly bytes: Buffer;
  /** `recordHash` of its bytes, where somebody took it already. */
  readonly hash?: string;
}

/** What a record is known by (decision 0007), as hex digits. */
export function recordHash(bytes: Uint8Array): string {
  return hash16Hex(LOAD_FORMAT, bytes);
}

/** Records of a file in their order, in portions. */
export interface RecordStream {
  readonly portions: AsyncIterable<readonly FileRecord[]>;
  /** Once the portions have ended: how many records the whole file has, and its digest (hex). */
  total(): { readonly records: number; readonly sha256: string };
}

/**
 * `longest`: bytes of a record at most. Errors of the portions: `file_error` code `bad-json-file` with the byte, for a file that is no array
 * of records.
 */
export function recordsOfFile(file: string, content: AsyncIterable<Uint8Array>, longest?: number): RecordStream {
  const digest = createHash('sha256');
  let records = 0;
  async function* portions(): AsyncGenerator<readonly FileRecord[]> {
    const splitter = new ArraySplitter(0, longest);
    for await (const chunk of content) {
      digest.update(chunk);
      yield inFile(file, () => splitter.push(chunk)).map(({ offset, bytes }) => ({ seq: ++records, offset, bytes }));
    }
    inFile(file, () => splitter.end());
  }
  return { portions: portions(), total: () => ({ records, sha256: digest.digest('hex') }) };
}

/** The same records in portions of at most so many; how many bytes a portion has is left to whoever read them. */
export function inPortions(stream: RecordStream, most: number): RecordStream {
  async function* cut(): AsyncGenerator<readonly FileRecord[]> {
    for await (const portion of stream.portions) {
      if (portion.length <= most) yield portion;
      else for (let from = 0; from < portion.length; from += most) yield portion.slice(from, from + most);
    }
  }
  return { portions: cut(), total: () => stream.total() };
}

/** Where each record stands in a file, and the hash of its bytes. */
export interface BatchIndex {
  readonly records: RecordIndex;
  readonly sha256: string;
}

/** Reads a file's records through without parsing them. `goOn` hears of the records so far; `null` where it says no. Errors: as `recordsOfFile`. */
export async function indexFile(stream: RecordStream, goOn: (records: RecordIndex) => Promise<boolean>): Promise<BatchIndex | null> {
  const records = new RecordIndex();
  for await (const portion of stream.portions) {
    for (const { offset, bytes } of portion) records.add(offset, bytes.length, recordHash(bytes));
    if (!(await goOn(records))) return null;
  }
  return { records, sha256: stream.total().sha256 };
}

/** Records are read again in ranges of about this size. */
const RANGE_BYTES = 1024 * 1024;
/** Between two wanted records so many bytes are rather read than skipped. */
const GAP_BYTES = 64 * 1024;

export type ReadRange = (range: { readonly offset: number; readonly length: number }) => AsyncIterable<Uint8Array>;

/** The records at these places (from 0, ascending) of an indexed file. */
export function recordsAt({ records, sha256 }: BatchIndex, places: ArrayLike<number>, read: ReadRange): RecordStream {
  return { portions: ranges(records, places, read), total: () => ({ records: records.length, sha256 }) };
}

async function* ranges(index: RecordIndex, places: ArrayLike<number>, read: ReadRange): AsyncGenerator<readonly FileRecord[]> {
  for (let from = 0; from < places.length;) {
    const start = index.offsetOf(places[from]!);
    let [to, end] = [from, start];
    while (to < places.length && wanted(index, places[to]!, { start, end })) end = index.endOf(places[to++]!);
    const bytes = await whole(read({ offset: start, length: end - start }));
    const portion: FileRecord[] = [];
    for (; from < to; from++) {
      const place = places[from]!;
      const offset = index.offsetOf(place);
      const own = bytes.subarray(offset - start, index.endOf(place) - start);
      portion.push({ seq: place + 1, offset, bytes: own, hash: index.hashOf(place) });
    }
    yield portion;
  }
}

/** The first one always; another one while the range stays small and without a hole. */
function wanted(index: RecordIndex, place: number, { start, end }: { start: number; end: number }): boolean {
  return end === start || (index.endOf(place) - start <= RANGE_BYTES && index.offsetOf(place) - end <= GAP_BYTES);
}

async function whole(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
