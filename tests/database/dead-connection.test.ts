import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { openDatabase, type Database, type DatabaseSettings } from '../../src/database/database';
import { connectionLost, databaseError } from '../../src/database/database-error';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const ctx = testContext();
const opened: Database[] = [];
let direct: Database;
const open = (settings: DatabaseSettings): Database => {
  const db = openDatabase(settings);
  opened.push(db);
  return db;
};
beforeAll(async () => {
  direct = open({ url: database.url, poolSize: 1 });
  await direct.query('create table done (what text)');
});
afterAll(async () => {
  for (const db of opened) await db.close();
  for (const close of closing) close();
});

const closing: (() => void)[] = [];
const done = async (what: string) => (await direct.query(`select from done where what = $1`, [what])).length;

/** The whole process, as by SIGSTOP or in a suspended machine. */
const standStill = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

describe('a process that stood still in a transaction until PostgreSQL ended it', () => {
  const over = (): Database => open({ url: database.url, poolSize: 1, idleInTransactionMs: 200 });

  it.each(['statement', 'COMMIT'])('makes a repeatable one again, also when it wakes up at the %s', async (at) => {
    let calls = 0;
    await over().transaction({ site: 'attempt', ctx, repeatable: true }, async (tx) => {
      await tx.query(`insert into done values ($1)`, [at]);
      if (++calls === 1) standStill(700);
      if (at === 'statement') await tx.query('select 1');
    });
    expect([calls, await done(at)]).toEqual([2, 1]);
  });

  it('hears of a trouble that passes', async () => {
    const woken = over().transaction({ site: 'attempt', ctx }, async (tx) => {
      await tx.query('select 1');
      standStill(700);
      await tx.query('select 2');
    });
    await expect(woken).rejects.toMatchObject({ type: 'database_error', retryable: true });
  });

  it('is treated alike by every limit that the server has for standing still', () => {
    for (const code of ['25P03', '25P04', '57P05']) {
      const error = databaseError(
        Object.assign(new Error('terminating connection due to a timeout'), { code, severity: 'FATAL' }),
        'select 1',
      );
      expect(error).toMatchObject({ retryable: true, facts: { sqlstate: code } });
      expect(connectionLost(error)).toBe(true);
    }
    // Where no connection came about, another one is no better.
    for (const message of ['Connection terminated due to connection timeout', 'timeout exceeded when trying to connect'])
      expect(connectionLost(databaseError(new Error(message), 'select 1'))).toBe(false);
  });
});

/** Passes everything on, until the connections of that moment fall silent: they stay open, and nothing comes through any more. */
async function droppingProxy() {
  const { hostname, port } = new URL(database.url);
  const pairs = new Set<{ requests: boolean; answers: boolean }>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const pair = { requests: true, answers: true };
    pairs.add(pair);
    for (const socket of [client, upstream]) sockets.add(socket.setNoDelay(true).on('error', () => undefined));
    client.on('data', (bytes) => pair.requests && upstream.write(bytes));
    upstream.on('data', (bytes) => pair.answers && client.write(bytes));
    client.on('close', () => pair.requests && upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(database.url);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    silence: ({ requests }: { requests: boolean }) => pairs.forEach((pair) => Object.assign(pair, { requests, answers: false })),
  };
}

describe('a connection that falls silent without being closed', () => {
  const LIMITS = { poolSize: 1, statementTimeoutMs: 200, answerMarginMs: 300 };

  it('costs the statement timeout and a margin, is a trouble that passes, and the next statement has another connection', async () => {
    const proxy = await droppingProxy();
    const db = open({ url: proxy.url, ...LIMITS });
    await db.query('select 1');
    proxy.silence({ requests: false });
    const begun = performance.now();
    await expect(db.query('select 2')).rejects.toMatchObject({ type: 'database_error', retryable: true });
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect(await db.query('select 3 as n')).toEqual([{ n: 3 }]);
  });

  it('in a repeatable transaction lets it be made again', async () => {
    const proxy = await droppingProxy();
    let calls = 0;
    await open({ url: proxy.url, ...LIMITS }).transaction({ site: 'attempt', ctx, repeatable: true }, async (tx) => {
      if (++calls === 1) proxy.silence({ requests: false });
      await tx.query(`insert into done values ('silent')`);
    });
    expect([calls, await done('silent')]).toEqual([2, 1]);
  });

  it.each([
    { lost: 'the COMMIT', requests: false, ends: 'fails', rows: 0 },
    { lost: 'its answer', requests: true, ends: 'passes', rows: 1 },
  ])('at $lost makes freshet look up what became of it: the transaction $ends', async ({ lost, requests, ends, rows }) => {
    const proxy = await droppingProxy();
    const fault = async (site: string): Promise<void> => {
      if (site === 'attempt.before-commit') proxy.silence({ requests });
    };
    const ended = await open({ url: proxy.url, ...LIMITS })
      .transaction({ site: 'attempt', ctx: { ...ctx, fault } }, (tx) => tx.query('insert into done values ($1)', [lost]))
      .then(
        () => 'passes',
        (error: { retryable?: boolean }) => (error.retryable === true ? 'fails' : 'fails for good'),
      );
    expect([ended, await done(lost)]).toEqual([ends, rows]);
  });
});
