import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { startSandbox, type Sandbox } from '../../src/sandbox';
import { testDatabase } from '../support/database';
import { testTemporal } from '../support/temporal';
import { zohoVariables } from '../support/zoho-variables';
import { envelopeOf, projectFolder, type Ended, type ProjectFolder } from './freshet-process';

const database = testDatabase();
let sandbox: Sandbox;
let project: ProjectFolder;
let db: Database;

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: 3,
    counts: { contacts: 3, items: 3, invoices: 4 },
    callsPerMinute: 1_000_000,
    tokensPerTenMinutes: 1_000,
  });
  project = projectFolder({
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: testTemporal().address,
    FRESHET_TEMPORAL_TASK_QUEUE: testTemporal().taskQueue,
    ...zohoVariables(sandbox),
  });
  db = openDatabase({ url: database.url, poolSize: 2 });
});
afterAll(async () => {
  await db.close();
  await sandbox.close();
  project.remove();
});

async function runs(): Promise<number> {
  const [row] = await db.query<{ n: string }>(`select count(*) as n from freshet.run`);
  return Number(row?.n);
}

/** One error, whole: code, what to do, nothing on stdout but the envelope, and no run begun. */
async function refused(
  words: readonly string[],
  variables: Record<string, string>,
  expected: { code: string; exit: number },
): Promise<ReturnType<typeof envelopeOf>> {
  const before = await runs();
  const ended = await project.freshet([...words, '--json'], variables);
  const envelope = envelopeOf(ended);
  expect({ code: envelope.error?.code, exit: ended.code }).toEqual({ code: expected.code, exit: expected.exit });
  expect(envelope).toMatchObject({ ok: false, command: words[0], exit_code: expected.exit });
  expect(Object.keys(envelope.error)).toEqual(['code', 'type', 'message', 'why', 'where', 'remedy', 'next']);
  expect(envelope.error.remedy).toMatch(/\S.*\./);
  expect(await runs()).toBe(before);
  return envelope;
}

describe('before anything begins', () => {
  it('broken YAML is told with file, line and column', async () => {
    const file = join(project.path, 'config', 'pipelines', 'broken.yaml');
    writeFileSync(file, 'name: broken\nsource: zoho-books\nentities:\n  contacts: { priorty: high }\n');
    const { error } = await refused(['run', 'broken'], {}, { code: 'settings-invalid', exit: 2 });
    expect(error.where).toBe('config/pipelines/broken.yaml:4:15');
    expect(error.next).toEqual([
      { kind: 'edit-file', label: 'Correct config/pipelines/broken.yaml', file: 'config/pipelines/broken.yaml', line: 4 },
    ]);
  });

  it('an unknown pipeline and an unknown entity list what there is', async () => {
    expect((await refused(['run', 'zoho'], {}, { code: 'pipeline-unknown', exit: 2 })).error.remedy).toContain('zoho-books');
    const { error } = await refused(['run', 'zoho-books', '--entity', 'invoices,bills'], {}, { code: 'entity-unknown', exit: 2 });
    expect(error.remedy).toContain('contacts, items, invoices');
  });

  it('a source without an address names the variable, and the sandbox as a way out', async () => {
    const { error } = await refused(['run', 'zoho-books'], { ZOHO_BOOKS_TEST_BASE_URL: '' }, { code: 'source-setting-missing', exit: 2 });
    expect(error.message).toContain('ZOHO_BOOKS_TEST_BASE_URL');
    expect(error.next.map((action: { command?: string }) => action.command)).toContain('./freshet up --sandbox');
  });

  it('folders that cannot be written to are named, for landing and for reports', async () => {
    const file = join(project.path, 'a-file');
    writeFileSync(file, '');
    const landing = await refused(
      ['run', 'zoho-books'],
      { FRESHET_LANDING_PATH: join(file, 'landing') },
      { code: 'folder-not-writable', exit: 1 },
    );
    expect(landing.error).toMatchObject({ where: join(file, 'landing'), why: `${file}: is a file, not a folder` });
    await refused(
      ['run', 'zoho-books', '--local'],
      { FRESHET_REPORTS_PATH: join(file, 'reports') },
      { code: 'folder-not-writable', exit: 1 },
    );
  });

  it('an unreachable database and a refused login say so, without the password', async () => {
    const gone = await refused(
      ['run', 'zoho-books', '--local'],
      { DATABASE_URL: 'postgresql://me:geheim99@127.0.0.1:1/x' },
      { code: 'database-unreachable', exit: 1 },
    );
    expect(gone.error).toMatchObject({
      remedy: 'Start the server at that address, or correct the address: database.url, given by variable DATABASE_URL.',
      next: [{ command: './freshet doctor' }],
    });
    const url = new URL(database.url);
    url.pathname = '/no_such_database';
    const login = await project.freshet(['status', '--database-url', url.href]);
    expect(login.code).toBe(2);
    expect(login.stderr).toContain('database-login');
    expect(login.stderr).toContain('Correct user, password or database name in database.url, given by flag --database-url.');
    expect(login.stderr + JSON.stringify(gone)).not.toMatch(/geheim99/);
    expect(login.stderr).not.toContain(url.password);
  });

  it('an unreachable Temporal says how to start one', async () => {
    const { error } = await refused(['run', 'zoho-books'], { TEMPORAL_ADDRESS: '127.0.0.1:1' }, { code: 'temporal-unreachable', exit: 1 });
    expect(error.next).toContainEqual(expect.objectContaining({ command: './freshet up' }));
  });

  it('without a worker nothing is claimed', async () => {
    const { error } = await refused(['run', 'zoho-books'], {}, { code: 'no-worker', exit: 1 });
    expect(error.next).toContainEqual(expect.objectContaining({ command: './freshet worker' }));
  });

  it('without any server at all the way to one is shown', async () => {
    const { error } = await refused(
      ['status'],
      { DATABASE_URL: '', FRESHET_HOME: join(project.path, 'home') },
      { code: 'no-database', exit: 1 },
    );
    expect(error.next).toContainEqual(expect.objectContaining({ command: './freshet up' }));
  });

  it('a command that is no command, a flag that is no flag and a missing name are wrong use', async () => {
    await refused(['frobnicate'], {}, { code: 'wrong-use', exit: 2 });
    await refused(['status', '--bogus'], {}, { code: 'wrong-use', exit: 2 });
    await refused(['verify'], {}, { code: 'verify-needs-deep', exit: 2 });
    await refused(['demo', '--database-url', database.url], {}, { code: 'wrong-use', exit: 2 });
  });
});

describe('for people', () => {
  it('an error stands on stderr alone: code, what, where, what to do, next; without colour when piped', async () => {
    const ended = await project.freshet(['run', 'broken'], { FORCE_COLOR: '1' });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toBe(
      [
        'error settings-invalid: One mistake in the settings:',
        '  config/pipelines/broken.yaml:4:15: entities.contacts.priorty: unknown key; did you mean priority?',
        '  where  config/pipelines/broken.yaml:4:15',
        '  do     Correct each of them at the place named; nothing was started.',
        '  → config/pipelines/broken.yaml:4   Correct config/pipelines/broken.yaml',
        '',
      ].join('\n'),
    );
  });
});

describe('a run that meets trouble outside', () => {
  const local = (variables: Record<string, string>): Promise<Ended> =>
    project.freshet(['run', 'zoho-books', '--local', '--json'], variables);

  it('with wrong credentials fails with the remedy, ends the run and writes the report', async () => {
    const ended = await local({ ZOHO_BOOKS_TEST_CLIENT_SECRET: 'wrong-secret-value' });
    const { error, data } = envelopeOf(ended);
    expect(ended.code).toBe(1);
    expect(error).toMatchObject({ code: 'run-failed', type: 'auth_error' });
    expect(error.remedy).toMatch(/\S.*\./);
    expect(readFileSync(join(data.report_path, '_SYNC_SUMMARY.md'), 'utf8')).toContain('# zoho-books: failed');
    expect(ended.stdout + ended.stderr).not.toContain('wrong-secret-value');
  });

  it('with a URL that answers something else fails as a source that is not what it should be', async () => {
    const server: Server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .end('HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    try {
      const ended = await local({ ZOHO_BOOKS_TEST_BASE_URL: `http://127.0.0.1:${port}/books/v3` });
      expect(ended.code).toBe(1);
      expect(envelopeOf(ended).error).toMatchObject({ code: 'run-failed' });
      expect(envelopeOf(ended).data.state).toBe('failed');
    } finally {
      server.close();
    }
  });
});
