import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyze, freshness, load, report } from '../../src/index';
import { packageFolder } from '../../src/stack/home';
import { withConnection } from '../../src/stack/postgres-connection';
import { testDatabase } from '../support/database';

/** The examples of docs/library.md, executed one after the other as a reader would: each in a file of its own, with the built package. */
const database = testDatabase();
const page = readFileSync(join(packageFolder(), 'docs/library.md'), 'utf8');
const examples = [...page.matchAll(/^## (.+)\n\n```js\n([\s\S]*?)^```$/gm)].map(([, title = '', code = '']) => ({ title, code }));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-library-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packageFolder(), join(folder, 'node_modules', 'freshet'));
  mkdirSync(join(folder, 'export'));
  const invoices = [1, 2, 3].map((i) => ({ invoice_id: `I${i}`, total: i, line_items: [{ line_item_id: `L${i}`, quantity: 1 }] }));
  writeFileSync(join(folder, 'export', 'invoices.json'), JSON.stringify(invoices));
  writeFileSync(join(folder, 'export', 'contacts.json'), JSON.stringify({ contacts: [{ contact_id: 'C1' }] }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const here = () => ({ environment: 'test', env: { FRESHET_HOME: join(folder, 'home') } });

/** `before`: variables of a person who calls it otherwise. */
function execute(code: string, more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const file = join(folder, `example-${Math.random().toString(36).slice(2)}.js`);
  writeFileSync(file, code);
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: database.url,
    FRESHET_ENV: 'test',
    FRESHET_HOME: join(folder, 'home'),
    FRESHET_REPORTS_PATH: join(folder, 'reports'),
    EXPORT_FOLDER: join(folder, 'export'),
    ...more,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [file], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}

test('there are three examples', () => {
  expect(examples.map(({ title }) => title)).toEqual([
    'A daily script',
    'Look first, then make tables that fit',
    'The same for each environment',
  ]);
});

test('the daily script loads a folder and verifies it; on the next day nothing is written again', async () => {
  const [{ code }] = examples as [(typeof examples)[number]];
  const first = await execute(code);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/^4 records, \d+ a second\npublic.json_contacts: 1 rows\npublic.json_invoices: 3 rows\n$/);
  expect(await execute(code)).toMatchObject({ code: 0, stderr: '' });
}, 60_000);

test('who looks first is told which tables change, and gets tables that fit', async () => {
  writeFileSync(join(folder, 'export', 'payments.json'), JSON.stringify([{ payment_id: 'P1', amount: 12.5 }]));
  const ended = await execute(examples[1]!.code);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toContain('payments: 1 records, its tables change');
  expect(ended.stdout).toContain('invoices: 3 records, its tables fit');
  expect(ended.stdout).toContain('nothing wrong');
}, 60_000);

test('each environment has its own result', async () => {
  const ended = await execute(examples[2]!.code);
  expect(ended).toEqual({ code: 0, stdout: 'development: 1 table\ntest: 1 table\n', stderr: '' });
}, 60_000);

test('what goes wrong is a result that says what to do, never a crash', async () => {
  const ended = await execute(examples[0]!.code, { EXPORT_FOLDER: join(folder, 'exprot') });
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain(`There is no folder ${join(folder, 'exprot')}`);
  expect(ended.stderr).toContain('Did you mean export?');
}, 60_000);

test('the switches of the command line are options: which key, insert only, no table made', async () => {
  const dir = join(folder, 'switches');
  mkdirSync(dir);
  const readings = [{ sensor: 's1', at: '2025-07-01', value: 1 }];
  writeFileSync(join(dir, 'readings.json'), JSON.stringify(readings));
  const reports = { FRESHET_REPORTS_PATH: join(folder, 'reports') };
  const options = {
    environment: 'test',
    databaseUrl: database.url,
    dir,
    env: { ...here().env, ...reports },
    keys: { readings: ['sensor', 'at'] },
  };
  expect(await load({ ...options, skipTableCreation: true })).toMatchObject({
    success: false,
    runs: [{ entities: [{ error_code: 'tables-incomplete' }] }],
  });
  expect(await analyze(options)).toMatchObject({ success: true, entities: [{ entity: 'readings' }] });
  expect(await load(options)).toMatchObject({ success: true, tables: [{ record_count: 1 }] });
  writeFileSync(
    join(dir, 'readings.json'),
    JSON.stringify([
      { ...readings[0], value: 2 },
      { sensor: 's2', at: '2025-07-01', value: 3 },
    ]),
  );
  expect(await load({ ...options, skipExisting: true })).toMatchObject({
    success: true,
    runs: [{ entities: [{ inserted: 1, updated: 0, skipped: 1 }] }],
  });
});

test('report says of every table what it holds, as data and as Markdown', async () => {
  const said = await report({ ...here(), databaseUrl: database.url });
  expect(said).toMatchObject({ success: true, error: null, error_type: null, environment: 'test' });
  expect(said.tables).toContainEqual({ name: 'public.json_invoices', record_count: 3 });
  expect(said.statistics.total_records).toBe(said.tables.reduce((sum, { record_count: rows }) => sum + rows, 0));
  const invoices = said.reports.find(({ table }) => table === 'public.json_invoices');
  expect(invoices).toMatchObject({ entity: 'invoices', rows: 3, lines: 3, rejects_open: 0, trouble: null });
  expect(invoices?.last_load?.counts).toMatchObject({ unchanged: 3, inserted: 0 });
  expect(said.markdown).toContain('public.json_invoices');
});

test('freshness says which tables are fresh; where some are not, that is an error which names the first and what to do', async () => {
  const fresh = await freshness({ ...here(), databaseUrl: database.url });
  expect(fresh).toMatchObject({ success: true, error: null });
  expect(fresh.freshness.map(({ table, status }) => [table, status])).toContainEqual(['public.json_contacts', 'fresh']);
  expect(fresh.tables).toContainEqual({ name: 'public.json_invoices', record_count: 3 });
  await withConnection(database.url, (client) => client.query(`update freshet.batch set committed_at = committed_at - interval '3 days'`));
  const stale = await freshness({ ...here(), databaseUrl: database.url });
  expect(stale).toMatchObject({ success: false, error_type: 'findings', error_code: null });
  expect(stale.error).toMatch(/^public\.json_\w+ is stale: .+; \d+ more tables not fresh$/);
  expect(stale.remedy).toContain('freshet load');
});

test('report and freshness of a database that does not answer are results, too', async () => {
  const options = { ...here(), databaseUrl: 'postgres://nobody:x@127.0.0.1:1/none' };
  for (const answer of [await report(options), await freshness(options)]) {
    expect(answer).toMatchObject({ success: false, error_type: 'database_error', tables: [] });
  }
});
