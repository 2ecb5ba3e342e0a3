import { entityLookup } from '../../src/run/entity-lookup';
import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { sources } from '../../src/sources';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { testDatabase } from '../support/database';
import { installLegacy4d, type InstallationOf } from '../support/installation';
import { readerOf } from '../verify/true-copy';

/** A 4D server that is restored to a counter behind what was told of deletions, though not behind any record, tells of it by that counter alone. */
const MINUTE_MS = 60_000;

describe.each(['next', 'last'] as const)('a server that shows the %s number', (stampShown) => {
  const database = testDatabase();
  let at: InstallationOf<Legacy4dSandbox>;

  beforeAll(async () => {
    at = await installLegacy4d({ databaseUrl: database.url, sandbox: { seed: 5, freeze: true, rules: { stampShown } } });
    expect((await at.run({ entities: ['categories'] })).state).toBe('completed');
  });
  afterAll(() => at.close());

  /** How the next run reads, and whether the record is deleted then. */
  async function next(key: string): Promise<object> {
    at.sandbox.control.advanceClock(MINUTE_MS);
    const { runId, state } = await at.run({ entities: ['categories'] });
    const [read] = await at.db.query<{ read: string; reason: string | null }>(
      `select read_kind as read, full_reason as reason from freshet.run_entity where run_id = $1`,
      [runId],
    );
    const [row] = await at.db.query<{ deleted: boolean }>(
      `select deleted_at is not null as deleted from pyerp.json_categories where id = $1`,
      [key],
    );
    return { state, ...read, ...row };
  }

  it('and whose newest change is a deletion is read incrementally, run after run', async () => {
    const key = at.sandbox.control.remove('Artikel_Kategorie', 1);
    const incremental = { state: 'completed', read: 'incremental', reason: null, deleted: true };
    expect([await next(key), await next(key), await next(key)]).toEqual([incremental, incremental, incremental]);
  });

  /** What `verify --deep` finds of the marks. */
  async function violations(): Promise<readonly string[]> {
    const lookup = entityLookup(at.db, sources);
    const deep = await verifyDeep({ db: at.db, landing: at.landing, lookup, readerOf }, { sampleRows: 20 }, at.ctx);
    const marks = deep.violations.filter(({ invariant }) => invariant === 5);
    return marks.map(({ name, message }) => `${name}: ${message}`);
  }

  it('and is restored to the time between its newest record and the deletions since is read whole: what was deleted lives again', async () => {
    const { control } = at.sandbox;
    control.setGlobalStamp(2_000_000);
    control.edit('Artikel_Kategorie', 0);
    control.setGlobalStamp(2_000_100);
    const key = control.remove('Artikel_Kategorie', 2);
    expect(await next(key)).toMatchObject({ read: 'incremental', deleted: true });
    control.forgetDeletions();
    control.setGlobalStamp(2_000_050);
    control.recreate('Artikel_Kategorie', key, {}, { globalStamp: 3 });
    expect(await next(key)).toEqual({
      state: 'completed',
      read: 'complete',
      reason: expect.stringMatching(/^the counter of the source went back from 2000100 to 200004[89]$/) as string,
      deleted: false,
    });
    expect(await violations()).toEqual([]);
    // From there on by increments, and what is deleted is told.
    expect(await next(key)).toMatchObject({ read: 'incremental', deleted: false });
    control.remove('Artikel_Kategorie', key);
    expect(await next(key)).toMatchObject({ state: 'completed', read: 'incremental', deleted: true });
    expect(await violations()).toEqual([]);
  });

  it('and whose counter was set back while its list of deletions stayed is read whole once, and by increments from then on', async () => {
    const { control } = at.sandbox;
    control.setGlobalStamp(1_500_000);
    const key = control.edit('Artikel_Kategorie', 3);
    control.edit('Artikel_Kategorie', 0);
    expect(await next(key)).toMatchObject({ state: 'completed', read: 'complete', deleted: false });
    expect([await next(key), await next(key)]).toEqual(
      Array(2).fill({ state: 'completed', read: 'incremental', reason: null, deleted: false }),
    );
    expect(await violations()).toEqual([]);
  });
});
