import fc from 'fast-check';
import { ident } from '../../src/database/identifier';
import { indexFile, recordsAt, recordsOfFile, type FileRecord } from '../../src/load/batch-file';
import { worthLookingUp } from '../../src/load/known-look-up';
import { createCollectingLog } from '../../src/observability/collecting-log';
import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Page, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const order = (id: string, more: object = {}): object => ({
  order_id: id,
  changed: '2025-07-01T10:00:00Z',
  total: 1,
  line_items: [{ sku: 'x' }],
  ...more,
});
const at = (hour: number, ...records: object[]): Page => ({ records, fetchedAt: `2025-07-01T${hour}:00:00Z` });

/** Loads pages and tells how many rows were copied for the merge. */
async function copied(bench: Bench, pages: readonly Page[]): Promise<{ rows: number; counts: object }> {
  let rows = -1;
  const watching = testContext({
    fault: async (site) => {
      if (site !== 'load.before-merge') return;
      const [stage] = (await bench.stages()).filter(({ name }) => !name.endsWith('_l'));
      const [found] = await shelf.db.query<{ n: string }>(`select count(*) as n from ${ident('freshet_stage', stage!.name)}`);
      rows = Number(found!.n);
    },
  });
  return { counts: await bench.deliver(pages, { ctx: watching }), rows };
}

test('records that the table holds byte for byte are neither parsed nor copied, only the others are', async () => {
  const bench = await Bench.open(shelf);
  const all = ['a', 'b', 'c', 'd'].map((id) => order(id));
  await bench.deliver([at(12, ...all)]);
  expect(await copied(bench, [at(13, ...all)])).toMatchObject({ rows: 0, counts: { unchanged: 4, updated: 0 } });
  const changed = all.map((one, index) => (index === 2 ? order('c', { total: 7 }) : one));
  expect(await copied(bench, [at(14, ...changed, order('e'))])).toMatchObject({
    rows: 2,
    counts: { unchanged: 3, updated: 1, inserted: 1 },
  });
  expect(await bench.rows('id, total', 'order by id')).toMatchObject([
    { total: '1' },
    { total: '1' },
    { total: '7' },
    { total: '1' },
    { total: '1' },
  ]);
});

test('fields may have the names that our own statements use', async () => {
  const bench = await Bench.open(shelf);
  const words = [
    'n',
    'g',
    'p',
    's',
    't',
    'u',
    'x',
    'd',
    'k',
    'id_',
    'seq',
    'place',
    'places',
    'time',
    'late',
    'outcome',
    'written',
    'hash',
    'value',
  ];
  const named = Object.fromEntries(words.map((word) => [word, `is ${word}`]));
  const line = { sku: 'x', ...named };
  await bench.deliver([at(12, order('a', named), order('b', { ...named, line_items: [line] }))]);
  expect(await bench.deliver([at(13, order('a', named), order('b', { ...named, line_items: [line, line] }))])).toMatchObject({
    unchanged: 1,
    updated: 1,
    lines_added: 1,
  });
  expect(await bench.rows('n, place, outcome', 'order by id')).toEqual(
    Array(2).fill({ n: 'is n', place: 'is place', outcome: 'is outcome' }),
  );
});

test('of a known record and another copy of its id in the same batch the newer one counts', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([at(12, order('a'), order('b'))]);
  const [newer, older] = [
    order('a', { changed: '2025-07-01T10:30:00Z', total: 2 }),
    order('b', { changed: '2025-07-01T09:30:00Z', total: 2 }),
  ];
  const { counts, rows } = await copied(bench, [at(13, order('a'), newer, older, order('b'))]);
  expect({ counts, rows }).toMatchObject({ rows: 2, counts: { updated: 1, unchanged: 1, duplicate: 2 } });
  expect(await bench.rows('id, total', 'order by id')).toEqual([
    { id: 'a', total: '2' },
    { id: 'b', total: '1' },
  ]);
});

test('the same bytes twice in one batch are one record and one duplicate', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([at(12, order('a'))]);
  expect((await copied(bench, [at(13, order('a'), order('a'))])).counts).toMatchObject({ unchanged: 1, duplicate: 1 });
});

test('a deleted row is known no more: the same bytes, fetched later, revive it', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([at(12, order('a'))]);
  await bench.softDelete('a', '2025-07-01T12:30:00Z');
  expect(await copied(bench, [at(13, order('a'))])).toMatchObject({ rows: 1, counts: { revived: 1 } });
});

test('a row of an earlier epoch is known no more: the same bytes bring it into the new one', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([at(12, order('a'))]);
  await shelf.db.query(`update freshet.pipeline_entity set epoch = 1 where entity = $1`, [bench.entity]);
  expect(await copied(bench, [at(13, order('a'))])).toMatchObject({ rows: 1, counts: { unchanged: 1 } });
  expect(await bench.rows('source_epoch')).toEqual([{ source_epoch: 1 }]);
});

/** Whatever freshet writes into a table draws a number. */
const drawn = (of: Bench, statement: string): string =>
  `with drawn as (update freshet.table_owner set last_batch_no = last_batch_no + 1 where "table" = '${of.table}') ${statement}`;

const MEANWHILE = {
  'written by another load': (table: string, of: Bench) =>
    drawn(of, `update ${table} set source_hash = '\\x00', row_hash = '\\x00', total = 9, fetched_at = '2025-07-01T09:00:00Z'`),
  'deleted by another run': (table: string, of: Bench) =>
    drawn(of, `update ${table} set deleted_at = now(), fetched_at = '2025-07-01T12:30:00Z'`),
  'dropped with its table': (table: string, of: Bench) => `drop table ${table}, ${ident('shop', `${of.table}_line_items`)}`,
  'raised into another epoch': (_: string, of: Bench) => `update freshet.pipeline_entity set epoch = 1 where entity = '${of.entity}'`,
};

/** Does something once, between reading the file and the merge. */
function beforeMerge(act: () => Promise<unknown>): (site: string) => Promise<void> {
  let once = false;
  return async (site) => {
    if (site !== 'load.before-merge' || once) return;
    once = true;
    await act();
  };
}

test.each(Object.entries(MEANWHILE))(
  'when a known row was %s meanwhile, the batch is read once more, every record of it',
  async (_, sql) => {
    const bench = await Bench.open(shelf);
    await bench.deliver([at(12, order('a'))]);
    const { log, lines } = createCollectingLog();
    const fault = beforeMerge(() => shelf.db.query(sql(ident('shop', bench.table), bench)));
    await bench.deliver([at(13, order('a'))], { ctx: testContext({ log, fault }) });
    expect(lines.map(({ id }) => id)).toContain('LD-004');
    expect(await bench.rows('id, total')).toEqual([{ id: 'a', total: '1' }]);
  },
);

test('a row that a person deletes while its record is being read is missing until the next load, as if it were deleted right after', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([at(12, order('a'), order('b'))]);
  const fault = beforeMerge(() => shelf.db.query(`delete from ${ident('shop', bench.table)} where id = 'a'`));
  expect(await bench.deliver([at(13, order('a'), order('b'))], { ctx: testContext({ fault }) })).toMatchObject({ unchanged: 2 });
  expect(await bench.deliver([at(14, order('a'), order('b'))])).toMatchObject({ inserted: 1, unchanged: 1 });
});

test('a file of which the table holds next to nothing is read once; what it does hold is unchanged all the same', async () => {
  const bench = await Bench.open(shelf);
  const records = (total: number): object[] =>
    Array.from({ length: 20_000 }, (_, n) => ({ order_id: `o${n}`, total: n % 1_000 === 0 ? 0 : total }));
  await bench.deliver([at(12, ...records(1))]);
  expect(await copied(bench, [at(13, ...records(2))])).toMatchObject({ rows: 20_000, counts: { unchanged: 20, updated: 19_980 } });
});

test('looking up goes on while it is too early to tell, and while it finds one record of sixteen', () => {
  expect(worthLookingUp(1_000_000, { asked: 99_999, found: 0 })).toBe(true);
  expect(worthLookingUp(1_000_000, { asked: 100_000, found: 6_249 })).toBe(false);
  expect(worthLookingUp(1_000_000, { asked: 100_000, found: 6_250 })).toBe(true);
  expect(worthLookingUp(20_000, { asked: 15_999, found: 0 })).toBe(true);
  expect(worthLookingUp(20_000, { asked: 16_000, found: 0 })).toBe(false);
});

test('reading again by ranges gives the very records of the file, whichever are asked for', async () => {
  const text = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 30 });
  const sizes = fc.constantFrom(0, 70_000);
  await fc.assert(
    fc.asyncProperty(text, sizes, fc.infiniteStream(fc.boolean()), async (values, gap, coin) => {
      const file = Buffer.from(`[${values.map((value) => JSON.stringify(value) + ' '.repeat(gap)).join(',')}]`);
      const read = async function* ({ offset, length } = { offset: 0, length: file.length }): AsyncGenerator<Uint8Array> {
        for (let from = offset; from < offset + length; from += 7_001) yield file.subarray(from, Math.min(from + 7_001, offset + length));
      };
      const index = (await indexFile(recordsOfFile('f', read()), () => Promise.resolve(true)))!;
      const stream = recordsOfFile('f', read());
      const all: FileRecord[] = [];
      for await (const portion of stream.portions) all.push(...portion);
      const places = all.map((_, place) => place).filter(() => coin.next().value);
      const again = recordsAt(index, places, read);
      const found: FileRecord[] = [];
      for await (const portion of again.portions) found.push(...portion);
      expect(found.map(({ seq, offset, bytes }) => [seq, offset, bytes.toString()])).toEqual(
        places.map((place) => [all[place]!.seq, all[place]!.offset, all[place]!.bytes.toString()]),
      );
      expect(again.total()).toEqual(stream.total());
    }),
    { numRuns: 60 },
  );
});
