import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { testContext } from '../support/test-context';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { lookup, readerOf } from '../verify/true-copy';
import { loadOnce } from './load-once';

const database = testDatabase();
let at: Installation;
let insertOnly: string;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 3, items: 1, invoices: 3 } } });
  const file = readFileSync(join(__dirname, '../../config/pipelines/zoho-books.yaml'), 'utf8');
  insertOnly = join(at.folder, 'insert-only.yaml');
  writeFileSync(insertOnly, file.replace('contacts: { priority: high }', 'contacts: { priority: high, skip_existing: true }'));
});
afterAll(() => at.close());

const names = () => at.db.query<{ id: string; company_name: string }>(`select id, company_name from zoho_books.json_contacts order by id`);

it('an insert-only entity takes new records and leaves its rows alone, whatever came; verify --deep knows why they are old', async () => {
  await at.run();
  const before = await names();
  at.sandbox.control.advanceClock(3_600_000);
  at.sandbox.control.edit('contacts', 1, { company_name: 'Changed' });
  at.sandbox.control.create('contacts');
  at.sandbox.control.advanceClock(3_600_000);
  const { runId, state } = await at.run({ pipeline: insertOnly, full: true });
  expect(state).toBe('completed');
  const [ledger] = await at.db.query(
    `select landed, inserted, updated, skipped, unchanged from freshet.run_entity where run_id = $1 and entity = 'contacts'`,
    [runId],
  );
  expect(ledger).toEqual({ landed: '4', inserted: '1', updated: '0', skipped: '3', unchanged: '0' });
  const after = await names();
  expect(after).toHaveLength(4);
  expect(after).toEqual(expect.arrayContaining(before));
  const { violations } = await verifyDeep({ db: at.db, landing: at.landing, lookup, readerOf }, {}, testContext());
  expect(violations).toEqual([]);
});

it('a load may be asked to insert only: rows of files that were there already stay, new ones come in', async () => {
  const folder = join(at.folder, 'files');
  mkdirSync(folder);
  const deliver = (records: readonly object[]): void => writeFileSync(join(folder, 'gadgets.json'), JSON.stringify(records));
  deliver([{ gadget_id: 'G1', weight: 1 }]);
  await loadOnce(at, folder);
  deliver([
    { gadget_id: 'G1', weight: 2 },
    { gadget_id: 'G2', weight: 2 },
  ]);
  const [run] = await loadOnce(at, folder, { skipExisting: true });
  expect(run?.state).toBe('completed');
  expect(await at.db.query(`select inserted, skipped from freshet.run_entity where run_id = $1`, [run?.runId])).toEqual([
    { inserted: '1', skipped: '1' },
  ]);
  expect(await at.db.query(`select id, weight::int from public.json_gadgets order by id`)).toEqual([
    { id: 'G1', weight: 1 },
    { id: 'G2', weight: 2 },
  ]);
});
