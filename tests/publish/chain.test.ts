import { testDatabase } from '../support/database';
import { installChain, ledgerOf, type Installed } from './chain';

const database = testDatabase();
let at: Installed;
beforeAll(async () => {
  at = await installChain({ databaseUrl: database.url });
});
afterAll(() => at.close());

async function completed(): Promise<string> {
  const { runId, state } = await at.run();
  const errors = await at.db.query<{ entity: string; error_message: string | null; held_reason: string | null }>(
    `select entity, error_message, held_reason from freshet.run_entity where run_id = $1 and state <> 'completed'`,
    [runId],
  );
  expect([state, ...errors]).toEqual(['completed']);
  return runId;
}

describe('a chain of typed tables', () => {
  it('is made by its first run, parents before children, and every count adds up', async () => {
    const runId = await completed();
    expect(await ledgerOf(at, runId, 'parents')).toMatchObject({ full_reason: 'first publish', changed: 20, created: 20, rejected: 0 });
    expect(await ledgerOf(at, runId, 'variants')).toMatchObject({ changed: 60, created: 60 });
    const rows = await at.db.query(`select sku, name, category, weight from parent_products order by sku limit 1`);
    expect(rows).toMatchObject([{ sku: 'F000001' }]);
    const keys = await at.db.query(`select conname from pg_constraint where contype = 'f' and conrelid = 'parent_products'::regclass`);
    expect(keys).toHaveLength(1);
  });

  it('follows what changed at the source, and leaves what a person changed', async () => {
    const { control } = at.sandbox;
    control.advanceClock(60_000);
    await at.db.query(
      `update variant_products set name = 'by hand' where legacy_id = (select legacy_id from variant_products where sku like '%0000005')`,
    );
    control.edit('Artikel_Variante', 4, { Bestand: 17 });
    const runId = await completed();
    expect(await ledgerOf(at, runId, 'variants')).toMatchObject({ full_reason: null, changed: 1, updated: 1 });
    expect(await at.db.query(`select name, stock from variant_products where name = 'by hand'`)).toEqual([
      { name: 'by hand', stock: '17' },
    ]);
  });

  it('nothing new: nothing is written', async () => {
    const xmins = (): Promise<object[]> => at.db.query(`select sku, xmin::text, updated_at from variant_products order by sku`);
    const before = await xmins();
    const runId = await completed();
    expect(await ledgerOf(at, runId, 'variants')).toMatchObject({ changed: 0, retried: 0, updated: 0 });
    expect(await xmins()).toEqual(before);
  });

  it('a variant that the source deleted is flagged, and stays in the table', async () => {
    const { control } = at.sandbox;
    control.advanceClock(60_000);
    control.remove('Artikel_Variante', 9);
    const runId = await completed();
    expect(await ledgerOf(at, runId, 'variants')).toMatchObject({ changed: 1, deleted: 1 });
    expect(await at.db.query(`select from variant_products where deleted_at is not null`)).toHaveLength(1);
  });
});
