import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { startSandbox, type Sandbox } from '../../src/sandbox';
import { startSquareSandbox, type SquareSandbox } from '../../src/sandbox/square';
import { envelopeOf, projectFolder, type ProjectFolder } from '../cli/freshet-process';
import { testDatabase } from '../support/database';
import { zohoVariables } from '../support/zoho-variables';

/** What `freshet run` can be asked for, by the program itself, without Temporal. */
const database = testDatabase();
let zoho: Sandbox;
let square: SquareSandbox;
let project: ProjectFolder;
let db: Database;

const write = (name: string, text: string): void => writeFileSync(join(project.path, 'config', 'pipelines', `${name}.yaml`), text);

beforeAll(async () => {
  zoho = await startSandbox({
    seed: 8,
    counts: { contacts: 6, items: 4, invoices: 9 },
    callsPerMinute: 1_000_000,
    tokensPerTenMinutes: 1_000,
  });
  square = await startSquareSandbox({ seed: 8, counts: { locations: 2, items: 3, categories: 2, orders: 6 } });
  project = projectFolder({
    DATABASE_URL: database.url,
    FRESHET_SOURCE_ENVIRONMENT: 'test',
    ...zohoVariables(zoho),
    SQUARE_TEST_BASE_URL: square.baseUrl,
    SQUARE_TEST_ACCESS_TOKEN: square.accessToken,
  });
  write('square', 'name: square\nsource: square\nafter: [zoho-books]\nentities:\n  locations: {}\n  categories: {}\n');
  write(
    'zoho-books',
    'name: zoho-books\nsource: zoho-books\nentities:\n  contacts: { fresh_for: 1h }\n  items: { fresh_for: 1h }\n  invoices: { depends_on: [contacts, items] }\n',
  );
  write('files', 'name: files\nsource: json-files\nentities:\n  things: {}\n');
  db = openDatabase({ url: database.url, poolSize: 2 });
});
afterAll(async () => {
  await db.close();
  await Promise.all([zoho.close(), square.close()]);
  project.remove();
});

type Row = Readonly<Record<string, unknown>>;

async function said(...words: string[]): Promise<ReturnType<typeof envelopeOf>> {
  return envelopeOf(await project.freshet([...words, '--json']));
}

const states = ({ data }: { readonly data: { readonly entities: readonly Row[] } }): unknown[] =>
  data.entities.map(({ entity, state }) => `${String(entity)} ${String(state)}`);

it.each([
  ['nothing', [], 'wrong-use', 'run names no pipeline'],
  ['names beside --all', ['square', '--all'], 'wrong-use', '--all means every pipeline, so it cannot stand beside square'],
  ['--full with a cut-off', ['square', '--full', '--cutoff-days', '3'], 'wrong-use', 'cannot be used with option'],
  ['a limit that is no number', ['square', '--limit', '0'], 'record-limit', '--limit 0 is no number of records'],
  ['a cut-off that is no number', ['square', '--cutoff-days', '40000'], 'cutoff-days', '--cutoff-days 40000 is no number of days'],
  ['a pipeline where the number of days belongs', ['--cutoff-days', 'square'], 'cutoff-days', '--cutoff-days square is no number of days'],
] as const)('%s is wrong use', async (_what, words, code, message) => {
  const { ok, exit_code, error } = await said('run', ...words, '--local');
  expect({ ok, exit_code, error }).toMatchObject({
    ok: false,
    exit_code: 2,
    error: { code, message: expect.stringContaining(message) as string },
  });
});

it.each([
  ['deletes approved of a comparison that deletes nothing', ['--approve-deletes'], '--approve-deletes without --fix'],
  ['a day that is yet to come', ['--from', '2999-01-01'], '--from 2999-01-01 is yet to come'],
])('%s is wrong use of reconcile', async (_what, words, message) => {
  const { exit_code, error } = await said('reconcile', 'square', ...words, '--local');
  expect({ exit_code, error }).toMatchObject({
    exit_code: 2,
    error: { code: 'wrong-use', message: expect.stringContaining(message) as string },
  });
});

it('--all runs every pipeline that can, those first that others name in after:, and says what it leaves out', async () => {
  const { exit_code, data } = await said('run', '--all', '--local');
  expect({ exit_code, runs: data.runs.map(({ pipeline, state }: Row) => [pipeline, state]) }).toEqual({
    exit_code: 0,
    runs: [
      ['zoho-books', 'completed'],
      ['square', 'completed'],
    ],
  });
  expect(data.left_out).toMatchObject([
    { pipeline: 'files', code: 'pipeline-of-files' },
    { pipeline: 'pyerp-products', code: 'source-not-set-up' },
  ]);
});

it('pipelines that wait for each other are refused before anything starts; one that fails does not stop the others', async () => {
  write('circle', 'name: circle\nsource: square\nafter: [square]\nentities: { orders: {} }\n');
  write('square', 'name: square\nsource: square\nafter: [circle]\nentities: { locations: {}, categories: {} }\n');
  expect(await said('run', '--all', '--local')).toMatchObject({ exit_code: 2, error: { code: 'pipelines-in-a-circle' } });
  // Its table belongs to the pipeline square.
  write('circle', 'name: circle\nsource: square\nentities: { locations: {} }\n');
  const { exit_code, data } = await said('run', 'circle', 'square', '--local');
  expect(exit_code).toBe(2);
  expect(data.runs).toMatchObject([
    { pipeline: 'circle', error: { code: 'table-taken' } },
    { pipeline: 'square', state: 'completed' },
  ]);
  rmSync(join(project.path, 'config', 'pipelines', 'circle.yaml'));
});

it('what is fresh is not read again, what depends on it is, and --force reads it all the same', async () => {
  const again = await said('run', 'zoho-books', '--local');
  expect([again.exit_code, ...states(again)]).toEqual([0, 'contacts skipped', 'items skipped', 'invoices completed']);
  expect(again.data.entities[0].skipped_reason).toMatch(/^fresh until \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  expect(again.data.verdict).toMatch(/^Everything adds up: 1 entity complete, 2 fresh, /);
  const fresh = await said('run', 'zoho-books', '--entity', 'contacts,items', '--local');
  expect([fresh.exit_code, fresh.data.state, fresh.data.verdict]).toEqual([
    0,
    'completed',
    'Everything is fresh: nothing was read of 2 entities.',
  ]);
  const forced = await said('run', 'zoho-books', '--force', '--local');
  expect([forced.exit_code, ...states(forced)]).toEqual([0, 'contacts completed', 'items completed', 'invoices completed']);
});

it('--limit and --cutoff-days are told wherever the run is', async () => {
  const limited = await said('run', 'zoho-books', '--limit', '2', '--data-type', 'contacts', '--local');
  expect(limited.data).toMatchObject({
    command: { limit: 2, entities: ['contacts'] },
    verdict: expect.stringContaining('1 of them a partial read') as string,
    entities: [{ read_kind: 'partial', full_reason: 'at most 2 records', ledger: { listed: 2 } }],
  });
  const { stdout } = await project.freshet(['show', limited.data.id]);
  expect(stdout).toContain('partial read (at most 2 records)');
  const cut = await said('run', 'zoho-books', '--cutoff-days', '--entity', 'invoices', '--local');
  expect(cut.data.entities[0]).toMatchObject({ read_kind: 'partial', full_reason: 'cut-off of 7 days', ledger_holds: true });
});

it('of several pipelines each line of the progress, and the error, names its own', async () => {
  const { stderr } = await project.freshet(['run', 'zoho-books', 'square', '--local'], { SQUARE_TEST_ACCESS_TOKEN: 'EAAA-revoked' });
  const lines = stderr.split('\n');
  expect(lines).toContainEqual(expect.stringMatching(/^zoho-books invoices {5}completed /));
  expect(lines).toContainEqual(expect.stringMatching(/^square {5}locations {4}failed /));
  expect(lines).toContainEqual(expect.stringMatching(/^error run-failed: square: Nothing came through: /));
});

describe('--all --entity', () => {
  const asked = async (...words: string[]) => {
    const { exit_code, data, error } = await said('run', '--all', ...words, '--local');
    const left = (data?.left_out ?? []).map(({ pipeline, code }: Row) => `${String(pipeline)} ${String(code)}`);
    return { exit_code, ran: data?.runs.map((run: Row) => [run['pipeline'], (run['command'] as Row)['entities']]), left, error };
  };

  it('runs in each pipeline those that it has, and is silent about pipelines that have none', async () => {
    expect(await asked('--entity', 'items')).toMatchObject({ exit_code: 0, ran: [['zoho-books', ['items']]], left: [] });
  });

  it('refuses what no pipeline has, and names what there is; a pipeline that a person names must have it', async () => {
    const { exit_code, error } = await asked('--entity', 'items,invoces,tills');
    expect([exit_code, error.code, error.message]).toEqual([2, 'entity-unknown', 'The pipelines have no entities "invoces", "tills"']);
    expect(error.remedy).toBe(
      'For invoces, did you mean invoices? Use one of categories, contacts, invoices, items, locations, parents, things, variants.',
    );
    const named = await said('run', 'zoho-books', 'square', '--entity', 'items', '--local');
    expect(named).toMatchObject({ exit_code: 2, error: { code: 'entity-unknown', message: 'Pipeline square has no entity "items"' } });
  });

  it('says of a pipeline that cannot run, or has it switched off, why it does not', async () => {
    const some = await asked('--entity', 'locations,things,variants');
    expect(some).toMatchObject({
      exit_code: 0,
      ran: [['square', ['locations']]],
      left: ['files pipeline-of-files', 'pyerp-products source-not-set-up'],
    });
    write('square', 'name: square\nsource: square\nentities:\n  locations: { enabled: false }\n  categories: {}\n');
    expect(await asked('--entity', 'locations,items')).toMatchObject({ ran: [['zoho-books', ['items']]], left: ['square entity-off'] });
    expect(await asked('--entity', 'locations,categories')).toMatchObject({ ran: [['square', ['categories']]] });
  });
});

it('config/pipelines without one that can run is said', async () => {
  for (const name of ['pyerp-products', 'square', 'zoho-books']) rmSync(join(project.path, 'config', 'pipelines', `${name}.yaml`));
  const { exit_code, error } = await said('run', '--all', '--local');
  expect({ exit_code, code: error.code, why: error.why }).toEqual({
    exit_code: 2,
    code: 'nothing-to-run',
    why: 'Pipeline files has no source to ask: its records are in files',
  });
});
