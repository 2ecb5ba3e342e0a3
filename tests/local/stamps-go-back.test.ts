import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { openWorkbench } from './workbench';

/** Why the boundary schedules never let a stamp go back: such a record cannot be ordered, so it is not taken silently either. */
const database = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 12 });
});
afterAll(() => db.close());

test('a record dated in the future and corrected to the present keeps its row, and makes each run that reads it doubtful', async () => {
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
    expect((await at.run()).state).toBe('completed');
    control.advanceClock(120_000);
    control.edit('invoices', id, { notes: 'corrected' });
    for (const full of [false, true]) {
      const { runId, state } = await at.run({ full });
      expect(state).toBe('doubtful');
      const [entity] = await db.query(`select stale, doubts -> 0 ->> 'kind' as doubt from freshet.run_entity where run_id = $1`, [runId]);
      expect(entity).toEqual({ stale: '1', doubt: 'lower-version-later' });
      control.advanceClock(120_000);
    }
    expect(await db.query(`select notes from "${at.schema}"."${at.table}" where id = $1`, [id])).toEqual([{ notes: 'dated tomorrow' }]);
  } finally {
    await at.close();
  }
});
