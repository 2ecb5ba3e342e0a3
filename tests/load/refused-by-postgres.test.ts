import fc from 'fast-check';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const AT = '2025-07-01T10:00:00Z';
const order = (id: string, more: object = {}): object => ({
  order_id: id,
  total: 1,
  note: id,
  line_items: [{ sku: id, rate: 1 }],
  ...more,
});

/** A table with one row, `first`, and what a person has added to it. */
async function open(...sql: string[]): Promise<Bench> {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order('first')], fetchedAt: AT }]);
  for (const statement of sql)
    await shelf.db.query(statement.replaceAll('TABLE', `shop.${bench.table}`).replaceAll('LINES', `shop.${bench.table}_line_items`));
  return bench;
}

async function reasons(bench: Bench): Promise<{ id: string; reasons: object[]; at: string }[]> {
  const rows = await shelf.db.query<{ record_id: string; file: string; offset: string; length: string; reasons: object[] }>(
    `select record_id, file, "offset", length, reasons from freshet.reject where run_id = $1 order by id`,
    [bench.runId],
  );
  return Promise.all(
    rows.map(async ({ record_id: id, file, offset, length, reasons: why }) => {
      const parts: Uint8Array[] = [];
      for await (const part of bench.landing.read(file, { offset: Number(offset), length: Number(length) })) parts.push(part);
      return { id, reasons: why, at: (JSON.parse(Buffer.concat(parts).toString()) as { order_id: string }).order_id };
    }),
  );
}

const ids = async (bench: Bench): Promise<string[]> => (await bench.rows<{ id: string }>('id', 'order by id')).map(({ id }) => id);
const lineOwners = async (bench: Bench): Promise<string[]> =>
  (await bench.lines<{ id: string }>('parent_id as id', 'order by 1')).map(({ id }) => id);

test.each<[what: string, sql: string, bad: object, reason: object]>([
  [
    'a CHECK',
    'alter table TABLE add constraint cheap check (total < 10)',
    { total: 50 },
    { rule: 'postgres', constraint: 'cheap', field: 'total', value: '50' },
  ],
  ['NOT NULL', 'alter table TABLE alter column note set not null', { note: null }, { rule: 'postgres', field: 'note', value: 'null' }],
  [
    'UNIQUE',
    'alter table TABLE add constraint one_note unique (note)',
    { note: 'first' },
    { rule: 'postgres', constraint: 'one_note', field: 'note', value: 'first' },
  ],
  [
    'a unique index over an expression',
    'create unique index one_lower on TABLE (lower(note))',
    { note: 'FIRST' },
    { rule: 'postgres', constraint: 'one_lower', field: 'lower(note)', value: 'first' },
  ],
  [
    'an exclusion',
    'alter table TABLE add constraint apart exclude using btree (note with =)',
    { note: 'first' },
    { rule: 'postgres', constraint: 'apart', field: 'note', value: 'first' },
  ],
  [
    'a foreign key of a person',
    `create table freshet.customer_of_x (note text primary key); insert into freshet.customer_of_x values ('first'), ('good'), ('also good');
     alter table TABLE add constraint known foreign key (note) references freshet.customer_of_x initially deferred`,
    { note: 'nobody' },
    { rule: 'postgres', constraint: 'known', field: 'note', value: 'nobody' },
  ],
  [
    'a domain',
    `create domain freshet.short as text check (length(value) < 12); alter table TABLE alter column note type freshet.short`,
    { note: 'x'.repeat(300) },
    { rule: 'postgres', constraint: 'short_check', field: 'note', value: `"${'x'.repeat(199)}…` },
  ],
  [
    'a narrower column',
    'alter table TABLE alter column total type numeric(4,2)',
    { total: 12345 },
    { rule: 'postgres', message: 'PostgreSQL refused the row: numeric field overflow' },
  ],
  [
    'a trigger',
    `create function shop.refuse_bad() returns trigger language plpgsql as $$ begin
       if new.note = 'evil' then raise exception 'no evil here'; end if; return new; end $$;
     create trigger refuse before insert or update on TABLE for each row execute function shop.refuse_bad()`,
    { note: 'evil' },
    { rule: 'postgres', field: null, message: 'PostgreSQL refused the row: no evil here' },
  ],
  [
    'a CHECK on the line items',
    'alter table LINES add constraint priced check (rate > 0)',
    {
      line_items: [
        { sku: 'a', rate: 1 },
        { sku: 'b', rate: 0 },
      ],
    },
    { rule: 'postgres', constraint: 'priced', field: 'rate' },
  ],
])('%s refuses one record: it is a reject that says why, all others and their line items are in', async (_what, sql, bad, reason) => {
  const bench = await open(sql);
  const records = [order('good'), order('bad', bad), order('also good'), order('first')];
  expect(await bench.deliver([{ records, fetchedAt: AT }])).toMatchObject({
    records: 4,
    inserted: 2,
    unchanged: 1,
    rejected: 1,
    lines_added: 2,
  });
  expect(await reasons(bench)).toEqual([{ id: 'bad', at: 'bad', reasons: [expect.objectContaining(reason)] }]);
  expect(await ids(bench)).toEqual(['also good', 'first', 'good']);
  expect(await lineOwners(bench)).toEqual(['also good', 'first', 'good']);
  expect(await bench.counters()).toMatchObject({ live: 3, liveCounted: 3, lines: 3, linesCounted: 3 });
  expect(await bench.ledger()).toMatchObject({ landed: 5, inserted: 3, rejected: 1, live_after: 3, lines_after: 3 });
});

test('of records that exclude each other within a batch the first goes in', async () => {
  const bench = await open('alter table TABLE add constraint one_note_each unique (note)');
  const records = ['a', 'b', 'c', 'd', 'e'].map((id) => order(id, { note: id === 'e' ? 'other' : 'same' }));
  expect(await bench.deliver([{ records, fetchedAt: AT }])).toMatchObject({ inserted: 2, rejected: 3 });
  expect(await ids(bench)).toEqual(['a', 'e', 'first']);
});

test('an update that is refused leaves the row as it was, lines and all', async () => {
  const bench = await open('alter table TABLE add constraint cheap check (total < 10)');
  const worse = order('first', { total: 99, line_items: [] });
  expect(await bench.deliver([{ records: [worse, order('x')], fetchedAt: '2025-07-01T11:00:00Z' }])).toMatchObject({
    inserted: 1,
    rejected: 1,
    lines_removed: 0,
  });
  expect(await bench.rows('id, total', 'order by id')).toEqual([
    { id: 'first', total: '1' },
    { id: 'x', total: '1' },
  ]);
  expect(await lineOwners(bench)).toEqual(['first', 'x']);
});

test('what is no row’s fault ends the load, and nothing is written', async () => {
  const bench = await open(
    `create function shop.broken() returns trigger language plpgsql as $$ begin perform no_such_function(); return new; end $$;
     create trigger broken before insert on TABLE for each row execute function shop.broken()`,
  );
  await bench.land([{ records: [order('a')], fetchedAt: AT }]);
  await expect(bench.load()).rejects.toMatchObject({ type: 'database_error', facts: { sqlstate: '42883' } });
  expect(await ids(bench)).toEqual(['first']);
  expect(await bench.stages()).toEqual([]);
});

test('whichever records are refused, exactly those are rejects and exactly the others are rows', async () => {
  const bench = await open('alter table TABLE add constraint cheap check (total < 10)');
  bench.asks({ rejectBudget: 'none' });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (good) => {
      round++;
      const records = good.map((fits, n) => order(`${round}-${n}`, { total: fits ? 1 : 99 }));
      const counts = await bench.deliver([{ records, fetchedAt: AT }]);
      const inserted = good.filter(Boolean).length;
      expect(counts).toMatchObject({ inserted, rejected: good.length - inserted, lines_added: inserted });
      const rows = await bench.rows<{ id: string }>('id', `where id like '${round}-%' order by batch_no, split_part(id, '-', 2)::int`);
      expect(rows.map(({ id }) => id)).toEqual(good.flatMap((fits, n) => (fits ? [`${round}-${n}`] : [])));
    }),
    { numRuns: 12 },
  );
});
