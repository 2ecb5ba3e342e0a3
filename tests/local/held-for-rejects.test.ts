import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runResult, runText } from '../../src/client/run-view';
import { readRunFacts } from '../../src/report/run-facts';
import { summary } from '../../src/report/summary';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

const database = testDatabase();
let at: Installation;
let held: string;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 8, items: 2, invoices: 3 } } });
  const file = readFileSync(join(__dirname, '../../config/pipelines/zoho-books.yaml'), 'utf8');
  held = join(at.folder, 'strict.yaml');
  const strict = 'contacts: { priority: high, reject_budget: { count: 3 }, validation: [{ field: contact_name, rule: length, max: 1 }] }';
  writeFileSync(held, file.replace('contacts: { priority: high }', strict));
});
afterAll(() => at.close());

const entity = async (runId: string, name: string): Promise<Record<string, unknown> | undefined> =>
  (
    await at.db.query(
      `select state, held_reason, error_message, error_remedy, skipped_reason, landed, fetched, unloaded_after from freshet.run_entity where run_id = $1 and entity = $2`,
      [runId, name],
    )
  )[0];

it('an entity over its reject budget is held and those behind it wait; with other rules the next run loads what was fetched, and asks for it no more', async () => {
  const first = await at.run({ pipeline: held });
  expect(first.state).toBe('partial');
  expect(await entity(first.runId, 'contacts')).toMatchObject({
    state: 'held',
    held_reason: expect.stringMatching(/^reject budget: 8 records of 8 refused, more than count 3 allow/) as string,
    error_message: null,
    error_remedy: expect.stringMatching(/reject_budget of contacts in the pipeline file, and run again\.$/) as string,
    landed: '0',
    unloaded_after: '8',
  });
  expect(await entity(first.runId, 'invoices')).toMatchObject({ state: 'skipped', skipped_reason: 'waited for contacts, which is held' });
  const open = await at.db.query(`select from freshet.reject where stage = 'held' and closed_by_run is null`);
  expect(open).toHaveLength(8);

  const facts = await readRunFacts(at.db, first.runId);
  const remedy = 'Look at them with `./freshet rejects list --entity contacts`.';
  expect(runText(facts)).toContain(`contacts do: ${remedy}`);
  expect(runResult(facts).error).toMatchObject({
    why: expect.stringMatching(/^contacts: reject budget/) as string,
    remedy: expect.stringContaining(remedy) as string,
  });
  expect(summary(facts)).toMatch(/contacts held: .* → .*reject/);

  const asked = at.sandbox.control.requestLog().filter(({ entity: of }) => of === 'contacts').length;
  const second = await at.run();
  expect(second.state).toBe('completed');
  expect(await entity(second.runId, 'contacts')).toMatchObject({ state: 'completed', fetched: '0', landed: '8', unloaded_after: '0' });
  expect(at.sandbox.control.requestLog().filter(({ entity: of }) => of === 'contacts')).toHaveLength(asked);
  expect(await at.db.query(`select from freshet.reject where closed_by_run is null`)).toEqual([]);
});
