import { RestClient } from './legacy-4d-client';
import { closeSandboxes, reading, sandbox } from './legacy-4d-sandboxes';

afterEach(closeSandboxes);

const HOUR = 3_600_000;

describe('the legacy login', () => {
  it('takes the credentials in headers and answers true; a wrong password answers false with HTTP 200', async () => {
    const account = await sandbox();
    const client = new RestClient(account);
    expect(await client.login({ 'password-4D': 'wrong' })).toBe(false);
    await expect(client.list('Artikel_Familie')).rejects.toThrow('HTTP 401 errCode 1561');
    expect(await client.login()).toBe(true);
    expect(await client.list('Artikel_Familie')).toHaveLength(80);
  });

  it('takes the digest of the password instead', async () => {
    const account = await sandbox();
    const client = new RestClient(account);
    expect(await client.login({ 'password-4D': '', 'hashed-password-4D': account.credentials.hashedPassword })).toBe(true);
  });

  it('gives the cookie WASID4D once, and a call without it opens another session, which is another licence', async () => {
    const account = await reading();
    expect(account.client.cookie).toMatch(/^WASID4D=[0-9A-F]{32}$/);
    expect((await account.client.raw('$catalog')).headers.get('set-cookie')).toBeNull();
    const forgetful = (): Promise<Response> => new RestClient(account).raw('$catalog');
    expect((await forgetful()).headers.get('set-cookie')).toContain('WASID4D=');
    expect(account.control.stats()).toMatchObject({ sessions: 2, licences: 2, users: 1 });
    await forgetful();
    const refused = await forgetful();
    expect(refused.status).toBe(500);
    expect(refused.headers.get('set-cookie')).toBeNull();
    expect(await refused.text()).toContain('no license available');
    expect((await account.client.raw('$catalog')).status).toBe(200);
  });

  it('reads for everybody when nobody configured access', async () => {
    const client = new RestClient(await sandbox({ rules: { openToAll: true } }));
    expect(await client.list('Artikel_Kategorie')).toHaveLength(12);
  });

  it('is unknown to the other generation, and the other way round', async () => {
    const client = new RestClient(await sandbox({ generation: 'force-login' }));
    expect((await client.raw('$directory/login', {}, { method: 'POST' })).status).toBe(404);
    const other = new RestClient(await sandbox());
    expect((await other.raw('$catalog/authentify', {}, { method: 'POST', body: '[]' })).status).toBe(404);
  });
});

describe('the forced login of 20 R6', () => {
  it('lets a guest read the catalog only, for no licence', async () => {
    const account = await sandbox({ generation: 'force-login' });
    const client = new RestClient(account);
    expect((await client.get('$catalog')).dataClasses.length).toBeGreaterThanOrEqual(5);
    expect((await client.raw('Artikel_Familie')).status).toBe(401);
    expect(account.control.stats()).toMatchObject({ sessions: 1, licences: 0 });
    await client.authentify();
    expect(await client.list('Artikel_Familie')).toHaveLength(80);
    expect(account.control.stats()).toMatchObject({ sessions: 1, licences: 1 });
    expect(client.cookie).toMatch(/^4DSID_Warenwirtschaft=/);
  });

  it('answers any text, also to a wrong password, and wants a JSON array', async () => {
    const client = new RestClient(await sandbox({ generation: 'force-login' }));
    expect(await client.authentify({ password: 'x' })).toEqual({ result: 'Wrong password' });
    expect(await client.authentify({ name: 'x' })).toEqual({ result: 'Wrong user' });
    expect((await client.raw('Artikel_Familie')).status).toBe(401);
    for (const body of ['{}', 'nonsense']) {
      expect((await client.raw('$catalog/authentify', {}, { method: 'POST', body })).status).toBe(500);
    }
  });

  it('refuses the login itself when no licence is left', async () => {
    const account = await reading({ generation: 'force-login', licences: 1, rules: { noLicence: { status: 401, errCode: 1 } } });
    const second = new RestClient(account);
    expect(await second.authentify()).toMatchObject({ __ERROR: [{ errCode: 1 }] });
    expect((await second.raw('$directory/logout', {}, { method: 'POST' })).status).toBe(200);
    await account.client.raw('$directory/logout', {}, { method: 'POST' });
    expect(await second.authentify()).toEqual({ result: 'Willkommen, freshet' });
  });
});

describe('a session', () => {
  it('ends after an hour without a request; then a new cookie comes and its owner is a guest', async () => {
    const { client, control } = await reading();
    control.advanceClock(HOUR - 1);
    await client.list('Artikel_Kategorie');
    control.advanceClock(HOUR - 1);
    await client.list('Artikel_Kategorie');
    const before = client.cookie;
    control.advanceClock(HOUR);
    expect((await client.raw('Artikel_Kategorie')).status).toBe(401);
    expect(client.cookie).not.toBe(before);
    expect(control.stats()).toMatchObject({ sessions: 1, licences: 1, users: 0 });
    expect(await client.login()).toBe(true);
  });

  it('lives longer when the login asks for it, and never less than 60 minutes', async () => {
    const { client, control } = await reading();
    await client.login({ 'session-4D-length': '120' });
    control.advanceClock(2 * HOUR - 1);
    expect((await client.raw('Artikel_Kategorie')).status).toBe(200);
    await client.login({ 'session-4D-length': '40' });
    control.advanceClock(HOUR - 1);
    expect((await client.raw('Artikel_Kategorie')).status).toBe(200);
  });

  it('gives its licence back at logout', async () => {
    const { client, control } = await reading();
    await client.raw('$directory/logout', {}, { method: 'POST' });
    expect(control.stats()).toMatchObject({ sessions: 0, licences: 0 });
    expect((await client.raw('Artikel_Kategorie')).status).toBe(401);
  });

  it('is shown in the request log by a number, never by its cookie or password', async () => {
    const account = await reading();
    await account.client.list('Artikel_Kategorie');
    const log = account.control.requestLog();
    expect(log.map(({ kind, session, opened }) => [kind, session, opened])).toEqual([
      ['login', 1, true],
      ['list', 1, false],
    ]);
    for (const secret of [account.client.cookie.split('=')[1] as string, account.credentials.password]) {
      expect(JSON.stringify(log)).not.toContain(secret);
    }
  });

  it('may not write', async () => {
    const { client, control } = await reading();
    const write = await client.raw('Artikel_Kategorie', { $method: 'delete' }, { method: 'POST' });
    expect([write.status, control.count('Artikel_Kategorie')]).toEqual([401, 12]);
  });
});
