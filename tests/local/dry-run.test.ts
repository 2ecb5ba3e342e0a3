import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { startSandbox, type Sandbox } from '../../src/sandbox';
import { startLegacy4dSandbox, type Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { startSquareSandbox, type SquareSandbox } from '../../src/sandbox/square';
import { envelopeOf, projectFolder, type ProjectFolder } from '../cli/freshet-process';
import { testDatabase } from '../support/database';
import { zohoVariables } from '../support/zoho-variables';

/** `freshet run --dry-run`: what it says is what the next run does, and nothing remains of it. */
const database = testDatabase();
let zoho: Sandbox;
let square: SquareSandbox;
let pyerp: Legacy4dSandbox;
let project: ProjectFolder;
let db: Database;

const CLOCK = '2026-11-20T08:00:00Z';

beforeAll(async () => {
  const counts = { contacts: 14, items: 6, invoices: 24 };
  zoho = await startSandbox({ seed: 9, freeze: true, counts, callsPerMinute: 1_000_000, tokensPerTenMinutes: 1_000 });
  square = await startSquareSandbox({ seed: 9, freeze: true, counts: { locations: 12, items: 6, categories: 3, orders: 40 } });
  pyerp = await startLegacy4dSandbox({
    seed: 9,
    freeze: true,
    counts: { Artikel_Kategorie: 4, Artikel_Familie: 8, Artikel_Variante: 20, Auftrag: 1 },
  });
  for (const { control } of [zoho, square, pyerp]) control.setClock(CLOCK);
  const { user, password } = pyerp.credentials;
  project = projectFolder({
    DATABASE_URL: database.url,
    FRESHET_SOURCE_ENVIRONMENT: 'test',
    ...zohoVariables(zoho),
    SQUARE_TEST_BASE_URL: square.baseUrl,
    SQUARE_TEST_ACCESS_TOKEN: square.accessToken,
    SQUARE_TEST_CALLS_PER_MINUTE: '1000000',
    PYERP_TEST_BASE_URL: pyerp.baseUrl,
    PYERP_TEST_USERNAME: user,
    PYERP_TEST_PASSWORD: password,
    PYERP_TEST_CALLS_PER_MINUTE: '1000000',
  });
  db = openDatabase({ url: database.url, poolSize: 2 });
});
afterAll(async () => {
  await db.close();
  await Promise.all([zoho.close(), square.close(), pyerp.close()]);
  project.remove();
});

/** Every row of every table, and every byte of every file, as digests. */
async function everything(): Promise<unknown> {
  const tables = await db.query<{ place: string }>(
    `select format('%I.%I', schemaname, tablename) as place from pg_catalog.pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const digests: [string, unknown][] = [];
  for (const { place } of tables) {
    const [row] = await db.query(
      `select count(*) as n, md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as md5 from ${place} t`,
    );
    digests.push([place, row]);
  }
  return { tables: Object.fromEntries(digests), files: filesBelow(project.path) };
}

function filesBelow(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const files = names.filter((name) => /^(reports|\.freshet\/landing)/.test(name)).sort();
  return files.map((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? `${name}/` : `${name} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
  });
}

let variables: Readonly<Record<string, string>> = {};

async function said(...words: string[]): Promise<ReturnType<typeof envelopeOf>> {
  return envelopeOf(await project.freshet([...words, '--json'], variables));
}

interface Dry {
  readonly pipeline: string;
  readonly entity: string;
  readonly decision: string;
  readonly read: string | null;
  readonly from: string | null;
  readonly calls: number;
  readonly listed: number;
  readonly known: number;
  readonly details: { readonly new: number; readonly changed: number } | null;
  readonly counts: Readonly<Record<string, number>> | null;
  readonly deletes: { readonly rows: number; readonly asked: number; readonly held: boolean } | null;
}

/** A dry run that leaves no trace. */
async function dry(...words: string[]): Promise<{ answer: ReturnType<typeof envelopeOf>; entities: readonly Dry[] }> {
  const before = await everything();
  const answer = await said('run', ...words, '--dry-run');
  expect(await everything()).toEqual(before);
  const { pipelines } = answer.data as { readonly pipelines: readonly { readonly pipeline: string; readonly entities: readonly Dry[] }[] };
  return { answer, entities: pipelines.flatMap(({ pipeline, entities }) => entities.map((entity) => ({ ...entity, pipeline }))) };
}

/** What a dry run said, beside what the run after it did. */
async function agrees(...words: string[]): Promise<readonly Dry[]> {
  const { answer, entities } = await dry(...words);
  expect(answer.exit_code).toBe(0);
  const ran = await said('run', ...words, '--local');
  expect(ran.exit_code).toBe(0);
  const runs: readonly { readonly pipeline: string; readonly entities: readonly Record<string, unknown>[] }[] = ran.data.runs ?? [ran.data];
  const did = new Map(
    runs.flatMap(({ pipeline, entities: all }) => all.map((entity) => [`${pipeline} ${String(entity['entity'])}`, entity])),
  );
  for (const one of entities) {
    const { ledger, read_kind, read_from } = did.get(`${one.pipeline} ${one.entity}`) as {
      ledger: Record<string, number>;
      read_kind: string;
      read_from: string | null;
    };
    const { counts, details } = one;
    expect([one.entity, one.read, one.from, one.listed, one.known]).toEqual([
      one.entity,
      read_kind,
      read_from,
      ledger['listed'],
      ledger['known'],
    ]);
    if (details !== null)
      expect([one.entity, details.new + details.changed]).toEqual([one.entity, ledger['fetched']! + ledger['vanished']!]);
    else
      for (const name of ['inserted', 'updated', 'unchanged', 'stale', 'rejected'])
        expect([one.entity, name, counts?.[name]]).toEqual([one.entity, name, ledger[name]]);
    expect([one.entity, one.deletes?.rows ?? 0]).toEqual([one.entity, ledger['deleted']]);
  }
  return entities;
}

it('works on a database where freshet never was, and leaves it so', async () => {
  const ours = `select nspname as name from pg_catalog.pg_namespace where nspname like 'freshet%'`;
  for (const { name } of await db.query<{ name: string }>(ours)) await db.query(`drop schema ${name} cascade`);
  const { answer, entities } = await dry('--all');
  expect(answer).toMatchObject({ ok: true, exit_code: 0, data: { dry_run: true, left_out: [] } });
  expect(await db.query(ours)).toEqual([]);
  const told = entities.map(({ entity, decision, read, listed, details, counts }) => [
    entity,
    decision,
    read,
    listed,
    details?.new ?? counts?.['inserted'],
  ]);
  expect(told).toContainEqual(['variants', 'read', 'complete', 20, 20]);
  expect(told).toContainEqual(['orders', 'read', 'complete', 40, 40]);
  expect(told).toContainEqual(['contacts', 'read', 'complete', 14, 14]);
  expect(told).toContainEqual(['invoices', 'read', 'complete', 24, 24]);
  expect(answer.data.calls).toBe(entities.reduce((sum, { calls }) => sum + calls, 0));
});

it('says what the first run does', async () => {
  await agrees('--all');
}, 300_000);

it('says what a run does after changes, new records and deletions at each source', async () => {
  for (const { control } of [zoho, square, pyerp]) control.advanceClock(3_600_000);
  zoho.control.edit('invoices', 3, { reference_number: 'x' });
  zoho.control.create('invoices', {});
  zoho.control.edit('contacts', 2, { company_name: 'Changed' });
  zoho.control.create('contacts', {});
  zoho.control.remove('contacts', 5);
  square.control.edit('orders', 4, { reference_id: 'x' });
  square.control.remove('categories', 1);
  pyerp.control.edit('Artikel_Variante', 4, { Bestand: 17 });
  pyerp.control.create('Artikel_Variante', {});
  pyerp.control.remove('Artikel_Variante', 9);
  const entities = await agrees('--all');
  const named = (name: string): Dry | undefined => entities.find(({ entity }) => entity === name);
  expect(named('contacts')).toMatchObject({ counts: { inserted: 1, updated: 1 }, deletes: { rows: 1, asked: 1, held: false } });
  expect(named('invoices')).toMatchObject({ read: 'incremental', details: { new: 1, changed: 1 } });
  expect(named('variants')).toMatchObject({ read: 'incremental', counts: { inserted: 1, updated: 1 }, deletes: { rows: 1 } });
}, 300_000);

it('narrowed as a run would be, and with nothing new', async () => {
  await agrees('zoho-books', '--limit', '3');
  const limited = await dry('square', '--limit', '2', '--entity', 'orders,locations');
  expect(limited.entities.map(({ entity, read, listed }) => [entity, read, listed])).toEqual([
    ['locations', 'partial', 2],
    ['orders', 'partial', 2],
  ]);
}, 300_000);

it('says what would be refused, held, doubted, or fail, and what the tables would need', async () => {
  const file = join(project.path, 'config', 'pipelines', 'zoho-books.yaml');
  const text = readFileSync(file, 'utf8');
  zoho.control.edit('contacts', 1, { a_new_field: 'x', company_name: 'x'.repeat(91) });
  writeFileSync(
    file,
    text.replace('contacts: { priority: high }', 'contacts: { validation: [{ field: company_name, rule: length, max: 90 }] }'),
  );
  const refused = await dry('zoho-books', '--entity', 'contacts');
  expect(refused.entities[0]).toMatchObject({ counts: { rejected: 1 }, table_changes: ['adds json_contacts.a_new_field text'] });
  writeFileSync(file, text);
  zoho.control.addFault('list:items=unauthorized57,times=100');
  const failing = await dry('zoho-books');
  expect(failing.answer.exit_code).toBe(3);
  expect(failing.entities.map(({ entity, decision }) => [entity, decision])).toEqual([
    ['contacts', 'read'],
    ['items', 'failed'],
    ['invoices', 'skipped'],
  ]);
  zoho.control.clearFaults();
  zoho.control.addFault('list:contacts=emptyObject,times=100');
  expect((await dry('zoho-books', '--entity', 'contacts')).answer.exit_code).toBe(1);
  zoho.control.clearFaults();
}, 300_000);

it('says what would be held, skipped as fresh, or continued', async () => {
  zoho.control.advanceClock(3_600_000);
  zoho.control.remove('contacts', 1);
  variables = { FRESHET_LOAD_DELETES_MAX_COUNT: '0', FRESHET_LOAD_DELETES_MAX_PERCENT: '0' };
  const held = await dry('zoho-books', '--entity', 'contacts');
  expect(held.answer.exit_code).toBe(4);
  expect(held.entities[0]).toMatchObject({ deletes: { rows: 1, asked: 0, held: true } });
  variables = {};
  const file = join(project.path, 'config', 'pipelines', 'zoho-books.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, `${text}\nfresh_for: 1h\n`);
  const fresh = await dry('zoho-books', '--entity', 'contacts,items');
  expect(fresh.entities.map(({ decision, calls }) => [decision, calls])).toEqual([
    ['fresh', 0],
    ['fresh', 0],
  ]);
  writeFileSync(file, text);
  for (let n = 0; n < 4; n++) zoho.control.edit('invoices', n, { reference_number: `again ${n}` });
  zoho.control.addFault('detail:invoices=unauthorized57,times=100');
  expect((await said('run', 'zoho-books', '--entity', 'invoices', '--local')).exit_code).toBe(1);
  zoho.control.clearFaults();
  const open = await dry('zoho-books', '--entity', 'invoices');
  const words = expect.stringMatching(/^goes on with the read that \S+-SYNC-\S+ left open: \d details to fetch$/) as string;
  expect(open.entities[0]).toMatchObject({ decision: 'continue', reason: words, calls: 0 });
}, 300_000);

it('people get a table of decisions, and how often the sources were asked', async () => {
  const { stdout, stderr, code } = await project.freshet(['run', 'zoho-books', '--dry-run']);
  expect(code).toBe(0);
  expect(stdout).toContain('zoho-books: dry run, nothing was written');
  expect(stdout).toMatch(/contacts +be read +\d+ /);
  expect(stdout).toMatch(/The sources were asked \d+ times\.$/m);
  expect(stderr).toContain('zoho-books: reading, and writing nothing');
});

it('PostgreSQL itself refuses what a dry run would write', async () => {
  const readOnly = openDatabase({ url: database.url, poolSize: 1, readOnly: true });
  await expect(readOnly.query(`update freshet.watermark set text = text`)).rejects.toThrow(/read-only/);
  await readOnly.close();
});
