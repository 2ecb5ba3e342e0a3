import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ident } from '../../src/database/identifier';
import { ArraySplitter, type StreamedRecord } from '../../src/json/array-stream';
import { profileRecords } from '../../src/json/profile';
import type { LoadCounts } from '../../src/load/load-counts';
import type { LoadDefinition } from '../../src/load/load-definition';
import { Bench, ORDERS, type Shelf } from './bench';

/** An entity of a folder that another tool wrote: everything is inferred. */
export const FOREIGN: LoadDefinition = { ...ORDERS, key: ['id'], cursor: null, volatile: [], columns: {}, lineItemColumns: {} };

export function hostileFile(name: string): Buffer {
  return readFileSync(join(__dirname, '..', 'fixtures', 'hostile', name));
}

export function recordsIn(bytes: Buffer): StreamedRecord[] {
  return new ArraySplitter().push(bytes);
}

export interface Outcome {
  readonly bench: Bench;
  readonly counts: LoadCounts;
  /** Names of the columns, by field. */
  readonly columns: ReadonlyMap<string, string>;
  /** The rules that each rejected record broke, by its place in the file, from 0. */
  readonly rejects: ReadonlyMap<number, readonly string[]>;
}

/** Loads the very bytes of a file of records: as landed, byte for byte. */
export async function loadBytes(shelf: Shelf, bytes: Buffer, definition: LoadDefinition = FOREIGN): Promise<Outcome> {
  const bench = await Bench.open(shelf, definition);
  await bench.land([{ records: [], fetchedAt: '2025-07-02T00:00:00Z' }]);
  const [batch] = await shelf.db.query<{ file: string }>(`select file from freshet.batch where key = $1`, [bench.key]);
  const { sha256 } = await shelf.landing.write(batch!.file, [bytes]);
  const records = recordsIn(bytes);
  const profile = profileRecords(
    records.map((record) => record.bytes),
    definition.lineItems?.field ?? null,
  );
  await shelf.db.query(`update freshet.batch set sha256 = $2, records = $3, bytes = $4, profile = $5 where key = $1`, [
    bench.key,
    sha256,
    records.length,
    bytes.length,
    JSON.stringify(profile),
  ]);
  const counts = await bench.load();
  return { bench, counts, columns: await columnsOf(bench), rejects: await rejectsOf(bench, records) };
}

async function columnsOf(bench: Bench): Promise<Map<string, string>> {
  const rows = await bench.db.query<{ field: string; name: string }>(`select field, name from freshet.raw_column where "table" = $1`, [
    bench.table,
  ]);
  return new Map(rows.map(({ field, name }) => [field, name]));
}

async function rejectsOf(bench: Bench, records: readonly StreamedRecord[]): Promise<Map<number, string[]>> {
  const rows = await bench.db.query<{ offset: string; reasons: { rule: string; field: string | null; message: string }[] }>(
    `select "offset", reasons from freshet.reject where run_id = $1`,
    [bench.runId],
  );
  const places = new Map(records.map(({ offset }, place) => [offset, place]));
  return new Map(
    rows.map(({ offset, reasons }) => [
      places.get(Number(offset))!,
      reasons.map(({ rule, field }) => [rule, field].filter(Boolean).join(' ')),
    ]),
  );
}

/** One field of every stored row, as text, by id. */
export async function storedTexts({ bench, columns }: Outcome, field: string): Promise<Record<string, string | null>> {
  const name = columns.get(field);
  if (name === undefined) throw new Error(`there is no column for ${field}`);
  const rows = await bench.db.query<{ id: string; value: string | null }>(
    `select id, ${ident(name)}::text as value from ${ident('shop', bench.table)}`,
  );
  return Object.fromEntries(rows.map(({ id, value }) => [id, value]));
}
