import { failureOf } from '../http/answer-server';
import { settle } from '../http/fake-clock';
import { testContext } from '../http/test-context';
import { CANARIES, goodToken, invoicePage, json, listOf, serverBench, type ServerBench } from './zoho-bench';

let bench: ServerBench;

afterEach(() => bench.close());

const list = (ctx = testContext()): Promise<unknown> => bench.client.list(listOf('invoices'), ctx);
const good = (_: unknown, response: Parameters<typeof json>[0]): void => json(response, 200, invoicePage([]));

describe('a token request', () => {
  it('sends the credentials in the body, never in the address, and the token as Zoho wants it', async () => {
    let form = '';
    bench = await serverBench({
      api: good,
      token: (request, response) => {
        request.on('data', (piece: Buffer) => (form += piece.toString()));
        request.on('end', () => goodToken(response));
      },
    });
    await list();
    expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
      grant_type: 'refresh_token',
      client_id: CANARIES.clientId,
      client_secret: CANARIES.clientSecret,
      refresh_token: CANARIES.refreshToken,
    });
    expect(bench.server.requests.map((request) => request.url).join()).not.toContain('canary');
    expect(bench.server.requests[1]?.headers.authorization).toBe(`Zoho-oauthtoken ${CANARIES.accessToken}`);
  });

  it('is made again when the promised life is nearly over, not before', async () => {
    bench = await serverBench({ api: good });
    await list();
    bench.clock.pass(3_299_000);
    await list();
    expect(bench.count('token')).toBe(1);
    bench.clock.pass(2_000);
    await list();
    expect(bench.count('token')).toBe(2);
  });

  it.each([
    ['invalid_client', 'client_id'],
    ['invalid_client_secret', 'client_secret'],
    ['invalid_code', 'refresh_token'],
    ['something_new', 'client_id, client_secret and refresh_token'],
  ])('refused with HTTP 200 and %s is an auth_error about %s', async (error, credential) => {
    bench = await serverBench({ token: (_, response) => json(response, 200, { error }) });
    const failure = await failureOf(list());
    expect(failure).toMatchObject({ type: 'auth_error', code: 'zoho-credentials-refused', retryable: false, facts: { error } });
    expect((failure as { remedy: string }).remedy).toContain(`Check ${credential} of the source`);
    expect((failure as { remedy: string }).remedy).toContain('accounts host');
    expect(bench.count('token')).toBe(1);
    expect(bench.count('api')).toBe(0);
  });

  it('throttled ("Access Denied") waits ten minutes, asking nobody in between', async () => {
    let throttled = true;
    const denied = { error: 'Access Denied', error_description: 'You have made too many requests continuously.', status: 'failure' };
    bench = await serverBench({ api: good, token: (_, response) => (throttled ? json(response, 400, denied) : goodToken(response)) });
    const at = (time: string): ReturnType<typeof testContext> => testContext({ now: () => new Date(time) });
    const expected = { type: 'rate_limited', code: 'zoho-token-throttled', facts: { until: '2026-10-07T12:10:00.000000Z' } };
    expect(await failureOf(list(at('2026-10-07T12:00:00Z')))).toMatchObject(expected);
    expect(await failureOf(list(at('2026-10-07T12:09:59Z')))).toMatchObject(expected);
    expect(bench.count('token')).toBe(1);
    throttled = false;
    bench.clock.pass(600_000);
    await list(at('2026-10-07T12:10:00Z'));
    expect(bench.count('token')).toBe(2);
  });

  it.each<[string, number, string, string, string, string]>([
    ['a page instead of an answer', 200, '<html>Welcome', 'text/html', 'source_error', 'answer-not-json'],
    ['no token', 200, '{"scope":"x"}', 'application/json', 'source_error', 'zoho-token-missing'],
    ['a token that no header can carry', 200, '{"access_token":"a\\nb"}', 'application/json', 'source_error', 'zoho-token-missing'],
    ['a gateway in trouble', 502, '<html>Bad Gateway', 'text/html', 'transient_error', 'accounts-unavailable'],
    ['the wrong host', 404, '<html>Not Found', 'text/html', 'config_error', 'zoho-accounts-url-wrong'],
    ['the wrong path', 405, '{"message":"no"}', 'application/json', 'config_error', 'zoho-accounts-url-wrong'],
    ['429', 429, '{}', 'application/json', 'rate_limited', 'zoho-token-throttled'],
  ])('%s is %d %s', async (_, status, body, type, expected, code) => {
    bench = await serverBench({ token: (_request, response) => response.writeHead(status, { 'content-type': type }).end(body) });
    expect(await failureOf(list())).toMatchObject({ type: expected, code });
    expect(bench.count('api')).toBe(0);
  });

  it('to a host that is not there names the accounts host', async () => {
    bench = await serverBench({}, { accountsUrl: 'http://127.0.0.1:9' });
    const error = await failureOf(list());
    expect(error).toMatchObject({ type: 'transient_error', code: 'connection-refused' });
    expect((error as Error).message).toContain('127.0.0.1:9/oauth/v2/token');
  });
});

describe('a shared token request', () => {
  async function held(): Promise<{ release: () => void; asked: Promise<void>; closed: Promise<void> }> {
    let release = (): void => undefined;
    let ask = (): void => undefined;
    let close = (): void => undefined;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const closed = new Promise<void>((resolve) => (close = resolve));
    bench = await serverBench({
      api: good,
      token: (_, response) => {
        response.on('close', close);
        release = () => goodToken(response);
        ask();
      },
    });
    return { release: () => release(), asked, closed };
  }

  it('goes on for the others when the one who started it gives up', async () => {
    const { release, asked } = await held();
    const controller = new AbortController();
    const first = failureOf(list(testContext({ signal: controller.signal })));
    await asked;
    const others = [list(), list()];
    await settle();
    controller.abort();
    expect(await first).toMatchObject({ type: 'cancelled' });
    release();
    await Promise.all(others);
    expect(bench.count('token')).toBe(1);
  });

  it('is dropped when nobody waits for it any more; the next call asks anew', async () => {
    const { release, asked, closed } = await held();
    const controller = new AbortController();
    const both = [failureOf(list(testContext({ signal: controller.signal }))), failureOf(list(testContext({ signal: controller.signal })))];
    await asked;
    controller.abort();
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ type: 'cancelled' });
    await closed;
    const next = list();
    while (bench.count('token') < 2) await new Promise((resolve) => setImmediate(resolve));
    release();
    await next;
  });

  it('fails for all who wait, and is tried again by the next one', async () => {
    let broken = true;
    bench = await serverBench({
      api: good,
      token: (_, response) => (broken ? json(response, 200, { error: 'invalid_code' }) : goodToken(response)),
    });
    const errors = await Promise.all([failureOf(list()), failureOf(list()), failureOf(list())]);
    expect(errors.map((error) => (error as { type: string }).type)).toEqual(['auth_error', 'auth_error', 'auth_error']);
    expect(bench.count('token')).toBe(1);
    broken = false;
    await list();
  });
});

describe('secrets', () => {
  const forms = Object.values(CANARIES).flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').slice(2, -4),
  ]);

  function expectClean(text: string): void {
    for (const form of forms) expect(text).not.toContain(form);
  }

  const echo = (status: number, type: string) => (_: unknown, response: Parameters<typeof json>[0]) => {
    response
      .writeHead(status, { 'content-type': type })
      .end(`{"access_token":"${CANARIES.accessToken}","refresh_token":"${CANARIES.refreshToken}`);
  };

  it.each<[string, Parameters<typeof serverBench>[0]]>([
    ['a token answer that is cut', { token: echo(200, 'application/json') }],
    ['a token answer with status 400', { token: echo(400, 'application/json') }],
    ['a token answer with status 500', { token: echo(500, 'text/html') }],
    ['a refused token', { token: (_, response) => json(response, 200, { error: 'invalid_client' }) }],
    ['an API that refuses the token', { api: (_, response) => json(response, 401, { code: 57 }) }],
    ['an API that resets', { api: (request) => request.socket.resetAndDestroy() }],
    ['an API that redirects', { api: (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/x' }).end() }],
    ['an API that sends rubbish', { api: (request) => request.socket.end('rubbish\r\n\r\n') }],
    ['an API that works', { api: good }],
  ])('are in no error and in no log line: %s', async (name, say) => {
    bench = await serverBench(say);
    const ctx = testContext();
    const outcome = name === 'an API that works' ? await list(ctx) : await failureOf(list(ctx));
    const { message, stack, cause } = outcome as Error;
    expectClean(JSON.stringify([outcome, message, stack, String(cause), ctx.lines]));
  });
});
