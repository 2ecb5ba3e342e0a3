import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openDatabase, type Database } from '../../src/database/database';
import { startSandbox, type Sandbox } from '../../src/sandbox';
import { testDatabase } from '../support/database';
import { until } from '../temporal/bench';

const database = testDatabase();
const children: TokenUsers[] = [];
let sandbox: Sandbox;
let db: Database;

interface TokenUsers {
  readonly child: ChildProcess;
  /** All its clients list at once; what went wrong, and the ids of the log lines until then. */
  list(): Promise<{ errors: string[]; lines: string[] }>;
  kill(): Promise<void>;
}

async function tokenUsers(clients: number, databaseUrl = database.url): Promise<TokenUsers> {
  const { baseUrl, accountsUrl, credentials } = sandbox;
  const connection = {
    baseUrl,
    accountsUrl,
    organizationId: credentials.organizationId,
    credentials: { client_id: credentials.clientId, client_secret: credentials.clientSecret, refresh_token: credentials.refreshToken },
    limits: {},
    timeouts: { connect: 5_000, answer: 20_000, body: 20_000 },
  };
  const child = spawn(process.execPath, [join(__dirname, 'fixtures', 'token-users.cjs')], {
    env: { PATH: process.env['PATH'], TOKEN_USERS: JSON.stringify({ databaseUrl, clients, connection }) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const said = async (): Promise<string> => String(((await once(lines, 'line', { signal: AbortSignal.timeout(40_000) })) as unknown[])[0]);
  const users: TokenUsers = {
    child,
    list: async () => {
      const answer = said();
      child.stdin.write('list\n');
      return JSON.parse(await answer) as { errors: string[]; lines: string[] };
    },
    kill: async () => {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
    },
  };
  children.push(users);
  expect(await said()).toBe('ready');
  return users;
}

const refreshes = (): number => sandbox.control.requestLog().filter(({ kind }) => kind === 'token').length;

async function allList(...users: TokenUsers[]): Promise<string[]> {
  return (await Promise.all(users.map((user) => user.list()))).flatMap(({ errors }) => errors);
}

beforeEach(async () => {
  db = openDatabase({ url: database.url, poolSize: 2 });
  sandbox = await startSandbox({ seed: 3, counts: { contacts: 1, items: 3, invoices: 1 }, callsPerMinute: 100_000, concurrent: 100 });
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((users) => users.kill()));
  await sandbox.close();
  await db.query('delete from freshet.oauth_token');
  await db.close();
});

it('eight clients in two processes fetch one token, one more when it expires, and a process that starts later none', async () => {
  const [one, two] = await Promise.all([tokenUsers(4), tokenUsers(4)]);
  sandbox.control.addFault({ match: { kind: 'token' }, fault: 'delay', delayMs: 200 });
  expect(await allList(one, two)).toEqual([]);
  expect(refreshes()).toBe(1);

  sandbox.control.expireTokens();
  expect(await allList(one, two)).toEqual([]);
  expect(refreshes()).toBe(2);
  expect(sandbox.control.requestLog().filter(({ status }) => status === 401).length).toBe(8);

  await one.kill();
  const three = await tokenUsers(1);
  expect(await three.list()).toEqual({ errors: [], lines: ['SR-005', 'HT-001'] });
  expect(refreshes()).toBe(2);
});

it('a process that is killed while it fetches the token leaves no lock behind', async () => {
  const [dying, next] = await Promise.all([tokenUsers(2), tokenUsers(2)]);
  sandbox.control.addFault({ match: { kind: 'token' }, fault: 'hang', times: 1 });
  const cut = dying.list().catch(() => null);
  await until(() => refreshes() === 1);
  const waiting = next.list();
  await until(async () => (await db.query(`select from pg_locks where locktype = 'advisory' and not granted`)).length > 0);
  await dying.kill();
  expect((await waiting).errors).toEqual([]);
  expect(refreshes()).toBe(2);
  void cut;
});

it('without PostgreSQL nothing is fetched that could not be shared, and the error says what to do', async () => {
  const alone = await tokenUsers(1, 'postgres://nobody:none-canary@127.0.0.1:1/none');
  const { errors } = await alone.list();
  expect(errors).toEqual([expect.stringContaining('database-unreachable: PostgreSQL does not answer at 127.0.0.1:1')]);
  expect(errors.join()).not.toContain('none-canary');
  expect(refreshes()).toBe(0);
});
