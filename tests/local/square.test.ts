import type { SquareSandbox } from '../../src/sandbox/square';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { sources } from '../../src/sources';
import type { EntityLookup } from '../../src/verify/deep/deep-entity';
import { readerOf } from '../verify/true-copy';
import { testDatabase } from '../support/database';
import { installSquare, type InstallationOf } from '../support/installation';

const database = testDatabase();
const HOUR_MS = 3_600_000;
let at: InstallationOf<SquareSandbox>;

const { entities, zone } = sources.square;
const lookup: EntityLookup = (_pipeline, entity) => Promise.resolve({ definition: entities[entity as keyof typeof entities], zone });

beforeAll(async () => {
  at = await installSquare({
    databaseUrl: database.url,
    sandbox: { seed: 11, freeze: true, counts: { locations: 12, items: 24, categories: 4, orders: 110 } },
    pageSize: 20,
  });
});
afterEach(() => at.sandbox.control.clearFaults());
afterAll(() => at.close());

interface Counted {
  readonly entity: string;
  readonly state: string;
  readonly read_kind: string;
  readonly listed: string;
  readonly inserted: string;
  readonly updated: string;
  readonly unchanged: string;
  readonly vanished: string;
  readonly deleted: string;
  readonly doubts: readonly { readonly kind: string }[];
}

async function counts(runId: string): Promise<ReadonlyMap<string, Counted>> {
  const rows = await at.db.query<Counted>(
    `select entity, state, read_kind, listed, inserted, updated, unchanged, vanished, deleted, doubts from freshet.run_entity where run_id = $1`,
    [runId],
  );
  return new Map(rows.map((row) => [row.entity, row]));
}

/** What the tables hold, and what Square has: living ids of every entity. */
async function compare(): Promise<void> {
  const kinds = {
    locations: 'locations',
    catalog: 'items',
    variations: 'variations',
    categories: 'categories',
    orders: 'orders',
    inventory: 'counts',
  } as const;
  for (const [entity, kind] of Object.entries(kinds)) {
    const rows = await at.db.query<{ id: string }>(`select id from square.json_${entity} where deleted_at is null order by id collate "C"`);
    const truth = [...at.sandbox.control.truth(kind)].map(({ id }) => id).sort();
    expect([entity, rows.map(({ id }) => id)]).toEqual([entity, truth]);
  }
  const deep = await verifyDeep({ db: at.db, landing: at.landing, lookup, readerOf }, { sampleRows: 20 }, at.ctx);
  expect(deep.violations.map(({ name, where, message }) => `${name} ${where}: ${message}`)).toEqual([]);
}

const BEGINNING = '2000-01-01T00:00:00.000Z';

interface Search {
  readonly query: { readonly filter: { readonly date_time_filter: { readonly updated_at: { readonly start_at: string } } } };
}

const startOf = (asked: unknown): string => (asked as Search).query.filter.date_time_filter.updated_at.start_at;

/** The locations of each search for orders. */
function askedLocations(): readonly (readonly string[])[] {
  const searches = at.sandbox.control.requestLog().filter(({ kind, continued }) => kind === 'orders' && !continued);
  return searches.map(({ asked }) => (asked as { readonly location_ids: readonly string[] }).location_ids);
}

async function completed(wish: Parameters<typeof at.run>[0] = {}): Promise<ReadonlyMap<string, Counted>> {
  const { runId, state } = await at.run(wish);
  expect(state).toBe('completed');
  return counts(runId);
}

it('a first run brings everything, orders in groups of at most ten locations, each with a watermark of its own', async () => {
  const read = await completed();
  expect(read.get('orders')).toMatchObject({ listed: '110', inserted: '110', read_kind: 'complete' });
  await compare();
  expect(askedLocations().map((ids) => ids.length)).toEqual([10, 2]);
  const marks = await at.db.query(`select partition from freshet.watermark where pipeline = 'square' and entity = 'orders'`);
  const [sold] = await at.db.query<{ n: string }>(`select count(distinct location_id) as n from square.json_orders`);
  expect(marks).toHaveLength(Number(sold?.n));
  const money = await at.db.query(`select from square.json_orders where jsonb_typeof(total_money -> 'amount') <> 'number'`);
  expect(money).toEqual([]);
});

it('the next run reads by change, brings late offline sales, and writes nothing that did not change', async () => {
  const { control } = at.sandbox;
  control.advanceClock(HOUR_MS);
  const edited = control.edit('orders', 5, { reference_id: 'changed' });
  const late = control.offlineOrder({ hoursLate: 70 });
  const read = await completed();
  expect(read.get('orders')).toMatchObject({ read_kind: 'incremental', inserted: '1', updated: '1' });
  const rows = await at.db.query<{ id: string }>(
    `select id from square.json_orders where batch_no = (select max(batch_no) from square.json_orders)`,
  );
  expect(rows.map(({ id }) => id).sort()).toEqual([edited, late].sort());
  await compare();
});

it('tombstones of the catalog delete softly, and counts that vanished go with the next complete read', async () => {
  const { control } = at.sandbox;
  control.advanceClock(HOUR_MS);
  control.remove('categories', 1);
  control.remove('items', 2);
  const read = await completed();
  expect(read.get('catalog')).toMatchObject({ vanished: '1', deleted: '1' });
  expect(read.get('categories')).toMatchObject({ vanished: '1', deleted: '1' });
  expect(Number(read.get('variations')?.deleted)).toBeGreaterThan(0);
  await completed({ full: true });
  await compare();
});

it('tombstones that a doubted read was told of are told again, and done by the next one', async () => {
  const { control } = at.sandbox;
  control.advanceClock(HOUR_MS);
  const gone = control.remove('categories', 0);
  // Far behind the lag of the next one, so that only the mark itself brings the tombstone.
  control.advanceClock(HOUR_MS);
  control.edit('categories', 2, {});
  control.addFault('catalog-search=samePage,times=1');
  const { state } = await at.run({ entities: ['categories'] });
  control.clearFaults();
  expect(state).toBe('doubtful');
  control.advanceClock(HOUR_MS);
  const read = await completed();
  expect(read.get('categories')).toMatchObject({ deleted: '1' });
  expect(await at.db.query(`select from square.json_categories where id = $1 and deleted_at is null`, [gone])).toEqual([]);
  await compare();
});

it('a lost page token is no lost record: the list goes on from where it stood', async () => {
  const { control } = at.sandbox;
  control.advanceClock(HOUR_MS);
  for (const n of [1, 2, 3, 4]) control.edit('orders', n, { reference_id: `again ${n}` });
  control.addFault('orders:3=invalidCursor,times=2');
  control.addFault('counts:2=invalidCursor,times=1');
  control.clearRequestLog();
  const read = await completed({ full: true });
  expect(read.get('orders')).toMatchObject({ doubts: [], listed: String(control.count('orders')) });
  const lost = control.requestLog().filter(({ code }) => code === 'INVALID_CURSOR');
  expect(lost.map(({ kind }) => kind).sort()).toEqual(['counts', 'orders', 'orders']);
  const begun = control.requestLog().filter(({ kind, continued }) => kind === 'orders' && !continued);
  expect(begun.map(({ asked }) => startOf(asked))).toEqual([
    BEGINNING,
    expect.not.stringContaining(BEGINNING),
    expect.any(String),
    BEGINNING,
  ]);
  await compare();
});

it('a false empty answer deletes nothing and makes the run doubtful', async () => {
  const { control } = at.sandbox;
  for (const kind of ['orders', 'catalog-list', 'counts']) control.addFault(`${kind}=emptyObject`);
  const { runId, state } = await at.run({ full: true });
  expect(state).toBe('doubtful');
  const read = await counts(runId);
  for (const entity of ['orders', 'catalog', 'inventory']) {
    expect([entity, read.get(entity)?.doubts.map(({ kind }) => kind)]).toEqual([entity, expect.arrayContaining(['empty'])]);
    expect(read.get(entity)).toMatchObject({ listed: '0', deleted: '0' });
  }
  await compare();
});

it('a new location is read from its beginning, while the others go on from their watermarks', async () => {
  const { control } = at.sandbox;
  control.advanceClock(HOUR_MS);
  const location = control.create('locations', { name: 'Brand new' });
  const old = control.create('orders', { location_id: location }, { createdAt: '2026-01-05T10:00:00Z', updatedAt: '2026-01-05T10:00:00Z' });
  control.clearRequestLog();
  await completed();
  expect(askedLocations()).toEqual([[location], expect.any(Array), expect.any(Array)]);
  expect(await at.db.query(`select from square.json_orders where id = $1`, [old])).toHaveLength(1);
  await compare();
});

it('orders alone need locations that were loaded once', async () => {
  await at.db.query('alter table square.json_locations rename to elsewhere');
  const { runId, state } = await at.run({ entities: ['orders'] });
  expect(state).toBe('failed');
  const [row] = await at.db.query<{ error_code: string; error_message: string }>(
    `select error_code, error_message from freshet.run_entity where run_id = $1`,
    [runId],
  );
  expect(row).toMatchObject({
    error_code: 'parts-unknown',
    error_message: expect.stringContaining('locations was never loaded') as string,
  });
  await at.db.query('alter table square.elsewhere rename to json_locations');
});
