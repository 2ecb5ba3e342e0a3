import { ProfileCollector, type Profile } from '../src/json/profile';
import type { FileStore } from '../src/landing/file-store';
import { INVOICES, invoice, invoiceFile, type Documents, type Expected } from './documents';

/** One batch's file as extract would have landed it. */
export interface LandedBatch {
  readonly file: string;
  readonly sha256: string;
  readonly records: number;
  readonly bytes: number;
}

export interface Landed {
  readonly batches: readonly LandedBatch[];
  readonly profile: Profile;
  readonly expected: Expected;
}

/** A batch holds at most so many records (contracts §3). */
const BATCH = 10_000_000;
/** The documents are all alike: their fields are known after a few. */
const PROFILED = 2_000;

/** Writes an edition of the documents into landing. */
export async function land(landing: FileStore, { count, edition }: Documents): Promise<Landed> {
  const batches: LandedBatch[] = [];
  let [lines, total, quantity] = [0, 0n, 0n];
  for (let from = 0; from < count; from += BATCH) {
    const to = Math.min(from + BATCH, count);
    const file = `sync_sessions/edition-${edition}/raw_json/${batches.length}/invoices.json`;
    const stored = await landing.write(
      file,
      invoiceFile({ from, to, edition }, (document) => {
        lines += document.lines;
        total += BigInt(document.total);
        quantity += BigInt(document.quantity);
      }),
    );
    batches.push({ file, records: to - from, ...stored });
  }
  return {
    batches,
    profile: profile(count, edition),
    expected: { documents: count, lines, total: String(total), quantity: String(quantity) },
  };
}

function profile(count: number, edition: number): Profile {
  const collector = new ProfileCollector(INVOICES.lineItems?.field ?? null);
  for (let n = 0; n < Math.min(count, PROFILED); n++) collector.add(Buffer.from(invoice(n, edition).text));
  return collector.profile();
}
