import type { PageClock } from './page-clock';
import { HASH_BYTES, type RecordIndex } from './record-index';

/** The hashes of some known records, side by side; their numbers in the file, from 1, and times of fetching, as text for PostgreSQL. */
interface KnownPart {
  readonly hashes: Buffer;
  readonly seqs: readonly number[];
  readonly times: readonly string[];
}

/** What the table was when the records were looked up: whatever freshet writes into it draws a number, so the same number means the same rows. */
export interface TableMoment {
  readonly lastBatchNo: string;
  readonly epoch: number;
  /** Of the table itself: one of the same name may have taken its place. */
  readonly oid: string | null;
}

/** Which records of a file the table holds. Places count from 0 and ascend. */
export interface Found {
  readonly moment: TableMoment;
  readonly places: Uint32Array;
  /** Those whose row may have to learn that it was fetched again. */
  readonly unsettled: Uint32Array;
}

const NO_PLACES = new Uint32Array();
export const NOTHING_FOUND: Found = { moment: { lastBatchNo: '0', epoch: 0, oid: null }, places: NO_PLACES, unsettled: NO_PLACES };

/** Records whose very bytes the table holds: they are unchanged, and nobody parses them (decision 0007). */
export class KnownRecords {
  constructor(
    private readonly index: RecordIndex,
    readonly found: Found,
    private readonly clock: () => PageClock,
  ) {}

  get length(): number {
    return this.found.places.length;
  }

  /** The unsettled ones, and those that have one of these hashes (hex digits); ascending. */
  singledOut(hashes: readonly string[]): Uint32Array {
    const { places, unsettled } = this.found;
    if (hashes.length === 0) return unsettled;
    const wanted = new Set(hashes);
    const beginnings = new Set(hashes.map((hash) => Number.parseInt(hash.slice(0, 8), 16)));
    const out = new Set(unsettled);
    for (const place of places) if (beginnings.has(this.index.beginningOf(place)) && wanted.has(this.index.hashOf(place))) out.add(place);
    return Uint32Array.from(out).sort();
  }

  *parts(places: Uint32Array, size: number): Generator<KnownPart> {
    const clock = this.clock();
    for (let from = 0; from < places.length; from += size) {
      const part = Array.from(places.subarray(from, from + size));
      const hashes = Buffer.allocUnsafe(part.length * HASH_BYTES);
      part.forEach((place, n) => this.index.copyHash(place, hashes, n * HASH_BYTES));
      yield { hashes, seqs: part.map((place) => place + 1), times: part.map((place) => clock.at(this.index.offsetOf(place))) };
    }
  }
}
