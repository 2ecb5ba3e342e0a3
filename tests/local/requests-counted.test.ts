import { callsToday } from '../../src/database/api-calls';
import { readRunFacts } from '../../src/report/run-facts';
import { testDatabase } from '../support/database';
import { install } from '../support/installation';

/** What was asked of a source is counted by run, entity and day, as the source counted it. */
const database = testDatabase();

it('a run tells how many requests each of its entities made, and the account how many of the day', async () => {
  const at = await install({ databaseUrl: database.url, sandbox: { seed: 4, counts: { contacts: 8, items: 4, invoices: 14 } } });
  try {
    at.sandbox.control.addFault({ match: { kind: 'list', entity: 'contacts' }, fault: 'truncated', times: 1 });
    const { runId } = await at.run();
    const seen = new Map<string, number>();
    for (const { entity, kind } of at.sandbox.control.requestLog())
      if (kind === 'list' || kind === 'detail') seen.set(entity ?? '', (seen.get(entity ?? '') ?? 0) + 1);
    const { entities } = await readRunFacts(at.db, runId);
    expect(new Map(entities.map(({ entity, requests }) => [entity, requests]))).toEqual(seen);
    const [account, ...others] = await callsToday(at.db);
    expect(others).toEqual([]);
    expect(account).toMatchObject({ today: [...seen.values()].reduce((sum, n) => sum + n, 0), yesterday: 0 });
    expect(account?.account).toContain(at.sandbox.credentials.organizationId);
    const [call] = await at.db.query(`select run_id, entity, status, error from freshet.api_call where what like '%/invoices' limit 1`);
    expect(call).toEqual({ run_id: runId, entity: 'invoices', status: 200, error: null });
  } finally {
    await at.close();
  }
});
