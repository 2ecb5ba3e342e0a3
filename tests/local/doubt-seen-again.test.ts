import { documentOf, freshet } from '../cli/in-process';
import { withVariables } from '../errors/remedies/remedy';
import { testDatabase } from '../support/database';
import { forgetfulZoho } from '../support/forgetful-zoho';
import { install, type Installation } from '../support/installation';

/** What a doubted read could not find is not deleted by accepting that doubt, where a later read saw it again. */
const database = testDatabase();
/** Invoices that lists leave out, those that are not found by themselves, and those that are answered with an error. */
const hidden = new Set<string>();
const lost = new Set<string>();
const broken = new Set<string>();
let at: Installation;
let restore: () => void;

beforeAll(async () => {
  at = await install({
    databaseUrl: database.url,
    sources: { 'zoho-books': forgetfulZoho({ unlisted: hidden, lost, broken }) },
    sandbox: { seed: 9, freeze: true, counts: { contacts: 3, items: 3, invoices: 14 } },
  });
  restore = withVariables(at.loaded.variables);
  expect((await at.run()).state).toBe('completed');
});
beforeEach(() => at.sandbox.control.advanceClock(3_600_000));
afterEach(() => {
  hidden.clear();
  lost.clear();
  broken.clear();
});
afterAll(async () => {
  restore();
  await at.close();
});

/** How a run of the invoices ends, a minute later. */
async function read(): Promise<{ runId: string; state: string }> {
  at.sandbox.control.advanceClock(60_000);
  return at.run({ entities: ['invoices'] });
}

/** A doubted read that lists an invoice and does not find it by itself; `carrier`: another one, edited last, that its list leaves out. */
async function doubted(id: string, carrier: number): Promise<string> {
  hidden.add(at.sandbox.control.edit('invoices', carrier, { notes: 'carries the watermark' }));
  hidden.clear();
  expect((await read()).state).toBe('completed');
  at.sandbox.control.advanceClock(60_000);
  at.sandbox.control.edit('invoices', id, { notes: 'edited' });
  hidden.add(at.sandbox.control.idOf('invoices', carrier));
  lost.add(id);
  const { runId, state } = await read();
  hidden.clear();
  expect([state, await deletedBy(runId)]).toEqual(['doubtful', { vanished: '1', deleted: '0' }]);
  return runId;
}

async function deletedBy(runId: string): Promise<object | undefined> {
  const [row] = await at.db.query(`select vanished, deleted from freshet.run_entity where run_id = $1 and entity = 'invoices'`, [runId]);
  return row;
}

async function isDeleted(id: string): Promise<boolean | undefined> {
  const [row] = await at.db.query<{ gone: boolean }>(`select deleted_at is not null as gone from zoho_books.json_invoices where id = $1`, [
    id,
  ]);
  return row?.gone;
}

async function accept(runId: string): Promise<void> {
  expect(documentOf(await freshet('doubt', 'accept', runId, 'invoices', '--because', 'looked', '--json'))).toMatchObject({ ok: true });
}

it('one that a later read fetched stays', async () => {
  const id = at.sandbox.control.idOf('invoices', 2);
  const runId = await doubted(id, 3);
  lost.clear();
  expect([(await read()).state, await isDeleted(id)]).toEqual(['completed', false]);
  await accept(runId);
  at.sandbox.control.advanceClock(3_600_000);
  expect([(await read()).state, await isDeleted(id)]).toEqual(['completed', false]);
});

it('one that a later read listed, and could not fetch, stays', async () => {
  const id = at.sandbox.control.idOf('invoices', 4);
  const runId = await doubted(id, 5);
  lost.clear();
  broken.add(id);
  await accept(runId);
  expect([(await read()).state, await isDeleted(id)]).toEqual(['completed', false]);
});

it('one that was fetched by other means since, such as a load of files, stays', async () => {
  const id = at.sandbox.control.idOf('invoices', 8);
  const runId = await doubted(id, 9);
  await at.db.query(`update zoho_books.json_invoices set fetched_at = fetched_at + interval '1 day' where id = $1`, [id]);
  hidden.add(id);
  at.sandbox.control.advanceClock(3_600_000);
  await accept(runId);
  expect([(await read()).state, await isDeleted(id)]).toEqual(['completed', false]);
});

it('one that no later read saw goes', async () => {
  const id = at.sandbox.control.idOf('invoices', 6);
  const runId = await doubted(id, 7);
  at.sandbox.control.remove('invoices', id);
  await accept(runId);
  at.sandbox.control.advanceClock(3_600_000);
  expect([(await read()).state, await isDeleted(id)]).toEqual(['completed', true]);
});
