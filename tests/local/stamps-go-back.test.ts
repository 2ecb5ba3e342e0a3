import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { testContext } from '../support/test-context';
import { lookup, readerOf } from '../verify/true-copy';
import { openWorkbench, type Ended } from './workbench';

/** A stamp that goes back cannot be ordered: the record is doubted, asked once more, and taken when the source repeats itself. */
const database = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 12 });
});
afterAll(() => db.close());

test('a record dated in the future and corrected to the present is doubted, asked once more by the next run, and then taken', async () => {
  const at = await openWorkbench({
    db,
    name: 'stamps',
    pageSize: 5,
    lagSeconds: 600,
    concurrent: 1,
    sandbox: { counts: { contacts: 1, items: 1, invoices: 3 } },
  });
  try {
    const { control } = at.sandbox;
    const tomorrow = new Date(control.now().getTime() + 86_400_000);
    const id = control.create('invoices', { notes: 'dated tomorrow' }, { lastModifiedTime: tomorrow });
    const notes = async (): Promise<unknown> =>
      (await db.query<{ notes: string }>(`select notes from "${at.schema}"."${at.table}" where id = $1`, [id]))[0]?.notes;
    expect((await at.run()).state).toBe('completed');
    control.advanceClock(120_000);
    control.edit('invoices', id, { notes: 'corrected' });
    expect(await outcome(await at.run())).toEqual({ state: 'doubtful', stale: '1', updated: '0', doubt: 'lower-version-later' });
    expect(await notes()).toBe('dated tomorrow');
    control.advanceClock(120_000);
    expect(await outcome(await at.run())).toEqual({ state: 'completed', stale: '0', updated: '1', doubt: null });
    expect(await notes()).toBe('corrected');
    control.advanceClock(120_000);
    expect(await outcome(await at.run())).toMatchObject({ state: 'completed', stale: '0', updated: '0' });
    const deep = await verifyDeep({ db, landing: at.landing, lookup, readerOf }, {}, testContext());
    expect(deep).toMatchObject({ violations: [] });
  } finally {
    await at.close();
  }
});

async function outcome({ runId, state }: Ended): Promise<object> {
  const [entity] = await db.query(`select stale, updated, doubts -> 0 ->> 'kind' as doubt from freshet.run_entity where run_id = $1`, [
    runId,
  ]);
  return { state, ...entity };
}
