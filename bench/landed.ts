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

/** The documents are all alike: their fields are known after a few. */
const PROFILED = 2_000;

/** Writes an edition of the documents into landing: one file, which a load takes whole as one batch (contracts §3). */
export async function land(landing: FileStore, { count, edition }: Documents): Promise<Landed> {
  let [lines, total, quantity] = [0, 0n, 0n];
  const file = `sync_sessions/edition-${edition}/raw_json/0/invoices.json`;
  const stored = await landing.write(
    file,
    invoiceFile({ from: 0, to: count, edition }, (document) => {
      lines += document.lines;
      total += BigInt(document.total);
      quantity += BigInt(document.quantity);
    }),
  );
  return {
    batches: [{ file, records: count, ...stored }],
    profile: profile(count, edition),
    expected: { documents: count, lines, total: String(total), quantity: String(quantity) },
  };
}

function profile(count: number, edition: number): Profile {
  const collector = new ProfileCollector(INVOICES.lineItems?.field ?? null);
  for (let n = 0; n < Math.min(count, PROFILED); n++) collector.add(Buffer.from(invoice(n, edition).text));
  return collector.profile();
}
