import { verifyInstallation } from '../../src/client/commands/verify';
import { silentLog } from '../../src/observability/collecting-log';
import { backfillColumns, type BackfillInput } from '../../src/load/backfill';
import { entityLookup } from '../../src/run/entity-lookup';
import { sources } from '../../src/sources';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

/** Design §1, promise 5: a new column costs no API call. */
const database = testDatabase();
let at: Installation;
beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 5, items: 3, invoices: 20 }, freeze: true } });
  expect((await at.run()).state).toBe('completed');
});
afterAll(() => at.close());

async function inputOf(columns: readonly string[] | null, dryRun = false): Promise<BackfillInput> {
  const known = (await entityLookup(at.db, sources)('zoho-books', 'invoices'))!;
  const [run] = await at.db.query<{ id: string }>(`select id from freshet.run limit 1`);
  const target = {
    pipeline: 'zoho-books',
    entity: 'invoices',
    schema: 'zoho_books',
    table: 'json_invoices',
    definition: known.definition,
    runId: run!.id,
  };
  return { target, zone: known.zone, columns, dryRun };
}

const everything = (): Promise<unknown> =>
  at.db.query(
    `select (select jsonb_agg(to_jsonb(i) - 'updated_at' - 'batch_no' order by i.id) from zoho_books.json_invoices i) as rows,
            (select jsonb_agg(to_jsonb(l) - 'batch_no' order by l.parent_id, l.line_no) from zoho_books.json_invoices_line_items l) as lines`,
  );

async function numbers(): Promise<{ least: string; most: string }> {
  const [row] = await at.db.query<{ least: string; most: string }>(
    `select min(batch_no) as least, max(batch_no) as most from zoho_books.json_invoices`,
  );
  return row!;
}

test('columns that were lost are filled again from landing: rows and line items, without a request, and publish is told', async () => {
  const before = await everything();
  const { most } = await numbers();
  await at.db.query(`update zoho_books.json_invoices set total = null, customer_name = null, date = null`);
  await at.db.query(`update zoho_books.json_invoices_line_items set rate = null`);
  at.sandbox.control.clearRequestLog();
  const deps = { db: at.db, landing: at.landing };

  const planned = await backfillColumns(deps, await inputOf(['total', 'customer_name', 'date', 'rate'], true), at.ctx);
  expect(await everything()).not.toEqual(before);
  const filled = await backfillColumns(deps, await inputOf(['total', 'customer_name', 'date', 'rate']), at.ctx);

  expect(filled).toEqual(planned);
  expect(filled.find(({ column }) => column === 'json_invoices.total')).toEqual({ column: 'json_invoices.total', filled: 20 });
  expect(await everything()).toEqual(before);
  expect(at.sandbox.control.requestLog()).toEqual([]);
  expect(BigInt((await numbers()).least)).toBeGreaterThan(BigInt(most));
  const [change] = await at.db.query<{ change: { backfilled: unknown[] } }>(
    `select change from freshet.schema_change order by id desc limit 1`,
  );
  expect(change?.change.backfilled).toHaveLength(4);
  expect((await verifyInstallation({ loaded: at.loaded, log: silentLog }, at.db)).violations).toEqual([]);
});

test('values that are there stay, also where a person wrote them', async () => {
  await at.db.query(`update zoho_books.json_invoices set total = 999999 where id = (select min(id) from zoho_books.json_invoices)`);
  const filled = await backfillColumns({ db: at.db, landing: at.landing }, await inputOf(null), at.ctx);
  expect(filled.filter(({ filled: n }) => n > 0)).toEqual([]);
  const [row] = await at.db.query<{ n: string }>(`select count(*) as n from zoho_books.json_invoices where total = 999999`);
  expect(row?.n).toBe('1');
});

test('a column that nobody knows is refused with those that there are', async () => {
  await expect(backfillColumns({ db: at.db, landing: at.landing }, await inputOf(['totl']), at.ctx)).rejects.toMatchObject({
    code: 'column-unknown',
    remedy: expect.stringContaining('Did you mean total?') as unknown,
  });
});
