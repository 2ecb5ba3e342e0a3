import { installLegacy4d, type InstallationOf } from '../support/installation';
import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { testDatabase } from '../support/database';

const database = testDatabase();
let at: InstallationOf<Legacy4dSandbox>;
beforeAll(async () => {
  at = await installLegacy4d({ databaseUrl: database.url, sandbox: { seed: 5, freeze: true } });
});
afterAll(() => at.close());

test('the pipeline that ships with freshet makes three typed tables of a 4D server’s articles', async () => {
  const { runId, state } = await at.run();
  const ledger = await at.db.query(
    `select entity, created::int, pending::int, rejected::int from freshet.publish_ledger where run_id = $1 order by entity`,
    [runId],
  );
  const { control } = at.sandbox;
  expect([state, ledger]).toEqual([
    'completed',
    [
      { entity: 'categories', created: control.count('Artikel_Kategorie'), pending: 0, rejected: 0 },
      { entity: 'parents', created: control.count('Artikel_Familie'), pending: 0, rejected: 0 },
      { entity: 'variants', created: control.count('Artikel_Variante'), pending: 0, rejected: 0 },
    ],
  ]);
  const sameKeys = await at.db.query(
    `select count(*)::int as n from variant_products v left join parent_products p on p.sku = v.parent_sku
      where p.legacy_id is distinct from v.parent_legacy_id`,
  );
  expect(sameKeys).toEqual([{ n: 0 }]);
  const [parent] = await at.db.query(`select * from parent_products where sku = 'F000001'`);
  expect(Object.keys(parent ?? {})).toEqual(
    expect.arrayContaining([
      'base_sku',
      'weight',
      'length',
      'width',
      'height',
      'dimensions',
      'is_active',
      'is_hanging',
      'is_one_sided',
      'is_new',
    ]),
  );
  const measured = await at.db.query(
    `select count(*)::int as n from parent_products where dimensions is distinct from length || ' × ' || width || ' × ' || height or length <= 0`,
  );
  expect(measured).toEqual([{ n: 0 }]);
});
