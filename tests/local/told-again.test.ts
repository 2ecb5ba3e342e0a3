import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { testDatabase } from '../support/database';
import { installLegacy4d, type InstallationOf } from '../support/installation';

/** A feed of deletions tells a deletion more than once: its record may be there again. */
const database = testDatabase();
let at: InstallationOf<Legacy4dSandbox>;

beforeAll(async () => {
  at = await installLegacy4d({ databaseUrl: database.url, sandbox: { seed: 5, freeze: true } });
  expect(await run()).toBe('completed');
});
beforeEach(() => at.sandbox.control.advanceClock(60_000));
afterAll(() => at.close());

const run = async (wish: Parameters<typeof at.run>[0] = {}): Promise<string> => (await at.run({ entities: ['categories'], ...wish })).state;

async function isDeleted(id: string): Promise<boolean | undefined> {
  const [row] = await at.db.query<{ gone: boolean }>(`select deleted_at is not null as gone from pyerp.json_categories where id = $1`, [
    id,
  ]);
  return row?.gone;
}

describe('a record that was deleted and made anew under its key', () => {
  it('comes back, and stays when its deletion is told again', async () => {
    const { control } = at.sandbox;
    const key = control.remove('Artikel_Kategorie', 2);
    expect([await run(), await isDeleted(key)]).toEqual(['completed', true]);
    control.advanceClock(60_000);
    control.recreate('Artikel_Kategorie', key);
    expect([await run(), await isDeleted(key)]).toEqual(['completed', false]);
    control.advanceClock(60_000);
    expect([await run(), await isDeleted(key)]).toEqual(['completed', false]);
    control.advanceClock(60_000);
    expect([await run({ full: true }), await isDeleted(key)]).toEqual(['completed', false]);
    control.advanceClock(60_000);
    expect([await run({ full: true }), await isDeleted(key)]).toEqual(['completed', false]);
  });
});

it('a record that was deleted and made anew between two reads never goes, though it counts its saves from one again', async () => {
  const { control } = at.sandbox;
  const key = control.edit('Artikel_Kategorie', 1);
  control.edit('Artikel_Kategorie', 1);
  expect([await run(), await isDeleted(key)]).toEqual(['completed', false]);
  control.remove('Artikel_Kategorie', 1);
  control.recreate('Artikel_Kategorie', key);
  const gone = control.remove('Artikel_Kategorie', control.create('Artikel_Kategorie'));
  const other = control.remove('Artikel_Kategorie', 2);
  control.advanceClock(60_000);
  // A load that is doubted deletes nothing, as a read that is.
  expect([await run(), await isDeleted(key), await isDeleted(other)]).toEqual(['doubtful', false, false]);
  control.advanceClock(60_000);
  expect([await run(), await isDeleted(key), await isDeleted(other)]).toEqual(['completed', false, true]);
  expect(await isDeleted(gone)).toBeUndefined();
});

it('a deletion that was committed late, behind one that was told already, is carried out', async () => {
  const { control } = at.sandbox;
  const early = control.reserveStamp();
  const told = control.remove('Artikel_Kategorie', 3);
  expect([await run(), await isDeleted(told)]).toEqual(['completed', true]);
  control.advanceClock(60_000);
  const late = control.remove('Artikel_Kategorie', 4, { globalStamp: early });
  expect([await run(), await isDeleted(late)]).toEqual(['completed', true]);
});

it('a counter that went back takes the mark of the deletions with it: what is deleted from then on is told', async () => {
  const { control } = at.sandbox;
  control.setGlobalStamp(1_000_000);
  control.edit('Artikel_Kategorie', 1);
  const told = control.remove('Artikel_Kategorie', 5);
  expect([await run(), await isDeleted(told)]).toEqual(['completed', true]);
  // A backup of the time before anything was deleted is restored.
  control.forgetDeletions();
  control.setGlobalStamp(500_000);
  control.edit('Artikel_Kategorie', 1);
  control.advanceClock(60_000);
  expect(await run()).toBe('completed');
  const gone = control.remove('Artikel_Kategorie', 0);
  control.advanceClock(60_000);
  expect([await run(), await isDeleted(gone)]).toEqual(['completed', true]);
});

it('a deletion that outlived a counter set back by hand deletes no record that was made anew under its key', async () => {
  const { control } = at.sandbox;
  const key = control.create('Artikel_Kategorie');
  expect([await run(), await isDeleted(key)]).toEqual(['completed', false]);
  control.setGlobalStamp(3_000_000);
  control.remove('Artikel_Kategorie', key);
  control.advanceClock(60_000);
  expect([await run(), await isDeleted(key)]).toEqual(['completed', true]);
  control.setGlobalStamp(2_000_000);
  control.recreate('Artikel_Kategorie', key);
  for (let nth = 1; nth <= 3; nth += 1) {
    control.advanceClock(60_000);
    expect([await run(), await isDeleted(key)]).toEqual(['completed', false]);
  }
  // What is deleted from there on goes with the very read in whose course it was deleted.
  control.onRequest({ kind: 'list', dataClass: 'Artikel_Kategorie', nth: 2, when: 'before' }, () => {
    control.remove('Artikel_Kategorie', key);
  });
  control.advanceClock(60_000);
  expect([await run(), await isDeleted(key)]).toEqual(['completed', true]);
});
