import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { testDatabase } from '../support/database';
import { installLegacy4d, type InstallationOf } from '../support/installation';

/** A 4D server that keeps its counter to itself: what it had given out when a read began is known by its newest record alone. */
const database = testDatabase();
const VARIANTS = 'Artikel_Variante';
let at: InstallationOf<Legacy4dSandbox>;

beforeAll(async () => {
  const counts = { Artikel_Kategorie: 2, Artikel_Familie: 2, Artikel_Variante: 1_100, Auftrag: 1 };
  at = await installLegacy4d({ databaseUrl: database.url, sandbox: { seed: 5, freeze: true, counts, rules: { stampShown: 'hidden' } } });
});
afterAll(() => at.close());

it('records changed in mid-read, however many changes lie between them, come with the next read', async () => {
  const { control } = at.sandbox;
  const keys = [...control.truth(VARIANTS)].map(({ key }) => key).sort((a, b) => (Number(a) < Number(b) ? -1 : 1));
  const [first, last] = [keys[0]!, keys[keys.length - 1]!];
  // The first page is read; its first record changes, then thousands elsewhere, then one of the second page.
  let changed = false;
  control.onRequest({ kind: 'list', dataClass: VARIANTS, nth: 3, when: 'before' }, () => {
    control.edit(VARIANTS, first, { Bestand: 4711 });
    control.setGlobalStamp(control.stats().nextStamp + 5_000);
    control.edit(VARIANTS, last, { Bestand: 4712 });
    changed = true;
  });
  const wish = { entities: ['variants'] };
  expect((await at.run(wish)).state).toBe('completed');
  expect(changed).toBe(true);
  control.advanceClock(60_000);
  expect((await at.run(wish)).state).toBe('completed');
  const rows = await at.db.query<{ id: string; stock: string }>(
    `select id, "Bestand"::text as stock from pyerp.json_variants where id = any ($1) order by 2`,
    [[first, last]],
  );
  expect(rows).toEqual([
    { id: first, stock: '4711' },
    { id: last, stock: '4712' },
  ]);
});
