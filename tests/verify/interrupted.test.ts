import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { sandboxOracle, trueCopy } from './true-copy';

const database = testDatabase();
let at: Installation;

beforeAll(async () => {
  at = await install({
    databaseUrl: database.url,
    sandbox: { counts: { contacts: 3, items: 2, invoices: 60 } },
    variables: { FRESHET_SYNC_PIPELINE_BATCH_DETAIL_CALLS: '25', FRESHET_SYNC_PIPELINE_DETAIL_PAGE: '10' },
  });
});
afterAll(() => at.close());

async function deep(whole: boolean): Promise<string[]> {
  const copy = await trueCopy(database.url, at.landing.root);
  const { violations } = await copy.deep(whole ? { oracle: sandboxOracle(at.sandbox) } : {});
  await copy.close();
  return violations.map(({ invariant, name, where, message, sample }) => `${invariant} ${name} ${where}: ${message} ${sample.join(' | ')}`);
}

async function interrupted(nth: number, full = false): Promise<void> {
  const abort = new AbortController();
  at.sandbox.control.onRequest({ kind: 'detail', entity: 'invoices', nth }, () => abort.abort());
  const { state } = await at.run({ full }, { ...at.ctx, signal: abort.signal });
  expect(['cancelled', 'failed', 'partial']).toContain(state);
}

it('verify --deep is clean while an extraction waits to be adopted, and after it was', async () => {
  await interrupted(37);
  expect(await deep(false)).toEqual([]);
  expect((await at.run()).state).toBe('completed');
  expect(await deep(true)).toEqual([]);
});

it('verify --deep is clean after an extraction was given up for another read', async () => {
  for (let index = 0; index < 40; index++) at.sandbox.control.edit('invoices', index, { notes: `edit ${index}` });
  await interrupted(34);
  expect((await at.run({ full: true })).state).toBe('completed');
  expect(await deep(true)).toEqual([]);
});
