import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { FreshetError } from '../../src/domain/errors';
import { providePostgres } from '../../src/stack/postgres';
import { clusterUrl, readSettings, writeSettings } from '../../src/stack/postgres-cluster';
import { answers } from '../../src/stack/postgres-connection';
import { temporalBinary } from '../../src/stack/temporal-binary';
import { provideTemporal } from '../../src/stack/temporal';
import { newHome, withoutServers } from './stack-process';

const say = (): void => undefined;
const signal = new AbortController().signal;

function failure(work: Promise<unknown>): Promise<FreshetError> {
  return work.then(
    () => Promise.reject(new Error('did not fail')),
    (error: unknown) => (error instanceof FreshetError ? error : Promise.reject(error as Error)),
  );
}

describe('PostgreSQL', () => {
  it('of DATABASE_URL is used, and none is started', async () => {
    const home = newHome();
    const url = String(process.env['TEST_POSTGRES_URL']);
    const postgres = await providePostgres({ home, say, databaseUrl: url });
    expect(postgres).toEqual({ url, origin: 'DATABASE_URL', dataFolder: undefined, part: undefined });
    expect(existsSync(join(home.root, 'postgres'))).toBe(false);
  });

  it.each([
    ['nobody listens', 'postgresql://me:s3cret@127.0.0.1:1/books', '127.0.0.1:1/books'],
    ['it is no URL', 'books.sqlite', 'in DATABASE_URL (which is not a URL)'],
  ])('of a wrong DATABASE_URL is one clear error without the password: %s', async (_, databaseUrl, place) => {
    const error = await failure(providePostgres({ home: newHome(), say, databaseUrl }));
    expect(error).toMatchObject({ code: 'database-unreachable', type: 'config_error', where: place });
    expect(error.message).toContain('DATABASE_URL');
    expect(error.why).not.toBe('');
    expect(JSON.stringify([error.message, error.why, error.remedy])).not.toContain('s3cret');
  });

  it('refuses a wrong password: the server answers only who knows it', async () => {
    const url = new URL(String(process.env['TEST_POSTGRES_URL']));
    url.password = 'guessed';
    const error = await failure(providePostgres({ home: newHome(), say, databaseUrl: url.href }));
    expect(error.why).toContain('password authentication failed');
  });

  it('remembers port and password in a file that only we can read', async () => {
    const home = newHome();
    const postgres = await providePostgres({ home, say, profile: 'test' });
    await postgres.part?.stop();
    const file = join(home.root, 'postgres.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readSettings(file)?.password).toMatch(/^[0-9a-f]{48}$/);
    expect(readFileSync(join(home.logs, 'postgres.log'), 'utf8')).not.toContain(String(readSettings(file)?.password));
  });

  it('starts again over a postmaster.pid that names a stranger, and on another port when its own is taken', async () => {
    const home = newHome();
    const first = await providePostgres({ home, say, profile: 'test' });
    await first.part?.stop();
    const settings = readSettings(join(home.root, 'postgres.json'));
    if (settings === undefined) throw new Error('no settings');
    writeFileSync(join(settings.dataFolder, 'postmaster.pid'), `${process.pid}\n${settings.dataFolder}\n`);
    const squatter = createServer().listen(settings.port, '127.0.0.1');
    try {
      const second = await providePostgres({ home, say, profile: 'test' });
      expect(second.url).not.toBe(first.url);
      expect(await answers(second.url)).toBe(true);
      await second.part?.stop();
    } finally {
      squatter.close();
    }
  });

  it('makes its data folder anew when the first attempt was cut short', async () => {
    const home = newHome();
    const dataFolder = join(home.root, 'postgres');
    mkdirSync(join(dataFolder, 'base'), { recursive: true });
    writeSettings(join(home.root, 'postgres.json'), { port: 0, password: 'a', dataFolder });
    const postgres = await providePostgres({ home, say, profile: 'test' });
    expect(await answers(postgres.url)).toBe(true);
    await postgres.part?.stop();
    expect(await answers(clusterUrl({ port: Number(new URL(postgres.url).port), password: 'a', dataFolder }))).toBe(false);
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('as root below a folder that locks its user out goes elsewhere, and says where', async () => {
    const home = newHome(0o700);
    const said: string[] = [];
    const postgres = await providePostgres({ home, say: (line) => said.push(line), profile: 'test' });
    try {
      expect(await answers(postgres.url)).toBe(true);
      expect(said).toEqual([`PostgreSQL's data is in ${String(postgres.dataFolder)}, because user postgres cannot enter ${home.root}`]);
    } finally {
      await postgres.part?.stop();
      rmSync(dirname(String(postgres.dataFolder)), { recursive: true, force: true });
    }
  });
});

describe("Temporal's server", () => {
  it('of TEMPORAL_ADDRESS is used, and none is started', async () => {
    const address = String(process.env['TEST_TEMPORAL_ADDRESS']);
    expect(await provideTemporal({ home: newHome(), say, env: { TEMPORAL_ADDRESS: address } })).toEqual({
      address,
      uiUrl: undefined,
      origin: 'TEMPORAL_ADDRESS',
      part: undefined,
    });
  });

  it('of a wrong TEMPORAL_ADDRESS is one clear error', async () => {
    const error = await failure(provideTemporal({ home: newHome(), say, env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } }));
    expect(error).toMatchObject({ code: 'temporal-unreachable', type: 'config_error', where: '127.0.0.1:1' });
  });

  it('is not looked for elsewhere when TEMPORAL_CLI_PATH is wrong', async () => {
    const env = { ...withoutServers(), TEMPORAL_CLI_PATH: '/no/such/temporal' };
    expect(await failure(temporalBinary({ say, env, signal }))).toMatchObject({
      code: 'temporal-cli-path-wrong',
      message: 'TEMPORAL_CLI_PATH names /no/such/temporal, which does not exist',
    });
  });

  it('is taken from TEMPORAL_CLI_PATH, then from the PATH, then from our cache', async () => {
    const { root } = newHome();
    const program = (...path: string[]): string => {
      const file = join(root, ...path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
      return file;
    };
    const [named, found, cached] = [program('named'), program('bin', 'temporal'), program('cache', 'freshet', 'temporal-1.5.1')];
    const env = { TEMPORAL_CLI_PATH: named, PATH: `/nowhere:${join(root, 'bin')}`, XDG_CACHE_HOME: join(root, 'cache') };
    expect(await temporalBinary({ say, env, signal })).toBe(named);
    expect(await temporalBinary({ say, env: { ...env, TEMPORAL_CLI_PATH: '' }, signal })).toBe(found);
    expect(await temporalBinary({ say, env: { XDG_CACHE_HOME: env.XDG_CACHE_HOME, PATH: '' }, signal })).toBe(cached);
  });

  it('that can neither be found, downloaded nor built is one error that names every way out, and leaves no half program', async () => {
    const { root } = newHome();
    // A proxy where nobody listens: the download fails at once, also on a machine that could reach it.
    const env = { PATH: '', XDG_CACHE_HOME: root, HTTPS_PROXY: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' };
    const error = await failure(temporalBinary({ say, env, signal }));
    expect(error).toMatchObject({
      code: 'no-temporal-server',
      why: expect.stringContaining('Build with Go: go is not on the PATH') as string,
    });
    for (const way of ['PATH', 'TEMPORAL_CLI_PATH', 'TEMPORAL_ADDRESS', 'temporal.download', 'Go']) expect(error.remedy).toContain(way);
    expect(existsSync(join(root, 'freshet', 'temporal-1.5.1'))).toBe(false);
  });

  it('is built by Go when the download is out of reach, and the next start finds it in the cache', async () => {
    const { root } = newHome();
    const go = join(root, 'bin', 'go');
    mkdirSync(dirname(go));
    writeFileSync(
      go,
      '#!/bin/sh\n[ "$1 $3" = "install github.com/temporalio/cli/cmd/temporal@v1.5.1" ] && echo "#!/bin/sh" > "$GOBIN/temporal"\n',
      {
        mode: 0o755,
      },
    );
    const env = { PATH: join(root, 'bin'), XDG_CACHE_HOME: root, HTTPS_PROXY: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' };
    const said: string[] = [];
    const built = await temporalBinary({ say: (line) => said.push(line), env, signal });
    expect(built).toBe(join(root, 'freshet', 'temporal-1.5.1'));
    expect(said.join('\n')).toContain('building');
    expect(await temporalBinary({ say, env: { XDG_CACHE_HOME: root, PATH: '' }, signal })).toBe(built);
  });
});
