import fc from 'fast-check';
import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import type { SquareSandbox } from '../../src/sandbox/square';
import { entityLookup } from '../../src/run/entity-lookup';
import { sources } from '../../src/sources';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { testDatabase } from '../support/database';
import { readerOf } from '../verify/true-copy';
import { install, installLegacy4d, installSquare, type Installation, type InstallationOf } from '../support/installation';
import { differences } from './oracle';

/** Contracts §1: a run narrowed by --limit or --cutoff-days never deletes, moves no watermark, and is no complete read. */
const DAY_MS = 86_400_000;

type Wish = NonNullable<Parameters<Installation['run']>[0]>;

interface Ended {
  readonly state: string;
  readonly read_kind: string;
  readonly full_reason: string | null;
  readonly read_complete: boolean;
  readonly listed: string;
  readonly known: string;
  readonly fetched: string;
  readonly inserted: string;
  readonly vanished: string;
  readonly deleted: string;
  readonly pages: number;
  readonly doubts: readonly unknown[];
}

/** Whatever `verify --deep` finds. */
async function holds(at: InstallationOf<unknown>): Promise<void> {
  const deep = await verifyDeep(
    { db: at.db, landing: at.landing, lookup: entityLookup(at.db, sources), readerOf },
    { sampleRows: 20 },
    at.ctx,
  );
  expect(deep.violations.map(({ name, where, message, sample }) => `${name} ${where}: ${message} ${sample[0] ?? ''}`)).toEqual([]);
}

async function ran(at: InstallationOf<unknown>, wish: Wish): Promise<{ runId: string; of: (entity: string) => Ended }> {
  const { runId, state } = await at.run(wish);
  const rows = await at.db.query<Ended & { entity: string }>(`select * from freshet.run_entity where run_id = $1`, [runId]);
  expect([state, rows.filter(({ state: at }) => at !== 'completed')]).toEqual(['completed', []]);
  return { runId, of: (entity) => rows.find(({ entity: name }) => name === entity)! };
}

/** What says how far a table is, and from when: nothing of it may move by a partial read. */
async function standing(at: InstallationOf<unknown>, entity = '%'): Promise<object> {
  return {
    watermarks: await at.db.query(`select * from freshet.watermark where entity like $1 order by pipeline, entity, partition`, [entity]),
    entities: await at.db.query(
      `select as_of, as_of_db, last_complete_at, last_good_run from freshet.pipeline_entity where entity like $1 order by entity`,
      [entity],
    ),
  };
}

describe('of Zoho Books', () => {
  const database = testDatabase();
  const deleted = new Set<string>();
  let at: Installation;
  beforeAll(async () => {
    at = await install({
      databaseUrl: database.url,
      sandbox: { seed: 21, freeze: true, counts: { contacts: 30, items: 12, invoices: 80 } },
      now: () => at.sandbox.control.now(),
    });
  });
  afterAll(() => at.close());

  it('--limit takes so many records of each entity and stops in mid page; the ledger adds up', async () => {
    at.sandbox.control.clearRequestLog();
    const { of } = await ran(at, { limit: 7 });
    for (const entity of ['contacts', 'items', 'invoices']) {
      const why = { read_kind: 'partial', full_reason: 'at most 7 records', read_complete: false };
      expect(of(entity)).toMatchObject({ ...why, listed: '7', inserted: '7', doubts: [] });
    }
    const asked = at.sandbox.control.requestLog().map(({ kind, entity }) => `${kind} ${entity ?? ''}`);
    expect(asked.filter((line) => line === 'detail invoices')).toHaveLength(7);
    expect(asked.filter((line) => line.startsWith('list'))).toHaveLength(3);
    await holds(at);
    expect(await standing(at)).toMatchObject({
      watermarks: [],
      entities: [1, 2, 3].map(() => expect.objectContaining({ as_of: null, last_complete_at: null, last_good_run: null }) as unknown),
    });
  });

  it('the next run is the first complete one, and knows again what is here', async () => {
    const { of } = await ran(at, {});
    expect(of('invoices')).toMatchObject({ read_kind: 'complete', full_reason: 'first read', listed: '80', known: '7', inserted: '73' });
  });

  it('--cutoff-days asks for nothing older, and moves nothing; what has no such filter is read as ever and says so', async () => {
    const { control } = at.sandbox;
    control.advanceClock(2 * DAY_MS);
    control.edit('invoices', 3);
    deleted.add(control.remove('invoices', 40));
    const before = await standing(at, 'invoices');
    control.clearRequestLog();
    const { of } = await ran(at, { cutoffDays: 1 });
    expect(of('invoices')).toMatchObject({
      read_kind: 'partial',
      full_reason: 'cut-off of 1 day',
      listed: '1',
      fetched: '1',
      deleted: '0',
    });
    const whole = 'the source lists this entity only whole; no cut-off: the source lists it only whole';
    expect(of('contacts')).toMatchObject({ read_kind: 'complete', full_reason: whole, read_complete: true });
    const [list] = control.requestLog().filter(({ kind, entity }) => kind === 'list' && entity === 'invoices');
    expect(JSON.stringify(list)).toContain(new Date(control.now().getTime() - DAY_MS - 1_000).toISOString().slice(0, 19));
    await holds(at);
    expect(await standing(at, 'invoices')).toEqual(before);
  });

  it('the setting extract.cutoff_days does the same for every run, and --full overrules it', async () => {
    const { settings } = at.loaded;
    Object.assign(settings.extract, { cutoff_days: 3 });
    try {
      expect((await ran(at, {})).of('invoices')).toMatchObject({ read_kind: 'partial', full_reason: 'cut-off of 3 days' });
      expect((await ran(at, { full: true })).of('invoices')).toMatchObject({ read_kind: 'complete', deleted: '1' });
    } finally {
      delete settings.extract.cutoff_days;
    }
  });

  it('neither feeds the doubts about later reads, nor is doubted for what it leaves out', async () => {
    for (let n = 0; n < 5; n++) await ran(at, { limit: 60, full: true, entities: ['invoices'] });
    const { of } = await ran(at, { limit: 1, full: true, entities: ['invoices'] });
    expect(of('invoices').doubts).toEqual([]);
    expect((await ran(at, { full: true, entities: ['invoices'] })).of('invoices').doubts).toEqual([]);
  });

  it('leaves an unfinished read to the run that continues it', async () => {
    const { control } = at.sandbox;
    control.advanceClock(3_600_000);
    for (let n = 0; n < 6; n++) control.edit('invoices', n, { reference_number: `r ${n}` });
    control.addFault('detail:invoices=unauthorized57,times=100');
    expect((await at.run({ entities: ['invoices'] })).state).toBe('failed');
    control.clearFaults();
    const [open] = await at.db.query<{ id: string }>(`select id from freshet.extraction where entity = 'invoices' and state = 'open'`);
    await ran(at, { limit: 1, entities: ['invoices'] });
    const { runId } = await ran(at, { entities: ['invoices'] });
    const [used] = await at.db.query(`select extraction_id from freshet.run_entity where run_id = $1`, [runId]);
    expect(used).toEqual({ extraction_id: open?.id });
  });

  it('whatever happens at the source before and after, the run after it makes the tables equal to the source', async () => {
    const { control } = at.sandbox;
    const change = fc.oneof(
      fc.record({ what: fc.constant('edit' as const), at: fc.nat(400) }),
      fc.record({ what: fc.constant('create' as const), at: fc.nat(400) }),
      fc.record({ what: fc.constant('remove' as const), at: fc.nat(400) }),
    );
    const wish: fc.Arbitrary<Wish> = fc.oneof(
      fc.record({ limit: fc.integer({ min: 1, max: 90 }) }),
      fc.record({ cutoffDays: fc.integer({ min: 1, max: 800 }) }),
      fc.record({ limit: fc.integer({ min: 1, max: 90 }), full: fc.boolean() }),
      fc.record({ limit: fc.integer({ min: 1, max: 90 }), cutoffDays: fc.integer({ min: 1, max: 800 }) }),
    );
    const apply = (changes: readonly { what: 'edit' | 'create' | 'remove'; at: number }[]): void => {
      for (const { what, at: n } of changes) {
        control.advanceClock(61_000);
        const living = [...control.truth('invoices')].map(({ id }) => id);
        const record = living[n % living.length]!;
        if (what === 'edit') control.edit('invoices', record, { reference_number: `n ${n}` });
        else if (what === 'create') control.create('invoices', {});
        else if (deleted.size < 15) deleted.add(control.remove('invoices', record));
      }
    };
    const changes = fc.array(change, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, wish, changes, async (before, narrow, after) => {
        apply(before);
        await ran(at, { ...narrow, entities: ['invoices'] });
        apply(after);
        control.advanceClock(61_000);
        await ran(at, { entities: ['invoices'] });
        const living = { db: at.db, schema: 'zoho_books', table: 'json_invoices', truth: control, deleted };
        expect(await differences(living)).toEqual([]);
      }),
      { numRuns: 5, seed: 20_261_123, endOnFailure: true },
    );
    await holds(at);
  }, 120_000);

  it('a table that was dropped is made whole by the next run, though a partial read came between', async () => {
    await at.db.query(`drop table zoho_books.json_invoices, zoho_books.json_invoices_line_items`);
    expect((await ran(at, { limit: 2, entities: ['invoices'] })).of('invoices')).toMatchObject({ inserted: '2' });
    expect((await ran(at, { entities: ['invoices'] })).of('invoices')).toMatchObject({
      read_kind: 'complete',
      listed: String(at.sandbox.control.count('invoices')),
    });
  });
});

describe('of Square', () => {
  const database = testDatabase();
  let at: InstallationOf<SquareSandbox>;
  beforeAll(async () => {
    at = await installSquare({
      databaseUrl: database.url,
      sandbox: { seed: 12, freeze: true, counts: { locations: 12, items: 20, categories: 4, orders: 90 } },
      pageSize: 20,
      now: () => at.sandbox.control.now(),
    });
    await ran(at, {});
  });
  afterAll(() => at.close());

  it('no location’s watermark moves, tombstones delete nothing, and a limit ends in the middle of the locations', async () => {
    const { control } = at.sandbox;
    control.advanceClock(DAY_MS);
    for (let n = 0; n < 50; n++) control.edit('orders', n, { reference_id: `p ${n}` });
    control.remove('items', 2);
    const before = await standing(at);
    const ofOrders = await standing(at, 'orders');
    const { of } = await ran(at, { limit: 25 });
    expect(of('orders')).toMatchObject({ read_kind: 'partial', listed: '25' });
    expect(of('catalog')).toMatchObject({ read_kind: 'partial', vanished: '1', deleted: '0' });
    expect(of('locations')).toMatchObject({ read_kind: 'partial', listed: '12' });
    await holds(at);
    expect(await standing(at)).toEqual(before);
    const cut = await ran(at, { cutoffDays: 2 });
    expect(cut.of('orders').read_kind).toBe('partial');
    expect(Number(cut.of('orders').listed)).toBeGreaterThanOrEqual(50);
    expect(await standing(at, 'orders')).toMatchObject(ofOrders);
    const whole = await ran(at, {});
    expect(whole.of('orders')).toMatchObject({ read_kind: 'incremental', doubts: [] });
    expect(whole.of('catalog')).toMatchObject({ deleted: '1' });
    const rows = await at.db.query<{ id: string }>(`select id from square.json_orders where reference_id like 'p %'`);
    expect(rows).toHaveLength(50);
  });
});

describe('of a 4D server', () => {
  const database = testDatabase();
  let at: InstallationOf<Legacy4dSandbox>;
  beforeAll(async () => {
    at = await installLegacy4d({ databaseUrl: database.url, sandbox: { seed: 6, freeze: true }, now: () => at.sandbox.control.now() });
    await ran(at, {});
  });
  afterAll(() => at.close());

  it('a limit leaves deletions and stamps where they are; a cut-off by days cannot be asked of a counter', async () => {
    const { control } = at.sandbox;
    control.advanceClock(60_000);
    for (let n = 0; n < 9; n++) control.edit('Artikel_Variante', n, { Bestand: n });
    control.remove('Artikel_Variante', 20);
    const before = await standing(at);
    expect((await ran(at, { limit: 4 })).of('variants')).toMatchObject({ read_kind: 'partial', listed: '4', vanished: '0', deleted: '0' });
    expect(await standing(at)).toEqual(before);
    const cut = (await ran(at, { cutoffDays: 1 })).of('variants');
    expect(cut).toMatchObject({
      read_kind: 'incremental',
      full_reason: 'no cut-off: the source counts its changes and does not date them',
    });
    expect(cut).toMatchObject({ deleted: '1' });
    await holds(at);
  });
});
