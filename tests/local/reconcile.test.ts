import type { Database } from '../../src/database/database';
import type { RunWish } from '../../src/run/claim-request';
import { testDatabase } from '../support/database';
import { install, installLegacy4d, installSquare, type Installation, type InstallationOf } from '../support/installation';
import type { SquareSandbox } from '../../src/sandbox/square';
import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { sources } from '../../src/sources';
import type { EntityLookup } from '../../src/verify/deep/deep-entity';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { readerOf } from '../verify/true-copy';
import { aftermath } from '../chaos/aftermath';

/** `freshet reconcile`: what a table and its source differ in, by day, and nothing but that is mended. */
const HOUR_MS = 3_600_000;

const EVERY_DAY = { from: null, to: null };
const look = (more: Partial<RunWish> = {}): Partial<RunWish> => ({ compare: { ...EVERY_DAY, fix: false }, ...more });
const mend = (more: Partial<RunWish> = {}): Partial<RunWish> => ({ compare: { ...EVERY_DAY, fix: true }, ...more });

interface Found {
  readonly missing: string;
  readonly older: string;
  readonly newer: string;
  readonly extra: string;
  readonly moving: string;
  readonly left_over: string | null;
  readonly deleted: string | null;
}

async function found(db: Database, runId: string, entity: string): Promise<Found> {
  const [row] = await db.query<Found>(
    `select missing, older, newer, extra, moving, left_over, deleted from freshet.reconcile_result where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return row!;
}

/** Where every row stands and when it was written: equal means that nobody touched it. */
async function places(db: Database, table: string, except: readonly string[] = []): Promise<unknown[]> {
  return db.query(`select id, ctid::text, xmin::text, updated_at, batch_no, fetched_at from ${table} where not id = any ($1) order by id`, [
    except,
  ]);
}

async function entityOf(db: Database, runId: string, entity: string): Promise<Record<string, unknown>> {
  const [row] = await db.query(`select * from freshet.run_entity where run_id = $1 and entity = $2`, [runId, entity]);
  return row!;
}

const marks = (db: Database): Promise<unknown[]> =>
  db.query(
    `select w.*, pe.as_of, pe.last_complete_at, pe.last_good_run from freshet.watermark w join freshet.pipeline_entity pe using (pipeline, entity) order by 1, 2, 3`,
  );

describe('Zoho Books, whose records are detail calls', () => {
  const database = testDatabase();
  let at: Installation;

  beforeAll(async () => {
    at = await install({
      databaseUrl: database.url,
      sandbox: { seed: 5, freeze: true, counts: { contacts: 30, items: 12, invoices: 60 } },
      variables: { FRESHET_LOAD_DELETES_MAX_COUNT: '4', FRESHET_LOAD_DELETES_MAX_PERCENT: '10' },
    });
    expect((await at.run()).state).toBe('completed');
  });
  beforeEach(() => {
    at.sandbox.control.advanceClock(HOUR_MS);
    at.sandbox.control.clearRequestLog();
  });
  afterAll(() => at.close());

  const details = (): string[] =>
    at.sandbox.control
      .requestLog()
      .flatMap(({ kind, entity, recordId: id }) => (kind === 'detail' && entity === 'invoices' && id !== undefined ? [id] : []));

  it('a table that equals its source is found equal, without one detail call and without a write', async () => {
    const before = [await marks(at.db), await places(at.db, 'zoho_books.json_invoices')];
    const { runId, state } = await at.run(look());
    expect(state).toBe('completed');
    for (const entity of ['contacts', 'items', 'invoices'])
      expect(await found(at.db, runId, entity)).toEqual({
        missing: '0',
        older: '0',
        newer: '0',
        extra: '0',
        moving: '0',
        left_over: '0',
        deleted: '0',
      });
    expect(details()).toEqual([]);
    expect([await marks(at.db), await places(at.db, 'zoho_books.json_invoices')]).toEqual(before);
    expect(await aftermath(at, runId)).toEqual([]);
  });

  it('what differs is counted by day, and only that is asked for and loaded', async () => {
    const { control } = at.sandbox;
    control.edit('invoices', 7, { reference_number: 'changed' });
    const removed = [control.idOf('invoices', 11), control.idOf('invoices', 12)];
    await at.db.query(`delete from zoho_books.json_invoices where id = any ($1)`, [removed]);
    control.remove('invoices', 20);
    control.advanceClock(HOUR_MS);
    const seen = await at.run(look({ entities: ['invoices'] }));
    expect(seen.state).toBe('doubtful');
    expect(await found(at.db, seen.runId, 'invoices')).toMatchObject({ missing: '2', older: '1', newer: '0', extra: '1', left_over: '4' });
    const days = await at.db.query<{ samples: Record<string, string[]> }>(`select samples from freshet.reconcile_day where run_id = $1`, [
      seen.runId,
    ]);
    expect(days.flatMap(({ samples }) => samples['missing'] ?? []).sort()).toEqual([...removed].sort());
    expect(details()).toEqual([]);

    const differing = [...removed, control.idOf('invoices', 7), control.idOf('invoices', 20)];
    const before = [await marks(at.db), await places(at.db, 'zoho_books.json_invoices', differing)];
    control.clearRequestLog();
    const mended = await at.run(mend({ entities: ['invoices'] }));
    expect(mended.state).toBe('completed');
    expect(await found(at.db, mended.runId, 'invoices')).toMatchObject({
      missing: '2',
      older: '1',
      extra: '1',
      left_over: '0',
      deleted: '1',
    });
    expect(details().sort()).toEqual([...differing].sort());
    expect(await entityOf(at.db, mended.runId, 'invoices')).toMatchObject({
      fetched: '3',
      inserted: '2',
      updated: '1',
      unchanged: '0',
      deleted: '1',
    });
    expect([await marks(at.db), await places(at.db, 'zoho_books.json_invoices', differing)]).toEqual(before);
    expect((await at.run(look())).state).toBe('completed');
  });

  it('a record that was changed after the read began is no difference, whether the table has it already or not', async () => {
    const { control } = at.sandbox;
    const fetched = control.idOf('invoices', 31);
    control.onRequest({ kind: 'list', entity: 'invoices', nth: 1, when: 'before' }, async () => {
      control.advanceClock(5_000);
      await Promise.resolve();
    });
    control.onRequest({ kind: 'list', entity: 'invoices', nth: 1, when: 'after' }, async () => {
      control.advanceClock(60_000);
      await at.db.query(
        `update zoho_books.json_invoices set source_cursor = '2099-01-01T00:00:00+0000', source_instant = '2099-01-01', fetched_at = '2099-01-01' where id = $1`,
        [fetched],
      );
    });
    const { runId, state } = await at.run(mend({ entities: ['invoices'] }));
    expect(state).toBe('completed');
    expect(await found(at.db, runId, 'invoices')).toMatchObject({ missing: '0', older: '0', newer: '0', extra: '0', left_over: '0' });
    expect(details()).toEqual([]);
    await at.db.query(`delete from zoho_books.json_invoices where id = $1`, [fetched]);
    expect((await at.run(mend({ entities: ['invoices'] }))).state).toBe('completed');
  });

  it('of some days only rows of those days are compared, what is too much is told and stays', async () => {
    const days = await at.db.query<{ day: string; n: string }>(
      `select to_char(source_instant at time zone 'utc', 'YYYY-MM-DD') as day, count(*) as n
         from zoho_books.json_invoices where deleted_at is null group by 1 order by 1`,
    );
    const day = days[Math.floor(days.length / 2)]!.day;
    const onDay = `(select id from zoho_books.json_invoices where deleted_at is null and to_char(source_instant at time zone 'utc', 'YYYY-MM-DD') = $1 order by id limit 1)`;
    const [other] = await at.db.query<{ id: string }>(
      `delete from zoho_books.json_invoices where id in (select id from zoho_books.json_invoices where to_char(source_instant at time zone 'utc', 'YYYY-MM-DD') < $1 limit 1) returning id`,
      [day],
    );
    const [lost] = await at.db.query<{ id: string }>(`delete from zoho_books.json_invoices where id in ${onDay} returning id`, [day]);
    const [invented] = await at.db.query<{ id: string }>(
      `insert into zoho_books.json_invoices
       select r.* from (select * from zoho_books.json_invoices limit 1) t
        cross join jsonb_populate_record(null::zoho_books.json_invoices,
                     to_jsonb(t) || jsonb_build_object('id', 'invented', 'source_hash', '\\x00', 'source_instant', $1 || 'T12:00:00Z')) r
       returning id`,
      [day],
    );
    const compare = { fix: true, from: day, to: day };
    const { runId, state } = await at.run({ compare, entities: ['invoices'] });
    expect(state).toBe('doubtful');
    const result = await found(at.db, runId, 'invoices');
    expect(result).toMatchObject({ missing: '1', older: '0', extra: '1', deleted: '0', left_over: '1' });
    const brought = await at.db.query(`select id from zoho_books.json_invoices where id = any ($1)`, [[other!.id, lost!.id, invented!.id]]);
    expect(brought.map(({ id }) => id).sort()).toEqual([lost!.id, invented!.id].sort());
    const whole = await at.run(mend({ entities: ['invoices'] }));
    expect(whole.state).toBe('completed');
    expect(await found(at.db, whole.runId, 'invoices')).toMatchObject({ missing: '1', extra: '1', deleted: '1', left_over: '0' });
  });

  it('more than may be deleted without a person is held, what was found is kept, and an approval lets it go', async () => {
    const { control } = at.sandbox;
    for (const index of [3, 4, 5, 6, 8, 9, 10]) control.remove('contacts', index);
    control.advanceClock(HOUR_MS);
    const held = await at.run(mend({ entities: ['contacts'] }));
    expect(held.state).toBe('partial');
    expect(await found(at.db, held.runId, 'contacts')).toMatchObject({ extra: '7', deleted: null, left_over: null });
    expect((await entityOf(at.db, held.runId, 'contacts'))['error_remedy']).toContain('--approve-deletes');
    const approved = await at.run(mend({ entities: ['contacts'], approveDeletes: true }));
    expect(approved.state).toBe('completed');
    expect(await found(at.db, approved.runId, 'contacts')).toMatchObject({ extra: '7', deleted: '7', left_over: '0' });
  });

  it('a table that was never loaded has nothing to be compared with', async () => {
    await at.db.query('alter table zoho_books.json_items rename to items_elsewhere');
    const { runId, state } = await at.run(look());
    await at.db.query('alter table zoho_books.items_elsewhere rename to json_items');
    expect(state).toBe('partial');
    expect(await entityOf(at.db, runId, 'items')).toMatchObject({ state: 'failed', error_code: 'nothing-to-compare' });
    expect(await entityOf(at.db, runId, 'contacts')).toMatchObject({ state: 'completed' });
  });

  it('the next read takes away what a comparison left open, a comparison leaves every read alone', async () => {
    const left = await at.claim(look({ entities: ['invoices'] }));
    await at.steps.prepareRun({ runId: left }, at.ctx);
    await at.steps.extract({ runId: left, entity: 'invoices' }, at.ctx);
    await at.steps.endEntity({ runId: left, entity: 'invoices', state: 'failed' }, at.ctx);
    await at.steps.endRun({ runId: left }, at.ctx);
    const reading = await at.claim({ full: true, entities: ['invoices'] });
    await at.steps.prepareRun({ runId: reading }, at.ctx);
    await at.steps.extract({ runId: reading, entity: 'invoices' }, at.ctx);
    await at.steps.endEntity({ runId: reading, entity: 'invoices', state: 'failed' }, at.ctx);
    await at.steps.endRun({ runId: reading }, at.ctx);
    const open = (): Promise<{ owner_run: string; state: string }[]> =>
      at.db.query(`select owner_run, state from freshet.extraction where owner_run = any ($1) order by started_at_db`, [[left, reading]]);
    expect(await open()).toEqual([
      { owner_run: left, state: 'abandoned' },
      { owner_run: reading, state: 'open' },
    ]);
    await at.run(look({ entities: ['invoices'] }));
    expect((await open())[1]).toEqual({ owner_run: reading, state: 'open' });
  });
});

describe('Square, whose lists are the records', () => {
  const database = testDatabase();
  let at: InstallationOf<SquareSandbox>;

  beforeAll(async () => {
    at = await installSquare({
      databaseUrl: database.url,
      sandbox: { seed: 11, freeze: true, counts: { locations: 12, items: 24, categories: 4, orders: 110 } },
      pageSize: 20,
    });
    expect((await at.run()).state).toBe('completed');
  });
  beforeEach(() => at.sandbox.control.advanceClock(HOUR_MS));
  afterAll(() => at.close());

  it('every entity of it is equal after a run', async () => {
    const { runId, state } = await at.run(look());
    expect(state).toBe('completed');
    const rows = await at.db.query(`select entity, at_source, here from freshet.reconcile_result where run_id = $1 and at_source <> here`, [
      runId,
    ]);
    expect(rows).toEqual([]);
  });

  it('an order that changes while it is read is told apart, and the next run brings it', async () => {
    const { control } = at.sandbox;
    const hour = (): void => control.advanceClock(HOUR_MS);
    control.onRequest({ kind: 'orders', nth: 2, when: 'before' }, () => {
      hour();
      control.edit('orders', 40, { reference_id: 'in mid-read' });
      hour();
    });
    const { runId, state } = await at.run(look({ entities: ['orders'] }));
    expect(state).toBe('completed');
    expect(await found(at.db, runId, 'orders')).toMatchObject({ missing: '0', older: '0', newer: '0', moving: '1' });
    hour();
    expect(await found(at.db, (await at.run(look({ entities: ['orders'] }))).runId, 'orders')).toMatchObject({ older: '1', moving: '0' });
    expect((await at.run()).state).toBe('completed');
    expect(await found(at.db, (await at.run(look({ entities: ['orders'] }))).runId, 'orders')).toMatchObject({ older: '0', moving: '0' });
  });

  it('a false empty answer deletes nothing and is doubted', async () => {
    const { control } = at.sandbox;
    control.addFault('counts=emptyObject');
    const { runId, state } = await at.run(mend({ entities: ['inventory'] }));
    control.clearFaults();
    expect(state).toBe('doubtful');
    expect((await entityOf(at.db, runId, 'inventory'))['doubts']).toEqual([
      expect.objectContaining({ kind: 'empty' }),
      expect.objectContaining({ kind: 'differences' }),
    ]);
    expect(await found(at.db, runId, 'inventory')).toMatchObject({ deleted: '0' });
    expect((await at.run(look({ entities: ['inventory'] }))).state).toBe('completed');
  });

  it('what the catalog has no more is deleted, what it has more is brought', async () => {
    const { control } = at.sandbox;
    control.remove('categories', 1);
    await at.db.query(`delete from square.json_catalog where id in (select id from square.json_catalog order by id limit 3)`);
    control.advanceClock(HOUR_MS);
    const { runId, state } = await at.run(mend({ entities: ['catalog', 'categories', 'locations'] }));
    expect(state).toBe('completed');
    expect(await found(at.db, runId, 'categories')).toMatchObject({ extra: '1', deleted: '1', left_over: '0' });
    expect(await found(at.db, runId, 'catalog')).toMatchObject({ missing: '3', left_over: '0' });
  });

  it('orders that somebody deleted come back, exactly those', async () => {
    const gone = await at.db.query<{ id: string }>(
      `delete from square.json_orders where id in (select id from square.json_orders order by id limit 57) returning id`,
    );
    const before = await places(at.db, 'square.json_orders');
    const { runId, state } = await at.run(mend({ entities: ['orders'] }));
    expect(state).toBe('completed');
    expect(await entityOf(at.db, runId, 'orders')).toMatchObject({
      listed: '110',
      known: '53',
      fetched: '57',
      inserted: '57',
      live_after: '110',
    });
    expect(
      await places(
        at.db,
        'square.json_orders',
        gone.map(({ id }) => id),
      ),
    ).toEqual(before);
    const { entities, zone } = sources.square;
    const lookup: EntityLookup = (_pipeline, entity) => Promise.resolve({ definition: entities[entity as keyof typeof entities], zone });
    const deep = await verifyDeep({ db: at.db, landing: at.landing, lookup, readerOf }, { sampleRows: 20 }, at.ctx);
    expect(deep.violations.map(({ name, where, message }) => `${name} ${where}: ${message}`)).toEqual([]);
  });
});

describe('a 4D server', () => {
  const database = testDatabase();
  let at: InstallationOf<Legacy4dSandbox>;

  beforeAll(async () => {
    at = await installLegacy4d({ databaseUrl: database.url });
    expect((await at.run()).state).toBe('completed');
  });
  afterAll(() => at.close());

  it('is compared by stamps, in one bucket, and mended', async () => {
    await at.db.query(`delete from pyerp.json_variants where id in (select id from pyerp.json_variants order by id limit 9)`);
    const seen = await at.run(look());
    expect(seen.state).toBe('doubtful');
    expect(await found(at.db, seen.runId, 'variants')).toMatchObject({ missing: '9', older: '0', newer: '0', extra: '0' });
    const { runId, state } = await at.run(mend());
    expect(state).toBe('completed');
    expect(await found(at.db, runId, 'variants')).toMatchObject({ missing: '9', left_over: '0' });
    expect((await at.run(look())).state).toBe('completed');
  });
});
