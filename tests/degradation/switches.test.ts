import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scheduledClaims } from '../../src/client/schedules/scheduled-claim';
import { loadSettings, type LoadedSettings } from '../../src/config/load-settings';
import { claimRun } from '../../src/database/claim';
import { claimRequest } from '../../src/run/claim-request';
import { runLocal } from '../../src/run/run-local';
import { sourceClients } from '../../src/run/source-clients';
import { Steps } from '../../src/run/steps';
import { sources } from '../../src/sources';
import { documentOf, freshet } from '../cli/in-process';
import { projectFolder, type ProjectFolder } from '../cli/freshet-process';
import { refusal } from '../config/project-folder';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { withVariables } from '../errors/remedies/remedy';

/** One source works, the others nobody set up; then everything that can be switched off is. */
const database = testDatabase();
let at: Installation;
let project: ProjectFolder;
let restore: () => void;
const home = process.cwd();

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 5, items: 4, invoices: 6 } } });
  project = projectFolder();
  restore = withVariables({ ...at.loaded.variables, FRESHET_ENV: 'test' });
  process.chdir(project.path);
});
afterAll(async () => {
  process.chdir(home);
  restore();
  project.remove();
  await at.close();
});

/** The file with a change, until the test ends. */
function changed(file: string, change: (text: string) => string): void {
  const path = join(project.path, file);
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, change(before));
  undo.push(() => writeFileSync(path, before));
}
const undo: (() => void)[] = [];
afterEach(() => undo.splice(0).forEach((back) => back()));

const loaded = (variables: Readonly<Record<string, string>> = {}): LoadedSettings =>
  loadSettings({ cwd: project.path, env: { ...at.loaded.variables, ...variables }, sourceTypes: Object.keys(sources) });

/** A run under the settings of the project as it is now. */
async function ran(
  pipeline: string,
  settings = loaded(),
): Promise<Record<string, { state: string; held_reason: string | null; skipped_reason: string | null }>> {
  const { request } = claimRequest(settings, sources, { pipeline, actor: 'test' });
  const claim = await claimRun(at.db, request, at.ctx);
  if (claim.kind === 'taken') throw new Error('the lane is taken');
  const clients = sourceClients(at.db, settings);
  const steps = new Steps({ db: at.db, landing: at.landing, clients, sources, reportsFolder: settings.settings.reports.path });
  await runLocal(steps, { runId: claim.runId, plan: request.plan }, at.ctx).finally(() => clients.close());
  const rows = await at.db.query<{ entity: string; state: string; held_reason: string | null; skipped_reason: string | null }>(
    `select entity, state, held_reason, skipped_reason from freshet.run_entity where run_id = $1`,
    [claim.runId],
  );
  return Object.fromEntries(rows.map(({ entity, ...row }) => [entity, row]));
}

const sourceNamed = (document: ReturnType<typeof documentOf>, name: string) =>
  document.data.sources.find(({ source }: { source: string }) => source === name);

it('a run of two pipelines, one of whose sources nobody set up, runs the other one, says why, and is partial', async () => {
  const said = await freshet('run', 'zoho-books', 'pyerp-products', '--local', '--json');
  const { data } = documentOf(said);
  expect(said.code).toBe(3);
  expect(data.runs).toMatchObject([{ pipeline: 'zoho-books', state: 'completed' }]);
  expect(data.left_out).toMatchObject([
    { pipeline: 'pyerp-products', code: 'source-setting-missing', reason: expect.stringContaining('PYERP_TEST_BASE_URL') },
  ]);
  expect(said.stderr).toContain('pyerp-products is not run: ');
});

it('named alone it is an error that says what to set', async () => {
  const said = await freshet('run', 'pyerp-products', '--local', '--json');
  expect(said.code).toBe(2);
  expect(documentOf(said).error.code).toBe('source-setting-missing');
});

it('nothing set, something set, all set: who may not ask elsewhere is told what is missing', () => {
  const refused = (pipeline: string, mustBeSetUp: 'begun' | 'whole', variables = {}): string =>
    refusal(() => claimRequest(loaded(variables), sources, { pipeline, actor: 'test', mustBeSetUp })).code;
  expect(refused('square', 'begun')).toBe('source-not-set-up');
  const begun = { SQUARE_TEST_BASE_URL: 'http://127.0.0.1:9' };
  expect(refused('square', 'whole', begun)).toBe('source-not-set-up');
  const wish = { pipeline: 'square', actor: 'test' } as const;
  expect(claimRequest(loaded(begun), sources, { ...wish, mustBeSetUp: 'begun' }).request.plan).toHaveLength(6);
  const whole = { ...begun, SQUARE_TEST_ACCESS_TOKEN: 'EAAA-none' };
  expect(claimRequest(loaded(whole), sources, { ...wish, mustBeSetUp: 'whole' }).request.plan).toHaveLength(6);
});

it('a run whose worker lacks the secrets skips its entities with the reason: nothing was tried, so nothing failed', async () => {
  expect(await ran('square')).toMatchObject({
    locations: { state: 'skipped', skipped_reason: expect.stringContaining('SQUARE_TEST_ACCESS_TOKEN') },
    orders: { state: 'skipped' },
  });
  expect((await ran('zoho-books'))['invoices']).toMatchObject({ state: 'completed' });
});

it('who lacks the secrets brings back what was deleted all the same: no source is asked for that', async () => {
  const { ZOHO_BOOKS_TEST_REFRESH_TOKEN: _, ...without } = at.loaded.variables;
  at.sandbox.control.remove('contacts', 1);
  const { data } = documentOf(await freshet('run', 'zoho-books', '--entity', 'contacts', '--local', '--json'));
  expect(data.entities[0].ledger.deleted).toBe(1);
  const back = withVariables({ ...without, FRESHET_ENV: 'test' });
  const undone = documentOf(await freshet('deletes', 'undo', data.id, '--local', '--json'));
  back();
  expect(undone).toMatchObject({ exit_code: 0, data: { state: 'completed', undone: [{ entity: 'contacts', undone: 1 }] } });
});

it('a scheduled time of a source that is not set up is skipped with the reason, every day anew', async () => {
  await ran('zoho-books');
  const { ZOHO_BOOKS_TEST_REFRESH_TOKEN: _, ...without } = at.loaded.variables;
  const bare = loadSettings({ cwd: project.path, env: without, sourceTypes: Object.keys(sources) });
  const claims = scheduledClaims({ db: at.db, loaded: bare, sources });
  const schedule = { kind: 'daily', time: '02:00', timezone: 'UTC' } as const;
  for (const day of [5, 6]) {
    const nominal = `2999-01-0${day}T02:00:00.000Z`;
    const answer = await claims.claim({ pipeline: 'zoho-books', schedule, nominal, requestKey: `nominal ${day}` }, at.ctx);
    expect(answer).toMatchObject({ kind: 'ended', state: 'skipped' });
    const [row] = await at.db.query<{ reason: string }>(`select reason from freshet.run where request_key = $1`, [`nominal ${day}`]);
    expect(row?.reason).toBe('Source zoho-books (test) is not set up here: ZOHO_BOOKS_TEST_REFRESH_TOKEN is not set');
  }
});

it('what is switched off does not run, by name neither, and says where to switch it on', async () => {
  const file = 'config/pipelines/zoho-books.yaml';
  changed(file, (text) => text.replace('entities:', 'enabled: false\nentities:'));
  const wish = { pipeline: 'zoho-books', actor: 'test' };
  expect(refusal(() => claimRequest(loaded(), sources, wish))).toMatchObject({
    code: 'pipeline-off',
    remedy: expect.stringContaining(file),
  });
  undo.splice(0).forEach((back) => back());
  changed('config/sources.yaml', (text) => text.replace('  type: zoho-books', '  type: zoho-books\n  enabled: false'));
  expect(refusal(() => claimRequest(loaded(), sources, wish))).toMatchObject({ code: 'source-off' });
  undo.splice(0).forEach((back) => back());
  changed('config/sources.yaml', (text) => text.replace('    test:\n', '    test:\n      enabled: false\n'));
  expect(refusal(() => claimRequest(loaded(), sources, wish)).remedy).toContain('zoho-books.environments.test.enabled: false');
  const live = { ...loaded(), settings: { ...loaded().settings, source_environment: 'live' as const } };
  expect(refusal(() => claimRequest(live, sources, wish)).code).toBe('source-setting-missing');
  expect(refusal(() => claimRequest(loaded({ FRESHET_STAGES_EXTRACT: 'off' }), sources, wish)).code).toBe('stage-off');
});

it('an entity that is switched off is not read, and what depends on it runs against what its table holds', async () => {
  changed('config/pipelines/zoho-books.yaml', (text) =>
    text.replace('contacts: { priority: high }', 'contacts: { priority: high, enabled: false }'),
  );
  const entities = await ran('zoho-books');
  expect(Object.keys(entities).sort()).toEqual(['invoices', 'items']);
  expect(entities['invoices']).toMatchObject({ state: 'completed' });
  const named = refusal(() => claimRequest(loaded(), sources, { pipeline: 'zoho-books', entities: ['contacts'], actor: 'test' }));
  expect(named).toMatchObject({ code: 'entity-off', message: 'Entity contacts of zoho-books is switched off' });
});

it('with loading off a run lands what is new and is held; the next one with it on loads it', async () => {
  const made = at.sandbox.control.create('contacts', {});
  const rows = (): Promise<unknown[]> => at.db.query(`select from zoho_books.json_contacts where id = $1`, [made]);
  const off = loaded({ FRESHET_STAGES_LOAD: 'off' });
  expect((await ran('zoho-books', off))['contacts']).toMatchObject({
    state: 'held',
    held_reason: expect.stringMatching(/^load: stages.load is off/),
  });
  at.sandbox.control.advanceClock(3_600_000);
  const later = at.sandbox.control.create('contacts', {});
  await ran('zoho-books', off);
  expect(await rows()).toEqual([]);
  expect((await ran('zoho-books'))['contacts']).toMatchObject({ state: 'completed' });
  expect(await rows()).toHaveLength(1);
  expect(await at.db.query(`select from zoho_books.json_contacts where id = $1`, [later])).toHaveLength(1);
});

it('with verify off only the ledger is checked, with report off no folder is written', async () => {
  await at.db.query(`update freshet.table_owner set live = live + 1 where "table" = 'json_items'`);
  const entities = await ran('zoho-books', loaded({ FRESHET_STAGES_VERIFY: 'off', FRESHET_STAGES_REPORT: 'off' }));
  expect(entities['items']).toMatchObject({ state: 'completed' });
  const [row] = await at.db.query<{ report_path: string | null }>(`select report_path from freshet.run order by created_at desc limit 1`);
  expect(row?.report_path).toBeNull();
  expect((await ran('zoho-books'))['items']).toMatchObject({ state: 'failed' });
});

it('status tells of each source whether it is on, set up and answering, and what went wrong last', async () => {
  const document = documentOf(await freshet('status', '--json'));
  expect(sourceNamed(document, 'zoho-books')).toMatchObject({
    title: 'Zoho Books',
    environment: 'test',
    enabled: true,
    configured: true,
    missing: [],
    reachable: true,
    reach_error: null,
    pipelines: ['zoho-books'],
    last_error: { entity: 'items', code: 'ledger-does-not-add-up', over: false },
  });
  expect(sourceNamed(document, 'square')).toMatchObject({
    configured: false,
    missing: ['SQUARE_TEST_ACCESS_TOKEN'],
    reachable: null,
    reach_error: 'not set up',
    last_error: { entity: 'locations', over: false },
  });
  expect((await freshet('status')).stdout).toMatch(/square +test +yes +no, 1 value missing +– /);
});

it('status is quick and whole where a source or the database is away', async () => {
  const back = withVariables({ ...at.loaded.variables, FRESHET_ENV: 'test', ZOHO_BOOKS_TEST_BASE_URL: 'http://127.0.0.1:9/books' });
  const away = documentOf(await freshet('status', '--json'));
  expect(sourceNamed(away, 'zoho-books')).toMatchObject({ reachable: false, reach_error: expect.stringContaining('127.0.0.1:9') });
  expect(away.data.pipelines).not.toHaveLength(0);
  expect(sourceNamed(documentOf(await freshet('status', '--json', '--no-probe')), 'zoho-books')).toMatchObject({ reachable: null });
  back();
  const said = await freshet('status', '--json', '--database-url', 'postgres://nobody@127.0.0.1:9/none');
  expect(said.code).toBe(1);
  expect(documentOf(said)).toMatchObject({ data: { pipelines: null }, error: { code: 'database-unreachable' } });
  expect(sourceNamed(documentOf(said), 'zoho-books')).toMatchObject({ reachable: true, last_error: null });
});
