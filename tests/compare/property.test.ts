import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { compared, comparing, countsOf } from './comparing';
import { naively, type NaiveRow, type NaiveRule } from './naive';

const database = testDatabase();
let db: Database;
let folder: string;
beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 1 });
  folder = mkdtempSync(join(tmpdir(), 'freshet-property-'));
  await db.query('create table typed (id text, text text, number numeric, minute timestamptz)');
});
afterAll(async () => {
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Small worlds, so that keys meet, stand twice, and values are nearly equal. */
const row = fc.record<NaiveRow>({
  key: fc.option(fc.constantFrom('1', '2', '3', 'a', 'A', 'a b', '"', 'é', '%', '|'), { freq: 12 }),
  text: fc.option(fc.constantFrom('a', 'A', ' a', 'b;"', 'zwei\nZeilen', 'tab\t\\', 'null', '\\N'), { freq: 6 }),
  number: fc.option(fc.constantFrom('1', '1.00', '1.01', '-1', '1.005e2', '100.50', '0', '-0'), { freq: 6 }),
  minute: fc.option(fc.integer({ min: 0, max: 5 }), { freq: 6 }),
});
const rule = fc.record<NaiveRule>({ cents: fc.constantFrom(0, 1, 200), minutes: fc.constantFrom(0, 2), fold: fc.boolean() });

const at = (minute: number): string => `2026-03-01T00:0${minute}:00Z`;

async function fill(rows: readonly NaiveRow[]): Promise<void> {
  await db.query('truncate typed');
  for (const { key, text, number, minute } of rows)
    await db.query('insert into typed values ($1, $2, $3, $4)', [key, text, number, minute === null ? null : at(minute)]);
}

/** As another program would write it, in another zone; an empty cell is NULL, every text is quoted. */
function csv(rows: readonly NaiveRow[]): string {
  const quoted = (text: string | null): string => (text === null ? '' : `"${text.replaceAll('"', '""')}"`);
  const local = (minute: number | null): string => (minute === null ? '' : `2026-03-01 01:0${minute}+01:00`);
  const lines = rows.map(({ key, text, number, minute }) => [quoted(key), quoted(text), number ?? '', local(minute)].join(';'));
  return ['id;text;number;minute', ...lines].join('\n');
}

it('a CSV file against a table comes to what looking at every pair of rows comes to', async () => {
  const file = join(folder, 'left.csv');
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 12 }),
      fc.array(row, { maxLength: 12 }),
      rule,
      async (left, right, { cents, minutes, fold }) => {
        writeFileSync(file, csv(left));
        await fill(right);
        const rules = {
          number: cents === 0 ? {} : { absolute: `${cents / 100}` },
          minute: minutes === 0 ? {} : { within: minutes * 60_000 },
          text: fold ? { trim: true, ignoreCase: true } : {},
        };
        const result = await compared(db, comparing(`csv:${file}`, 'table:typed', { key: ['id'], rules, statistics: 'counts' }));
        expect({ pairs: result.pairs, ...countsOf(result) }).toEqual(naively(left, right, { cents, minutes, fold }));
      },
    ),
    { numRuns: Number(process.env['COMPARE_RUNS'] ?? 60) },
  );
});

it('whatever stands in a table, it is equal to itself, read by another way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(row, { maxLength: 12, selector: ({ key }) => key }), async (rows) => {
      const named = rows.filter(({ key }) => key !== null);
      await fill(named);
      const asText = 'query:select id, text, number::float8, minute::text from typed';
      const result = await compared(db, comparing('table:typed', asText, { key: ['id'], statistics: 'counts' }));
      expect([result.equal, result.pairs]).toEqual([true, named.length]);
    }),
    { numRuns: 20 },
  );
});
