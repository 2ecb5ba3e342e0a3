import { isFreshetError } from '../../src/domain/errors';
import { createHttpClient, type HttpClient } from '../../src/http/http-client';
import { failureOf, sayAndHangUp, startAnswerServer, startRawAnswerServer, type TestServer } from './answer-server';
import { testContext } from './test-context';

const servers: TestServer[] = [];
let client: HttpClient;

function kept<T extends TestServer>(server: T): T {
  servers.push(server);
  return server;
}

beforeEach(() => {
  client = createHttpClient({ timeouts: { connect: 500, headers: 400, body: 400, total: 5_000 } });
});

afterEach(async () => {
  await client.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe('an exchange', () => {
  it('sends method, query, headers and body, and gives status, headers, body and date', async () => {
    const server = kept(
      await startAnswerServer((request, response) => {
        response.setHeader('Date', 'Wed, 07 Oct 2026 12:00:01 GMT');
        response.setHeader('X-Twice', ['a', 'b']);
        response.writeHead(201).end([request.method, request.url, request.headers['x-mine']].join(' '));
      }),
    );
    const answer = await client.request(
      {
        method: 'POST',
        url: `${server.url}/a?b=1`,
        query: { time: '2026-10-07T00:00:00+0000', page: 2 },
        headers: { 'x-mine': 'yes' },
        body: '{}',
      },
      testContext(),
    );
    expect(answer.status).toBe(201);
    expect(answer.body.toString()).toBe('POST /a?b=1&time=2026-10-07T00%3A00%3A00%2B0000&page=2 yes');
    expect(answer.date).toBe('2026-10-07T12:00:01.000000Z');
    expect(answer.headers.get('x-twice')).toBe('a, b');
  });

  it('has no date where the header is missing or no date', async () => {
    const raw = kept(await startRawAnswerServer(sayAndHangUp('HTTP/1.1 200 OK\r\nDate: yesterday\r\nContent-Length: 2\r\n\r\n{}')));
    const bare = kept(await startRawAnswerServer(sayAndHangUp('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')));
    expect((await client.request({ method: 'GET', url: raw.url }, testContext())).date).toBeNull();
    expect((await client.request({ method: 'GET', url: bare.url }, testContext())).date).toBeNull();
  });

  it('passes a fault site before the request and after the answer', async () => {
    const server = kept(await startAnswerServer((_, response) => response.end('{}')));
    const ctx = testContext();
    await client.request({ method: 'GET', url: server.url }, ctx);
    expect(ctx.sites).toEqual(['http.before-request', 'http.after-response']);
  });

  it.each([
    ['http.before-request', 0],
    ['http.after-response', 1],
  ])('turns an error injected at %s into a transport failure', async (site, requests) => {
    const server = kept(await startAnswerServer((_, response) => response.end('{}')));
    const strike = (passed: string): void => {
      if (passed === site) throw Object.assign(new Error('injected'), { code: 'ECONNRESET' });
    };
    const error = await failureOf(client.request({ method: 'GET', url: server.url }, testContext({ strike })));
    expect(error).toMatchObject({ type: 'transient_error', code: 'connection-lost' });
    expect(server.requests).toHaveLength(requests);
  });

  it('keeps connections for the next requests', async () => {
    const server = kept(await startAnswerServer((_, response) => response.end('{}')));
    for (let n = 0; n < 20; n += 1) await client.request({ method: 'GET', url: server.url }, testContext());
    expect(new Set(server.requests.map((request) => request.socket.remotePort)).size).toBeLessThanOrEqual(2);
  });

  it.each(['no url at all', 'ftp://127.0.0.1/', 'file:///etc/passwd'])('refuses %s as an address', async (url) => {
    expect(await failureOf(client.request({ method: 'GET', url }, testContext()))).toMatchObject({
      type: 'config_error',
      code: 'url-invalid',
    });
  });
});

describe('a failed exchange says what failed', () => {
  async function failure(url: string): Promise<unknown> {
    const error = await failureOf(client.request({ method: 'GET', url, query: { code: 'hush-hush' } }, testContext()));
    expect(isFreshetError(error) && error.remedy.length > 20).toBe(true);
    expect(JSON.stringify([error, (error as Error).message, String((error as Error).stack)])).not.toContain('hush-hush');
    return error;
  }

  it('nothing listens', async () => {
    const server = await startAnswerServer(() => undefined);
    await server.close();
    const error = await failure(`${server.url}/x`);
    expect(error).toMatchObject({ type: 'transient_error', code: 'connection-refused', retryable: true });
    expect((error as Error).message).toContain(`GET ${new URL(server.url).host}/x`);
  });

  it('no such host', async () => {
    const error = await failure('http://no-such-host.invalid/');
    expect(['host-unknown', 'name-lookup-failed']).toContain((error as { code: string }).code);
  });

  it('the server speaks no TLS', async () => {
    const server = kept(await startRawAnswerServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    expect(await failure(`https://127.0.0.1:${server.port}/`)).toMatchObject({ type: 'config_error', code: 'not-tls', retryable: false });
  });

  it('the connection is reset', async () => {
    const server = kept(await startRawAnswerServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await failure(server.url)).toMatchObject({ type: 'transient_error', code: 'connection-lost' });
  });

  it('what answers is not HTTP', async () => {
    const server = kept(await startRawAnswerServer(sayAndHangUp('SSH-2.0-OpenSSH_9.6\r\n')));
    expect(await failure(server.url)).toMatchObject({ type: 'source_error', code: 'not-http' });
  });

  it('no headers come', async () => {
    const server = kept(await startAnswerServer(() => undefined));
    expect(await failure(server.url)).toMatchObject({ type: 'transient_error', code: 'answer-timeout' });
  });

  it('the body stands still', async () => {
    const server = kept(
      await startAnswerServer((_, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{');
      }),
    );
    expect(await failure(server.url)).toMatchObject({ type: 'transient_error', code: 'answer-timeout' });
  });

  it('the connection is not taken', async () => {
    const server = kept(await startRawAnswerServer(() => undefined));
    expect(await failure(`https://127.0.0.1:${server.port}/`)).toMatchObject({ type: 'transient_error', code: 'connect-timeout' });
  });

  it('a body that drips for ever ends at the total time', async () => {
    const drips = new Set<NodeJS.Timeout>();
    const server = kept(
      await startAnswerServer((_, response) => {
        response.writeHead(200);
        drips.add(setInterval(() => response.write(' '), 20));
      }),
    );
    const slow = client.request({ method: 'GET', url: server.url, timeouts: { total: 300 } }, testContext());
    expect(await failureOf(slow)).toMatchObject({ type: 'transient_error', code: 'request-timeout' });
    for (const drip of drips) clearInterval(drip);
  });
});
