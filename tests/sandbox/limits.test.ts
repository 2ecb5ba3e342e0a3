import type { Sandbox } from '../../src/sandbox';
import { closeSandboxes, reader, sandbox } from './sandboxes';

afterEach(closeSandboxes);

describe('tokens', () => {
  it('come as Zoho sends them, from a form body too', async () => {
    const account = await sandbox();
    const { clientId, clientSecret, refreshToken } = account.credentials;
    const form = { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken, grant_type: 'refresh_token' };
    const response = await fetch(`${account.accountsUrl}/oauth/v2/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^1000\.[0-9a-f]{32}\.[0-9a-f]{32}$/),
      scope: expect.stringContaining('ZohoBooks.invoices.READ'),
      api_domain: account.url,
      token_type: 'Bearer',
      expires_in: 3600,
    });
  });

  it('expire by the sandbox’s clock, each by itself', async () => {
    const account = await sandbox({ tokenLifetimeSeconds: 600 });
    const first = await reader(account);
    account.control.advanceClock(300_000);
    const second = await reader(account);
    account.control.advanceClock(300_000);
    expect([(await first.raw('items')).status, (await second.raw('items')).status]).toEqual([401, 200]);
    expect(await (await first.raw('items')).json()).toEqual({ code: 57, message: 'You are not authorized to perform this operation' });
    account.control.expireTokens();
    expect((await second.raw('items')).status).toBe(401);
  });

  it('are accepted only under Zoho’s own scheme', async () => {
    const account = await sandbox();
    const { token } = await reader(account);
    const response = await fetch(`${account.baseUrl}/organizations`, { headers: { Authorization: `Bearer ${token}` } });
    expect(response.status).toBe(401);
  });

  it('do not open other methods than GET', async () => {
    const account = await sandbox();
    const { token } = await reader(account);
    const response = await fetch(`${account.baseUrl}/items`, { method: 'POST', headers: { Authorization: `Zoho-oauthtoken ${token}` } });
    expect([response.status, ((await response.json()) as { code: number }).code]).toEqual([405, 37]);
  });
});

describe('calls per minute', () => {
  it('end with HTTP 429 and code 44 until a minute has passed', async () => {
    const account = await sandbox({ callsPerMinute: 3, rateWindow: 'sandbox' });
    const { raw } = await reader(account);
    const call = async (): Promise<[number, number]> => {
      const response = await raw('items');
      return [response.status, ((await response.json()) as { code: number }).code];
    };
    expect([await call(), await call(), await call(), await call()]).toEqual([
      [200, 0],
      [200, 0],
      [200, 0],
      [429, 44],
    ]);
    account.control.advanceClock(59_000);
    expect(await call()).toEqual([429, 44]);
    account.control.advanceClock(1_000);
    expect(await call()).toEqual([200, 0]);
  });

  it('follow real time unless told otherwise, so a moved clock does not give them back', async () => {
    const account = await sandbox({ callsPerMinute: 1 });
    const { raw } = await reader(account);
    expect((await raw('items')).status).toBe(200);
    account.control.advanceClock(60_000);
    expect((await raw('items')).status).toBe(429);
  });

  it('do not count tokens and the switchboard', async () => {
    const account = await sandbox({ callsPerMinute: 1 });
    await reader(account);
    expect((await (await reader(account)).raw('items')).status).toBe(200);
  });
});

describe('calls at once', () => {
  it('end with HTTP 429 and code 1070 beyond the limit', async () => {
    const account = await sandbox({ concurrent: 2 });
    const { raw } = await reader(account);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    account.control.onRequest({ kind: 'list', times: 2, when: 'before' }, () => gate);
    const held = [raw('items'), raw('items')];
    while (account.control.stats().inFlight < 2) await new Promise(setImmediate);
    expect(await (await raw('contacts')).json()).toMatchObject({ code: 1070 });
    release();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('let a client in that asks again the moment it was answered', async () => {
    const { raw } = await reader(await sandbox({ concurrent: 1 }));
    for (let n = 0; n < 50; n += 1) {
      const response = await raw('items', { per_page: '1' });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
  });
});

describe('access tokens of one refresh token', () => {
  const ask = (account: Sandbox): Promise<Response> => {
    const { clientId: client_id, clientSecret: client_secret, refreshToken: refresh_token } = account.credentials;
    const form = new URLSearchParams({ client_id, client_secret, refresh_token, grant_type: 'refresh_token' });
    return fetch(`${account.accountsUrl}/oauth/v2/token`, { method: 'POST', body: form });
  };
  const tokenOf = async (response: Response): Promise<string> => ((await response.json()) as { access_token: string }).access_token;
  const works = async (account: Sandbox, token: string): Promise<boolean> =>
    (await fetch(`${account.baseUrl}/organizations`, { headers: { Authorization: `Zoho-oauthtoken ${token}` } })).ok;

  it('asked for at the same time are different ones, and all of them work', async () => {
    const account = await sandbox();
    const tokens = await Promise.all(Array.from({ length: 8 }, async () => tokenOf(await ask(account))));
    expect(new Set(tokens).size).toBe(8);
    expect(await Promise.all(tokens.map((token) => works(account, token)))).toEqual(Array(8).fill(true));
  });

  it('are ten in ten minutes; then the accounts host answers HTTP 400 until the first is ten minutes old', async () => {
    const account = await sandbox({ tokensPerTenMinutes: 10, rateWindow: 'sandbox' });
    const statuses = await Promise.all(Array.from({ length: 12 }, async () => (await ask(account)).status));
    expect(statuses.sort()).toEqual([...Array<number>(10).fill(200), 400, 400]);
    expect(await (await ask(account)).json()).toEqual({
      error: 'Access Denied',
      error_description: 'You have made too many requests continuously. Please try again after some time.',
      status: 'failure',
    });
    account.control.advanceClock(599_000);
    expect((await ask(account)).status).toBe(400);
    account.control.advanceClock(1_000);
    expect((await ask(account)).status).toBe(200);
  });

  it('are thirty alive; one more makes the oldest die without a word', async () => {
    const account = await sandbox();
    const tokens: string[] = [];
    for (let n = 0; n < 31; n += 1) tokens.push(await tokenOf(await ask(account)));
    expect(await works(account, tokens[0]!)).toBe(false);
    expect(await works(account, tokens[1]!)).toBe(true);
    expect(account.control.stats().liveTokens).toBe(30);
  });
});

describe('calls per day', () => {
  it('end with HTTP 429 and code 45 until midnight by the sandbox’s clock; refused ones do not count', async () => {
    const account = await sandbox({ callsPerDay: 3, tokenLifetimeSeconds: 90_000, startClock: '2026-10-01T22:59:00Z' });
    const { raw } = await reader(account);
    const codes = async (calls: number): Promise<number[]> => {
      const answers: number[] = [];
      for (let n = 0; n < calls; n += 1) answers.push(((await (await raw('items')).json()) as { code: number }).code);
      return answers;
    };
    expect(await codes(5)).toEqual([0, 0, 0, 45, 45]);
    const refused = await raw('items');
    expect([refused.status, ((await refused.json()) as { message: string }).message]).toEqual([
      429,
      'The API call for this organization has exceeded the maximum call rate limit of 3.',
    ]);
    account.control.advanceClock(60_000);
    expect(await codes(1)).toEqual([45]);
    account.control.setClock('2026-10-02T00:00:00Z');
    expect(await codes(4)).toEqual([0, 0, 0, 45]);
    expect(account.control.stats().callsToday).toBe(3);
    account.control.setLimits({ callsPerDay: 5 });
    expect(await codes(1)).toEqual([0]);
  });

  it('begin at the midnight of the organization’s zone where one is given', async () => {
    const account = await sandbox({
      callsPerDay: 1,
      tokenLifetimeSeconds: 90_000,
      dayZoneMinutes: -480,
      startClock: '2026-10-01T07:00:00Z',
    });
    const { raw } = await reader(account);
    expect([(await raw('items')).status, (await raw('items')).status]).toEqual([200, 429]);
    account.control.setClock('2026-10-01T08:00:00Z');
    expect((await raw('items')).status).toBe(200);
  });
});
