import type { ServerResponse } from 'node:http';
import { openDatabase, type Database } from '../../src/database/database';
import { OAuthTokens } from '../../src/database/oauth-tokens';
import type { SourceClient } from '../../src/sources/source';
import { ZohoClient } from '../../src/sources/zoho-books/client';
import type { ZohoSettings } from '../../src/sources/zoho-books/settings';
import { failureOf, startAnswerServer, type AnswerServer } from '../http/answer-server';
import { testContext } from '../http/test-context';
import { invoicePage, json, listOf, SMALL } from '../sources/zoho-bench';
import { testDatabase } from '../support/database';
import { until } from '../temporal/bench';

const database = testDatabase();
const REFRESH_TOKEN = '1000.refresh-canary-5b21';
const CLIENT_SECRET = 'client-secret-canary-77aa';
let db: Database;
let accounts: Accounts;
const clients: SourceClient[] = [];

/** An accounts host and API of one account: knows one live token, gives another one when asked, and can be told to misbehave. */
interface Accounts {
  readonly server: AnswerServer;
  /** Refresh tokens as they came in, one a request. */
  readonly asked: string[];
  /** The token that the API takes; it refuses all others. */
  live: string;
  /** Answers instead of a token. */
  say: ((response: ServerResponse) => void) | null;
  /** Each answer names a new refresh token. */
  rotates: boolean;
}

async function startAccounts(): Promise<Accounts> {
  const state: Omit<Accounts, 'server'> = { asked: [], live: '', say: null, rotates: false };
  const server = await startAnswerServer((request, response) => {
    if (request.url !== '/oauth/v2/token') {
      const taken = request.headers.authorization === `Zoho-oauthtoken ${state.live}`;
      json(response, taken ? 200 : 401, taken ? invoicePage([]) : { code: 57, message: 'You are not authorized' });
      return;
    }
    let form = '';
    request.on('data', (piece: Buffer) => (form += piece.toString()));
    request.on('end', () => {
      state.asked.push(new URLSearchParams(form).get('refresh_token') ?? '');
      if (state.say !== null) return state.say(response);
      give(response);
    });
  });
  const give = (response: ServerResponse): void => {
    state.live = `1000.access-canary-${state.asked.length}-${server.url.slice(-4)}`;
    const rotated = state.rotates ? { refresh_token: `${REFRESH_TOKEN}-${state.asked.length}` } : {};
    json(response, 200, { access_token: state.live, expires_in: 3600, ...rotated });
  };
  return Object.assign(state, { server });
}

interface UserOptions {
  readonly secretKey?: string;
  readonly refreshToken?: string;
  readonly holdMs?: number;
  readonly db?: Database;
}

const hidden = (value: string): { reveal(): string } => ({ reveal: () => value });

/** As another process would be: a store and a keeper of its own. */
function user({ secretKey, refreshToken = REFRESH_TOKEN, holdMs, db: own = db }: UserOptions = {}): SourceClient {
  const settings: ZohoSettings = {
    baseUrl: `${accounts.server.url}/books/v3`,
    accountsUrl: accounts.server.url,
    organizationId: '1',
    clientId: hidden('1000.client-canary'),
    clientSecret: hidden(CLIENT_SECRET),
    refreshToken: hidden(refreshToken),
    limits: SMALL,
    tokens: new OAuthTokens(own, {
      secretKey: secretKey === undefined ? undefined : hidden(secretKey),
      ...(holdMs === undefined ? {} : { holdMs }),
    }),
  };
  const client = new ZohoClient(settings);
  clients.push(client);
  return client;
}

const list = (client: SourceClient, ctx = testContext()): Promise<unknown> => client.list(listOf('invoices'), ctx);
const rows = (): Promise<{ id: string; source: string; account: string; sealed: Buffer }[]> =>
  db.query('select * from freshet.oauth_token');

beforeEach(async () => {
  db = openDatabase({ url: database.url, poolSize: 6 });
  accounts = await startAccounts();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await accounts.server.close();
  await db.query('delete from freshet.oauth_token');
  await db.close();
});

describe('the stored token', () => {
  it('is what a process that starts later uses', async () => {
    await list(user());
    await list(user());
    expect(accounts.asked).toHaveLength(1);
  });

  it('refused by the API to two users at once is replaced once', async () => {
    const [one, two] = [user(), user()];
    await Promise.all([list(one), list(two)]);
    accounts.live = 'withdrawn';
    await Promise.all([list(one), list(two)]);
    expect(accounts.asked).toHaveLength(2);
  });

  it('that ended is not used', async () => {
    accounts.say = (response) =>
      json(response, 200, { access_token: (accounts.live = `short-${accounts.asked.length}`), expires_in: 0.001 });
    await list(user());
    await list(user());
    expect(accounts.asked).toHaveLength(2);
  });

  it('of other credentials is never used: each set has a row of its own', async () => {
    await list(user());
    await list(user({ refreshToken: '1000.another' }));
    expect(accounts.asked).toEqual([REFRESH_TOKEN, '1000.another']);
    expect(await rows()).toHaveLength(2);
  });

  it('comes with the refresh token that the source changed, for everybody', async () => {
    accounts.rotates = true;
    await list(user());
    accounts.live = 'withdrawn';
    await list(user());
    accounts.live = 'withdrawn';
    await list(user());
    expect(accounts.asked).toEqual([REFRESH_TOKEN, `${REFRESH_TOKEN}-1`, `${REFRESH_TOKEN}-2`]);
  });
});

describe('a row that cannot be opened is no token: told once, replaced, never an error', () => {
  it.each<[string, () => Promise<unknown>, UserOptions]>([
    ['another key', async () => undefined, { secretKey: 'another-key-of-32-characters' }],
    ['a flipped bit', () => db.query(`update freshet.oauth_token set sealed = set_bit(sealed, 300, 1 - get_bit(sealed, 300))`), {}],
    ['a version of the future', () => db.query(`update freshet.oauth_token set sealed = set_byte(sealed, 0, 9)`), {}],
    ['a short rest', () => db.query(`update freshet.oauth_token set sealed = substring(sealed for 20)`), {}],
    ['nothing', () => db.query(`update freshet.oauth_token set sealed = ''`), {}],
    ['the row of other credentials', () => swapped(), {}],
  ])('%s', async (_, damage, options) => {
    await list(user());
    await damage();
    accounts.asked.length = 0;
    const ctx = testContext();
    await list(user(options), ctx);
    expect(ctx.lines.filter(({ id }) => id === 'DB-003')).toHaveLength(1);
    expect(accounts.asked).toEqual([REFRESH_TOKEN]);
    const after = testContext();
    await list(user(options), after);
    expect(after.lines.map(({ id }) => id)).not.toContain('DB-003');
    expect(accounts.asked).toHaveLength(1);
  });

  async function swapped(): Promise<void> {
    await list(user({ refreshToken: '1000.another' }));
    await db.query(`update freshet.oauth_token a set sealed = b.sealed from freshet.oauth_token b where a.id <> b.id`);
  }
});

describe('a dump of the table', () => {
  it('has neither token nor credentials, in no form and no part', async () => {
    accounts.rotates = true;
    await list(user());
    const [row, ...others] = await rows();
    expect(others).toEqual([]);
    const dump = [JSON.stringify(row), row!.sealed.toString('latin1'), row!.sealed.toString('base64')].join('\n');
    expect(dump).toContain('zoho-books');
    for (const secret of [accounts.live, `${REFRESH_TOKEN}-1`, REFRESH_TOKEN, CLIENT_SECRET, '1000.client-canary']) {
      const halves = [secret.slice(0, secret.length / 2), secret.slice(secret.length / 2)];
      for (const part of [...halves, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64').slice(2, -4)]) {
        expect(dump).not.toContain(part);
      }
    }
  });

  it('looks different each time the same token is stored', async () => {
    const store = new OAuthTokens(db);
    const account = { source: 's', account: 'a', credentials: hidden('c') };
    const keep = (): Promise<null> => store.exclusive(account, async () => ({ text: 'the same', result: null }), testContext());
    await keep();
    const [first] = await rows();
    await keep();
    const [second] = await rows();
    expect(second!.sealed.equals(first!.sealed)).toBe(false);
  });
});

describe('troubles while a token is fetched', () => {
  const denied = (response: ServerResponse): void => json(response, 400, { error: 'Access Denied', status: 'failure' });

  it('"too many requests" is told to all processes: none asks before the time is over', async () => {
    accounts.say = denied;
    const errors = [await failureOf(list(user())), await failureOf(list(user()))];
    for (const error of errors) expect(error).toMatchObject({ type: 'rate_limited', code: 'zoho-token-throttled' });
    expect(accounts.asked).toHaveLength(1);
  });

  it('refused credentials are an error, and what was stored stays', async () => {
    await list(user());
    const [before] = await rows();
    accounts.live = 'withdrawn';
    accounts.say = (response) => json(response, 200, { error: 'invalid_code' });
    expect(await failureOf(list(user()))).toMatchObject({ type: 'auth_error', code: 'zoho-credentials-refused' });
    expect(await rows()).toEqual([before]);
  });

  it('a token in use stays in use without PostgreSQL', async () => {
    const own = openDatabase({ url: database.url });
    const client = user({ db: own });
    await list(client);
    await own.close();
    await list(client);
    expect(accounts.asked).toHaveLength(1);
  });

  it.each(['before-commit', 'after-commit'])(
    'a token whose storing failed (%s) is stored by the next call, not fetched again',
    async (side) => {
      accounts.rotates = true;
      const client = user();
      const broken = testContext({
        strike: (site) => {
          if (site === `token.renew.${side}`) throw new Error('struck');
        },
      });
      await failureOf(list(client, broken));
      await list(client);
      await list(user());
      expect(accounts.asked).toEqual([REFRESH_TOKEN]);
    },
  );

  it('a connection that breaks while the answer comes costs no second token', async () => {
    accounts.say = (response) => {
      accounts.say = null;
      accounts.live = 'after-the-break';
      void db
        .query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`, [database.name])
        .then(() => json(response, 200, { access_token: accounts.live, expires_in: 3600 }));
    };
    await list(user());
    await list(user());
    expect(accounts.asked).toHaveLength(1);
  });

  it('one who stands still with the lock is cut off, and stores no older token over a newer one', async () => {
    let release = (): void => undefined;
    accounts.say = (response) => {
      accounts.say = null;
      release = () => json(response, 200, { access_token: 'too-late', expires_in: 3600 });
    };
    const still = list(user({ holdMs: 300 }));
    await until(() => accounts.asked.length === 1);
    await list(user());
    const newest = accounts.live;
    release();
    await still;
    expect(accounts.live).toBe(newest);
    await list(user());
    expect(accounts.asked).toHaveLength(2);
  });

  it('one who waits for the lock and is cancelled leaves at once', async () => {
    let release = (): void => undefined;
    accounts.say = (response) => {
      accounts.say = null;
      accounts.live = 'in-time';
      release = () => json(response, 200, { access_token: 'in-time', expires_in: 3600 });
    };
    const first = list(user());
    await until(() => accounts.asked.length === 1);
    const stop = new AbortController();
    const second = failureOf(list(user(), testContext({ signal: stop.signal })));
    await until(async () => (await db.query(`select from pg_locks where locktype = 'advisory' and not granted`)).length > 0);
    stop.abort();
    expect(await second).toMatchObject({ type: 'cancelled' });
    release();
    await first;
    expect(accounts.asked).toHaveLength(1);
  });
});
