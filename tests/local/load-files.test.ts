import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { loadOnce, type LoadedRun, type LoadOnce } from './load-once';

const database = testDatabase();
let at: Installation;
let folders = 0;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url });
});
afterAll(() => at.close());

/** A folder of another tool; contents are text, bytes, or records. */
function folder(files: Readonly<Record<string, unknown>>): string {
  const root = join(at.folder, `foreign-${++folders}`);
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  }
  return root;
}

const load = (root: string, wish: LoadOnce = {}): Promise<LoadedRun[]> => loadOnce(at, root, wish);

const rows = (table: string, order = 'id') => at.db.query(`select * from public.${table} order by ${order}`);
async function ledger(runId: string, entity: string) {
  const [row] = await at.db.query(
    `select listed, fetched, landed, inserted, updated, unchanged, stale, duplicate, rejected, unloaded_after, state, error_code
       from freshet.run_entity where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return row;
}

const invoice = (id: string, more: object = {}) => ({
  invoice_id: id,
  total: 10.5,
  line_items: [{ line_item_id: `${id}-1`, rate: 3 }],
  ...more,
});

describe('a folder that another tool wrote', () => {
  it('becomes tables with line items: arrays, compressed files, envelopes and lines of JSON alike', async () => {
    const root = folder({
      'invoices.json': [invoice('I1'), invoice('I2')],
      'bills.json.gz': gzipSync(JSON.stringify([{ bill_id: 'B1' }])),
      'contacts.json': { code: 0, contacts: [{ contact_id: 'C1', contact_name: 'Ä' }] },
      'gadgets.ndjson': '{"id":"G1","weight":1.25}\n{"id":"G2","weight":3}\n',
    });
    const [{ state, runId }] = (await load(root)) as [LoadedRun];
    expect(state).toBe('completed');
    expect(await rows('json_invoices')).toMatchObject([{ id: 'I1' }, { id: 'I2', total: '10.5' }]);
    expect(await rows('json_invoices_line_items', 'parent_id')).toMatchObject([{ parent_id: 'I1', line_no: 1 }, { parent_id: 'I2' }]);
    expect(await rows('json_bills')).toMatchObject([{ id: 'B1' }]);
    expect(await rows('json_contacts')).toMatchObject([{ id: 'C1', contact_name: 'Ä' }]);
    expect(await rows('json_gadgets')).toMatchObject([{ id: 'G1', weight: '1.25' }, { id: 'G2' }]);
    expect(await ledger(runId, 'invoices')).toMatchObject({ listed: '2', fetched: '2', landed: '2', inserted: '2' });
  });

  it('is recognised when it is loaded again: nothing is written', async () => {
    const root = folder({
      'payments.json': [
        { payment_id: 'P1', amount: 1 },
        { payment_id: 'P2', amount: 2 },
      ],
    });
    await load(root);
    const before = await at.db.query(`select id, xmin::text from public.json_payments order by id`);
    const [{ runId }] = (await load(root)) as [LoadedRun];
    expect(await ledger(runId, 'payments')).toMatchObject({ landed: '2', unchanged: '2', inserted: '0' });
    expect(await at.db.query(`select id, xmin::text from public.json_payments order by id`)).toEqual(before);
  });

  it('may hold an entity in several folders: the newest record wins, and each is counted', async () => {
    const root = folder({
      '2025-07-12_10-35-22/orders.json': [
        { order_id: 'O1', state: 'new' },
        { order_id: 'O2', state: 'only' },
      ],
      '2025-07-12_10-30-15/orders.json': [{ order_id: 'O1', state: 'old' }],
    });
    const [{ runId }] = (await load(root)) as [LoadedRun];
    expect(await rows('json_orders')).toMatchObject([{ id: 'O1', state: 'new' }, { id: 'O2' }]);
    expect(await ledger(runId, 'orders')).toMatchObject({ landed: '3', inserted: '2', updated: '1' });
  });

  it('with damaged files loads the others, and says which one, where, and what to do', async () => {
    const root = folder({
      'parts/notes_part1.json': [{ id: 'N1' }],
      'parts/notes_part2.json': '[{"id":"N2"},{"id"',
      'parts/tags.json': [{ id: 'T1' }],
    });
    const [{ runId, state }] = (await load(root)) as [LoadedRun];
    expect(state).toBe('partial');
    expect(await rows('json_notes')).toMatchObject([{ id: 'N1' }]);
    expect(await ledger(runId, 'notes')).toMatchObject({ state: 'failed', error_code: 'input-files-bad', landed: '1', inserted: '1' });
    expect(await ledger(runId, 'tags')).toMatchObject({ state: 'completed' });
    const [bad] = await at.db.query<{ path: string; code: string; at_byte: string }>(
      `select path, code, at_byte from freshet.load_file where state = 'bad'`,
    );
    expect(bad).toEqual({ path: 'parts/notes_part2.json', code: 'bad-json-file', at_byte: '18' });
  });

  it('whose records nothing tells apart is refused, until somebody names the key', async () => {
    const root = folder({
      'readings.json': [
        { a: 1, b: 1 },
        { a: 1, b: 2 },
        { a: 2, b: 1 },
        { a: 1, b: 2 },
      ],
    });
    const [{ runId }] = (await load(root)) as [LoadedRun];
    expect(await ledger(runId, 'readings')).toMatchObject({ state: 'failed', error_code: 'no-key', listed: '0' });
    const [{ state }] = (await load(root, { keys: new Map([['readings', ['a', 'b']]]) })) as [LoadedRun];
    expect({ state, rows: (await rows('json_readings')).length }).toEqual({ state: 'completed', rows: 3 });
  });

  it('that is empty, or not there, is an error that lists what was looked at', async () => {
    await expect(load(folder({ 'notes.txt': 'x' }))).rejects.toMatchObject({
      code: 'no-input',
      message: expect.stringContaining('notes.txt: no file of JSON') as unknown,
    });
    await expect(load(join(at.folder, 'nowhere'))).rejects.toMatchObject({
      code: 'no-input',
      message: expect.stringContaining('There is no folder') as unknown,
    });
  });
});

describe('our own landing', () => {
  it('is loaded into the tables of its pipeline again, as they would be by a run', async () => {
    expect((await at.run()).state).toBe('completed');
    await at.db.query('drop table zoho_books.json_contacts');
    const loaded = await load(at.landing.root);
    expect(loaded.map(({ state }) => state)).toEqual(['completed']);
    const [counts] = await at.db.query(
      `select (select count(*) from zoho_books.json_contacts) as contacts, (select count(*) from zoho_books.json_invoices) as invoices`,
    );
    expect(counts).toEqual({ contacts: '12', invoices: '30' });
    expect(await ledger(loaded[0]!.runId, 'invoices')).toMatchObject({ unchanged: '30', inserted: '0' });
  });
});
