import { createHttpClient, type HttpClient } from '../../src/http/http-client';
import { failureOf, startAnswerServer, type AnswerServer } from './answer-server';
import { testContext } from './test-context';

const servers: AnswerServer[] = [];
let client: HttpClient;

beforeEach(() => {
  client = createHttpClient();
});

afterEach(async () => {
  await client.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function redirecting(status: number, locations: Readonly<Record<string, string>>): Promise<AnswerServer> {
  const server = await startAnswerServer((request, response) => {
    const location = locations[request.url ?? ''];
    if (location === undefined) response.end('arrived');
    else response.writeHead(status, { location }).end();
  });
  servers.push(server);
  return server;
}

const authorization = 'Bearer hush-hush';

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('within the origin are followed with the credentials: %d', async (status) => {
    const server = await redirecting(status, { '/a': '/b', '/b': '/c', '/c': '/d' });
    const answer = await client.request({ method: 'GET', url: `${server.url}/a`, headers: { authorization } }, testContext());
    expect(answer.body.toString()).toBe('arrived');
    expect(server.requests.map((request) => [request.url, request.headers.authorization])).toEqual(
      ['/a', '/b', '/c', '/d'].map((path) => [path, authorization]),
    );
  });

  it('in a circle end after three', async () => {
    const server = await redirecting(302, { '/a': '/b', '/b': '/a' });
    const error = await failureOf(client.request({ method: 'GET', url: `${server.url}/a` }, testContext()));
    expect(error).toMatchObject({ type: 'config_error', code: 'redirect-loop' });
    expect(server.requests).toHaveLength(4);
  });

  it('to another origin are refused: neither Authorization nor anything else arrives there', async () => {
    const other = await redirecting(302, {});
    const server = await redirecting(302, { '/a': `${other.url}/login?token=hush-hush` });
    const error = await failureOf(client.request({ method: 'GET', url: `${server.url}/a`, headers: { authorization } }, testContext()));
    expect(error).toMatchObject({ type: 'config_error', code: 'redirect-elsewhere', retryable: false });
    expect((error as Error).message).toContain(new URL(other.url).origin);
    expect((error as Error).message).not.toContain('hush-hush');
    expect(other.requests).toHaveLength(0);
  });

  it('to another scheme or port are another origin', async () => {
    const server = await redirecting(301, { '/a': 'https://127.0.0.1/a' });
    expect(await failureOf(client.request({ method: 'GET', url: `${server.url}/a` }, testContext()))).toMatchObject({
      code: 'redirect-elsewhere',
    });
  });

  it('of a POST are refused: a body with credentials is sent once', async () => {
    const server = await redirecting(307, { '/a': '/b' });
    const error = await failureOf(client.request({ method: 'POST', url: `${server.url}/a`, body: 'secret=1' }, testContext()));
    expect(error).toMatchObject({ type: 'config_error', code: 'redirect-refused' });
    expect(server.requests).toHaveLength(1);
  });

  it('to nowhere readable are refused', async () => {
    const server = await redirecting(302, { '/a': 'http://[broken/' });
    expect(await failureOf(client.request({ method: 'GET', url: `${server.url}/a` }, testContext()))).toMatchObject({
      code: 'redirect-unreadable',
    });
  });

  it('without a location are answers like any other', async () => {
    const server = await startAnswerServer((_, response) => response.writeHead(304).end());
    servers.push(server);
    expect((await client.request({ method: 'GET', url: server.url }, testContext())).status).toBe(304);
  });
});
