import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { openWorkbench } from './workbench';

/** A Temporal restored from an older copy may take an answer of its later life for a step that is still to come. */
const database = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 12 });
});
afterAll(() => db.close());

test('closing loads first what is published and was not loaded, so that no step that passes for done is left out', async () => {
  const at = await openWorkbench({
    db,
    name: 'order',
    pageSize: 5,
    lagSeconds: 600,
    concurrent: 1,
    sandbox: { counts: { contacts: 1, items: 1, invoices: 7 } },
  });
  try {
    const runId = await at.claim();
    const input = { runId, entity: 'invoices' };
    await at.steps.prepareRun({ runId }, at.ctx);
    for (let outcome = ''; outcome !== 'done';) ({ outcome } = await at.steps.extract(input, at.ctx));
    await at.steps.close(input, at.ctx);
    expect(await at.steps.verify(input, at.ctx)).toMatchObject({ ok: true, faults: [] });
    expect(await at.steps.endRun({ runId }, at.ctx)).toEqual({ state: 'completed' });
    expect(await db.query(`select count(*)::int as rows from "${at.schema}"."${at.table}"`)).toEqual([{ rows: 7 }]);
  } finally {
    await at.close();
  }
});
