import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withVariables } from '../errors/remedies/remedy';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { documentOf, freshet } from './in-process';

/** Four contacts of which a rule lets none in: looked at, mended in a CSV, loaded again. Each test goes on where the one before stopped. */
const database = testDatabase();
const here = process.cwd();
let at: Installation;
let restore: () => void;
let pipeline: string;

const RULES = 'validation: [{ field: contact_name, rule: enum, values: [Nobody, Nora] }, { field: email, rule: length, max: 60 }]';

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 4, items: 1, invoices: 1 } } });
  cpSync(resolve(__dirname, '../../config'), join(at.folder, 'config'), { recursive: true });
  pipeline = join(at.folder, 'config/pipelines/zoho-books.yaml');
  rules(RULES);
  restore = withVariables(at.loaded.variables);
  process.chdir(at.folder);
  expect((await freshet('run', 'zoho-books', '--local', '--entity', 'contacts', '--json')).code).toBe(0);
});
afterAll(async () => {
  process.chdir(here);
  restore();
  await at.close();
});

/** What the pipeline file asks of contacts from now on. */
function rules(of: string): void {
  const file = readFileSync(resolve(__dirname, '../../config/pipelines/zoho-books.yaml'), 'utf8');
  writeFileSync(pipeline, file.replace('contacts: { priority: high }', `contacts: { priority: high, ${of} }`));
}

type Document = ReturnType<typeof documentOf>;
const asked = async (...words: string[]): Promise<Document> => documentOf(await freshet('rejects', ...words, '--json'));
const open = async (): Promise<string[]> => (await asked('list')).data.rejects.map(({ id }: { id: string }) => id).reverse();
const rows = (): Promise<Record<string, unknown>[]> => at.db.query(`select id, contact_name from zoho_books.json_contacts order by id`);

/** The export, with the column fix of some lines filled in as a spreadsheet would. */
async function filledIn(fixes: readonly (readonly [id: string, fix: string])[], separator = ','): Promise<string> {
  const file = join(at.folder, 'fixes.csv');
  const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
  const lines = fixes.map(([id, fix]) => [id, 'a text\nof two lines', quoted(fix)].map((cell, n) => (n === 1 ? quoted(cell) : cell)));
  writeFileSync(file, [['reject_id', 'reasons', 'fix'], ...lines].map((cells) => cells.join(separator)).join('\r\n'));
  return file;
}

it('lists what is refused, newest first, and tells how to see more', async () => {
  const { code, stdout } = await freshet('rejects', 'list', '--limit', '3');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ *id +pipeline +entity +record +refused \(UTC\) +stage +why/);
  expect(stdout).toContain('1 more before these; --limit shows more.');
  expect(stdout).toContain('./freshet rejects show');
  expect((await asked('list', '--entity', 'contacts')).data.total).toBe(4);
  expect((await asked('list', '--entity', 'items')).error.code).toBe('choice-unknown');
  expect((await freshet('rejects', 'list', '--run', 'SYNC')).code).toBe(2);
});

it('shows one with every reason and the record as it was landed', async () => {
  const [id = ''] = await open();
  const { data } = await asked('show', id);
  expect(data.reject.reasons).toMatchObject([{ rule: 'enum', field: 'contact_name', expected: 'one of Nobody, Nora' }]);
  expect(JSON.parse(data.record)).toMatchObject({ contact_id: data.reject.record_id });
  const { stdout } = await freshet('rejects', 'show', id);
  expect(stdout).toMatch(/state +open\n/);
  expect(stdout).toMatch(/Refused because:\n +contact_name is ".*", not one of Nobody, Nora \(enum of contact_name\)/);
  expect(stdout).toContain(`"contact_id": "${data.reject.record_id}"`);
  expect((await asked('show', '999')).error.code).toBe('reject-unknown');
  expect((await asked('show', 'x')).error.code).toBe('reject-unknown');
});

it('exports them as CSV with an empty column for what is to be mended', async () => {
  const { stdout } = await freshet('rejects', 'export');
  const [head, first] = stdout.split('\n');
  expect(head).toBe('\uFEFFreject_id,pipeline,entity,record_id,reasons,record,fix');
  expect(first).toMatch(/^\d+,zoho-books,contacts,\d+,"contact_name is .*","\{""contact_id"".*\}",$/);
});

it('tells every mistake of an import at once, with its line, and loads nothing', async () => {
  const [a = '', b = '', c = ''] = await open();
  const fixes = [
    [a, '{"contact_name":"Nobody"}'],
    [a, '{"contact_name":"Nora"}'],
    [b, '{"contact_name":"Somebody","contact_id":null}'],
    [c, 'Nora'],
    ['77', '{}'],
    ['x', '{}'],
    ['', ''],
  ] as const;
  const { error, exit_code: code } = await asked('import', await filledIn(fixes));
  expect(code).toBe(2);
  expect(error.code).toBe('rejects-import');
  expect(error.message.split('\n').slice(1)).toEqual([
    `line 4: reject ${a} has a fix in line 2 already`,
    `line 6: reject ${b}: contact_id, its key, is not there`,
    `line 6: reject ${b}: contact_name is "Somebody", not one of Nobody, Nora`,
    `line 8: reject ${c}: fix is no JSON`,
    'line 10: there is no reject 77',
    'line 12: there is no reject x',
  ]);
  writeFileSync(join(at.folder, 'other.csv'), 'id,fix\n1,{}');
  expect((await asked('import', 'other.csv')).error.message).toContain('line 1: the columns reject_id and fix are not both there');
  expect((await asked('import', 'nowhere.csv')).error.code).toBe('rejects-import');
  expect(await rows()).toEqual([]);
  expect(await open()).toHaveLength(4);
});

it('says what an import would load, then loads it in a run of its own: the record is in, and its reject closed', async () => {
  const [a = '', b = ''] = await open();
  const id = (await asked('show', a)).data.reject.record_id;
  const whole = `{"$record":{"contact_id":"9","contact_name":"Nora","outstanding":12345678901234567890.10}}`;
  const file = await filledIn(
    [
      [a, '{"contact_name":"Nobody","email":null}'],
      [b, whole],
    ],
    ';',
  );
  expect((await asked('import', file, '--dry-run')).data).toMatchObject({ dry_run: true, replayed: [{ id: a, mended: true }, { id: b }] });
  expect(await rows()).toEqual([]);
  const { data, exit_code: code } = await asked('import', file, '--local');
  expect(code).toBe(0);
  expect(data).toMatchObject({ kind: 'replay', state: 'completed' });
  expect(await rows()).toEqual([
    { id, contact_name: 'Nobody' },
    { id: '9', contact_name: 'Nora' },
  ]);
  expect(await at.db.query(`select outstanding::text from zoho_books.json_contacts where id = '9'`)).toEqual([
    { outstanding: '12345678901234567890.1' },
  ]);
  const { data: shown } = await asked('show', a);
  expect(shown.reject).toMatchObject({ closed_by_run: data.id, closed_because: 'good' });
  expect(shown.replays).toMatchObject([{ run_id: data.id, mended: true, actor: expect.stringMatching(/./) as string }]);
  expect((await asked('import', file)).error.message).toContain(`reject ${a} is closed already, by run ${data.id}`);
});

it('replays what is refused as it is: again in vain under the same rules, and for good under others', async () => {
  const before = await open();
  const [one = ''] = before;
  expect((await asked('replay')).error.code).toBe('rejects-not-chosen');
  expect((await asked('replay', '1000')).error.message).toContain('there is no reject 1000');
  const vain = await asked('replay', one, '--local');
  expect(vain.data).toMatchObject({ kind: 'replay', state: 'completed' });
  const again = await open();
  expect(again).toHaveLength(2);
  expect(again).not.toContain(one);
  expect((await asked('show', one)).data.reject.closed_because).toBe('again');

  rules('reject_budget: none');
  expect((await asked('replay', '--entity', 'contacts', '--dry-run')).data.replayed).toHaveLength(2);
  expect((await asked('replay', '--all', '--local')).exit_code).toBe(0);
  expect(await open()).toEqual([]);
  expect(await rows()).toHaveLength(4);
  const { stdout } = await freshet('rejects', 'replay', '--all', '--local');
  expect(stdout).toBe('Nothing to load: no open reject is meant.\n');
  expect((await freshet('rejects', 'list')).stdout).toBe('No open reject matches.\n');
});

it('mends records of files that no source sent, too: one without a key, and one that was no JSON object', async () => {
  const folder = join(at.folder, 'files');
  mkdirSync(folder);
  writeFileSync(join(folder, 'gadgets.json'), '[{"gadget_id":"G1","weight":1.50},{"weight":2.50},"G3"]');
  expect((await freshet('load', '--dir', folder, '--key', 'gadgets=gadget_id', '--local', '--json')).code).toBe(0);
  const refused = await open();
  expect(refused).toHaveLength(2);
  const file = await filledIn([
    [refused[0] ?? '', '{"gadget_id":"G2"}'],
    [refused[1] ?? '', '{"gadget_id":"G3"}'],
  ]);
  const { data, exit_code: code } = await asked('import', file, '--local');
  expect({ code, state: data.state, pipeline: data.pipeline }).toEqual({ code: 0, state: 'completed', pipeline: 'json2db' });
  expect(await at.db.query(`select id, weight::text from public.json_gadgets order by id`)).toEqual([
    { id: 'G1', weight: '1.5' },
    { id: 'G2', weight: '2.5' },
    { id: 'G3', weight: null },
  ]);
  expect(await open()).toEqual([]);
});

it('judges records of files by config/pipelines/json2db.yaml, where it is there', async () => {
  const yaml = 'name: json2db\nsource: json-files\nentities:\n  gadgets:\n    validation: [{ field: weight, rule: range, max: 100 }]\n';
  writeFileSync(join(at.folder, 'config/pipelines/json2db.yaml'), yaml);
  expect((await freshet('config', 'validate')).code).toBe(0);
  writeFileSync(join(at.folder, 'files/gadgets.json'), '[{"gadget_id":"G4","weight":100},{"gadget_id":"G5","weight":100.01}]');
  expect((await freshet('load', '--dir', join(at.folder, 'files'), '--local', '--json')).code).toBe(0);
  const { data } = await asked('list', '--pipeline', 'json2db');
  expect(data.rejects).toMatchObject([{ record_id: 'G5', reasons: [{ rule: 'range', field: 'weight' }] }]);
  const file = await filledIn([[data.rejects[0].id, '{"weight":1000}']]);
  expect((await asked('import', file)).error.message).toContain('weight is 1000, not a number of at most 100');
});

it('lists rows that are stored although their foreign key leads nowhere', async () => {
  rules('validation: [{ field: contact_name, rule: foreign_key, entity: items }]');
  at.sandbox.control.edit('contacts', 0, { contact_name: 'Nobody sells this' });
  expect((await freshet('run', 'zoho-books', '--local', '--full', '--entity', 'contacts', '--json')).code).toBe(0);
  expect((await asked('list')).data.warnings).toMatchObject([
    { entity: 'contacts', field: 'contact_name', parent_entity: 'items', rows: 5 },
  ]);
  const { stdout } = await freshet('rejects', 'list', '--entity', 'contacts');
  expect(stdout).toContain('  contacts.contact_name: 5 rows without a row in items, such as ');
});

it('leaves ledgers, files and tables that verify --deep finds true', async () => {
  const { data, exit_code: code, error } = documentOf(await freshet('verify', '--deep', '--json'));
  expect(error ?? data.violations).toEqual([]);
  expect(code).toBe(0);
});
