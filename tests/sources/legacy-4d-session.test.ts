import { sources } from '../../src/sources';
import { memoryTokenStore } from '../../src/sources/token-store';
import { systemClock } from '../../src/http/clock';
import { failureOf } from '../http/answer-server';
import { testContext } from '../http/test-context';
import { bench, CANARY, closeBenches, json, listOf, login, pages, saying, type Bench } from './legacy-4d-bench';

afterEach(closeBenches);

const FAMILIES = listOf('Artikel_Familie');

/** Sessions that the server opened for us, and logins that it saw. */
function opened({ sandbox }: Bench): { sessions: number; logins: number } {
  const log = sandbox.control.requestLog();
  return {
    sessions: log.filter((line) => line.opened).length,
    logins: log.filter((line) => line.kind === 'login' && line.status === 200).length,
  };
}

describe.each(['legacy', 'force-login'] as const)('a server of the generation %s', (generation) => {
  it('is logged in to once for 50 calls that start together', async () => {
    const made = await bench({ generation });
    const other = made.open();
    await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? made.client : other).list(FAMILIES, testContext())));
    expect(opened(made)).toEqual({ sessions: 1, logins: 1 });
    expect(made.sandbox.control.stats()).toMatchObject({ sessions: 1, users: 1, licences: 1 });
  });

  it('is logged out of when the last connection closes, and not before', async () => {
    const made = await bench({ generation });
    const other = made.open();
    await Promise.all([made.client.list(FAMILIES, testContext()), other.list(FAMILIES, testContext())]);
    await made.client.close();
    await made.client.close();
    expect(made.sandbox.control.stats()).toMatchObject({ users: 1 });
    await other.list(FAMILIES, testContext());
    await other.close();
    expect(made.sandbox.control.stats()).toMatchObject({ sessions: 0, licences: 0 });
    await made.open().list(FAMILIES, testContext());
    expect(opened(made)).toEqual({ sessions: 2, logins: 2 });
  });

  it('is logged in to again, once for all, when the session ends in the middle of a list', async () => {
    const made = await bench({ generation, licences: 1 }, { pageSize: 10 });
    const first = await made.client.list(FAMILIES, testContext());
    made.sandbox.control.expireSessions();
    const ctx = testContext();
    const rest = await pages(made.client, { ...FAMILIES, position: first.next }, ctx);
    expect(rest).toHaveLength(8);
    expect(opened(made)).toEqual({ sessions: 2, logins: 2 });
    expect(ctx.lines.filter((line) => line.id === 'SR-020')).toHaveLength(1);
  });

  it('holds no more than the one session after many calls lost theirs at once', async () => {
    const made = await bench({ generation, licences: 9 });
    await made.client.list(FAMILIES, testContext());
    made.sandbox.control.expireSessions();
    await Promise.all(Array.from({ length: 12 }, () => made.client.list(FAMILIES, testContext())));
    await made.client.list(FAMILIES, testContext());
    expect(opened(made).logins).toBe(2);
    expect(made.sandbox.control.stats()).toMatchObject({ users: 1, licences: 1 });
  });

  it('does not take for an answer what it let a guest see after the session ended', async () => {
    const made = await bench({ generation, rules: { openToAll: true } });
    await made.client.list(FAMILIES, testContext());
    made.sandbox.control.expireSessions();
    made.clock.pass(200_000);
    await made.client.survey({ entity: 'Auftrag' }, testContext());
    expect(opened(made)).toEqual({ sessions: 2, logins: 2 });
    expect(made.sandbox.control.stats()).toMatchObject({ sessions: 1, users: 1 });
  });

  it('with one licence serves many calls that lost their session at once', async () => {
    const made = await bench({ generation, licences: 1 });
    await made.client.list(FAMILIES, testContext());
    made.sandbox.control.expireSessions();
    await Promise.all(Array.from({ length: 12 }, () => made.client.list(FAMILIES, testContext())));
    expect(made.sandbox.control.stats()).toMatchObject({ users: 1, licences: 1 });
  });

  it('may restart in the middle of a list', async () => {
    const made = await bench({ generation }, { pageSize: 10 });
    made.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'restart', skip: 3, times: 1 });
    expect(await pages(made.client, FAMILIES)).toHaveLength(9);
    expect(opened(made)).toEqual({ sessions: 2, logins: 2 });
  });

  it('that answers 401 once is logged in to again, without a new session', async () => {
    const made = await bench({ generation });
    await made.client.list(FAMILIES, testContext());
    made.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'unauthorized', times: 1 });
    await made.client.list(FAMILIES, testContext());
    expect(opened(made)).toEqual({ sessions: 1, logins: 2 });
  });

  it('that goes on answering 401 is not for this user', async () => {
    const made = await bench({ generation });
    await made.client.list(FAMILIES, testContext());
    made.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'unauthorized' });
    const error = await failureOf(made.client.list(FAMILIES, testContext()));
    expect(error).toMatchObject({ type: 'auth_error', code: 'legacy-4d-not-authorized', retryable: false });
    expect(opened(made)).toEqual({ sessions: 1, logins: 2 });
  });

  it('that opens another session with each answer is told as such', async () => {
    const made = await bench({ generation });
    made.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'sessionExpired' });
    expect(await failureOf(made.client.list(FAMILIES, testContext()))).toMatchObject({
      type: 'transient_error',
      code: 'legacy-4d-session-lost',
      remedy: expect.stringContaining('sticky sessions') as string,
    });
  });

  it.each([
    ['password', login('wrong-canary-password')],
    ['username', login(CANARY, 'somebody')],
  ])('refuses a wrong %s, and is not asked again for a minute', async (_, wrong) => {
    const made = await bench({ generation }, { login: wrong });
    const expected = {
      type: 'auth_error',
      code: 'legacy-4d-login-refused',
      retryable: false,
      remedy: expect.stringContaining('config/sources.yaml') as string,
    };
    const ctx = testContext();
    const errors = await Promise.all(Array.from({ length: 8 }, () => failureOf(made.client.list(FAMILIES, ctx))));
    for (const error of errors) expect(error).toMatchObject(expected);
    expect(await failureOf(made.client.list(FAMILIES, ctx))).toMatchObject(expected);
    expect(opened(made)).toEqual({ sessions: 1, logins: 1 });
    expect(JSON.stringify([errors, ctx.lines])).not.toContain('canary');
    made.clock.pass(60_001);
    expect(await failureOf(made.client.list(FAMILIES, ctx))).toMatchObject(expected);
    expect(opened(made).logins).toBe(2);
  });

  it('without a licence left is waited for, with the time until when', async () => {
    const made = await bench({ generation, licences: 0 });
    const ctx = testContext({ now: () => new Date('2026-10-01T12:00:00Z') });
    expect(await failureOf(made.client.list(FAMILIES, ctx))).toMatchObject({
      type: 'rate_limited',
      code: 'legacy-4d-no-licence',
      facts: { until: '2026-10-01T12:05:00.000000Z' },
      remedy: expect.stringContaining('close a session') as string,
    });
    made.sandbox.control.setLicences(1);
    await made.client.list(FAMILIES, ctx);
  });

  it('sends back a cookie of any name, and keeps its value and the password to itself', async () => {
    const made = await bench({ generation, cookieName: 'Irgendwas' }, { pageSize: 10 });
    const ctx = testContext();
    made.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'html502', skip: 2, times: 1 });
    const first = await pages(made.client, FAMILIES, ctx);
    made.sandbox.control.expireSessions();
    await pages(made.client, FAMILIES, ctx);
    expect(opened(made)).toEqual({ sessions: 2, logins: 2 });
    const said = JSON.stringify([ctx.lines, first.map(({ next, requestDigest }) => [next, requestDigest])]);
    expect(said).not.toMatch(/canary|Irgendwas|[0-9A-F]{32}/);
  });
});

describe('a session', () => {
  it('of an open server is one for all calls, without a login', async () => {
    const made = await bench({ rules: { openToAll: true } }, { login: null });
    await Promise.all(Array.from({ length: 20 }, () => made.client.list(FAMILIES, testContext())));
    expect(opened(made)).toEqual({ sessions: 1, logins: 0 });
    made.sandbox.control.expireSessions();
    await made.client.list(FAMILIES, testContext());
    expect(opened(made)).toEqual({ sessions: 2, logins: 0 });
  });

  it('of a guest does not do where a login is needed, and the error says what to give', async () => {
    const made = await bench({}, { login: null });
    expect(await failureOf(made.client.list(FAMILIES, testContext()))).toMatchObject({
      type: 'auth_error',
      code: 'legacy-4d-not-authorized',
      remedy: expect.stringContaining('username and password') as string,
    });
  });

  it('costs two seconds at most at its end, whatever the server does, and the log says that it stayed open', async () => {
    const made = await bench();
    const ctx = testContext();
    await made.client.list(FAMILIES, ctx);
    made.sandbox.control.addFault({ match: { kind: 'logout' }, fault: 'hang' });
    const started = performance.now();
    await made.client.close();
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(ctx.lines.filter((line) => line.id === 'SR-022')).toHaveLength(1);
  });

  it('is waited for by all, and one that is cancelled leaves the others their login', async () => {
    const made = await bench();
    made.sandbox.control.addFault({ match: { kind: 'login' }, fault: 'delay', delayMs: 300 });
    const controller = new AbortController();
    const leaving = failureOf(made.client.list(FAMILIES, testContext({ signal: controller.signal })));
    const staying = made.client.list(FAMILIES, testContext());
    while (made.sandbox.control.stats().inFlight === 0) await new Promise(setImmediate);
    const started = performance.now();
    controller.abort();
    expect(await leaving).toMatchObject({ type: 'cancelled' });
    expect(performance.now() - started).toBeLessThan(200);
    await staying;
    expect(opened(made)).toEqual({ sessions: 1, logins: 1 });
  });

  it('that was opened for somebody who closed meanwhile is logged out of', async () => {
    const made = await bench();
    made.sandbox.control.addFault({ match: { kind: 'login' }, fault: 'delay', delayMs: 200, skip: 1 });
    const failing = failureOf(made.client.list(FAMILIES, testContext()));
    while (made.sandbox.control.requestLog().length < 2) await new Promise(setImmediate);
    await made.client.close();
    expect(await failing).toMatchObject({ type: 'cancelled' });
    while (made.sandbox.control.stats().sessions > 0) await new Promise(setImmediate);
  });

  it('of a server that knows neither login is a matter of the address', async () => {
    const { client } = await saying((_, response) => response.writeHead(404).end('nothing here'), { login: login() });
    expect(await failureOf(client.list(FAMILIES, testContext()))).toMatchObject({
      type: 'config_error',
      code: 'legacy-4d-url-wrong',
      remedy: expect.stringContaining('/rest') as string,
    });
  });

  it('sends every cookie of several, with dates in them, and lets go of those that end', async () => {
    const cookies: (string | undefined)[] = [];
    const { client } = await saying((request, response) => {
      cookies.push(request.headers.cookie);
      if (cookies.length === 1) {
        response.setHeader('set-cookie', ['4DSID_Shop=ABCD1234; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'route=node-1; Path=/']);
      }
      if (cookies.length === 2) response.setHeader('set-cookie', ['route=; Max-Age=0', 'lang=de']);
      json(response, { dataClasses: [] });
    });
    await failureOf(client.list(FAMILIES, testContext()));
    await failureOf(client.list(FAMILIES, testContext()));
    expect(cookies).toEqual([undefined, '4DSID_Shop=ABCD1234; route=node-1', '4DSID_Shop=ABCD1234; lang=de']);
  });
});

describe('the settings of a 4D source', () => {
  const connection = (credentials: Record<string, string>): Parameters<(typeof sources)['legacy-4d']['open']>[0] => ({
    baseUrl: 'http://127.0.0.1:9/rest',
    accountsUrl: null,
    organizationId: null,
    credentials: new Map(Object.entries(credentials).map(([name, value]) => [name, { reveal: () => value }])),
    tokens: memoryTokenStore(systemClock),
    limits: {},
    timeouts: { connect: 1_000, answer: 1_000, body: 1_000 },
  });

  it('need both halves of a login, or neither', async () => {
    expect(() => sources['legacy-4d'].open(connection({ username: 'x' }))).toThrow('half of its login, no password');
    await sources['legacy-4d'].open(connection({})).close();
    await sources['legacy-4d'].open(connection({ username: 'x', password: 'y' })).close();
  });

  it('refuse a password with a line end, which would be a wrong one', () => {
    expect(() => sources['legacy-4d'].open(connection({ username: 'x', password: 'y\n' }))).toThrow(
      expect.objectContaining({ code: 'source-setting-invalid', message: expect.not.stringContaining('y\n') as string }) as Error,
    );
  });
});
