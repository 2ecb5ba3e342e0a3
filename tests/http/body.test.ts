import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

import { createHttpClient, type HttpClient } from '../../src/http/http-client';
import { failureOf, sayAndHangUp, startAnswerServer, startRawAnswerServer, type TestServer } from './answer-server';
import { testContext } from './test-context';

const TEXT = JSON.stringify({ name: 'Müller', rows: Array.from({ length: 500 }, (_, n) => ({ n, text: `row ${n * 7919}` })) });

const servers: TestServer[] = [];
let client: HttpClient;

beforeEach(() => {
  client = createHttpClient();
});

afterEach(async () => {
  await client.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(body: Buffer, headers: Record<string, string> = {}): Promise<string> {
  const server = await startAnswerServer((_, response) => response.writeHead(200, headers).end(body));
  servers.push(server);
  return server.url;
}

async function serveRaw(bytes: string | Buffer): Promise<string> {
  const server = await startRawAnswerServer(sayAndHangUp(bytes));
  servers.push(server);
  return server.url;
}

describe('compressed answers', () => {
  it.each([
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['GZIP', gzipSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
    ['identity', Buffer.from(TEXT)],
  ])('are decoded: %s', async (encoding, body) => {
    const url = await serve(body, { 'content-encoding': encoding });
    expect((await client.request({ method: 'GET', url }, testContext())).body.toString()).toBe(TEXT);
  });

  it.each([
    ['gzip', gzipSync(TEXT).subarray(0, -9)],
    ['gzip', gzipSync(TEXT).subarray(0, 40)],
    ['br', brotliCompressSync(TEXT).subarray(0, -3)],
    ['deflate', deflateSync(TEXT).subarray(0, -20)],
    ['gzip', Buffer.from(TEXT)],
    ['br', gzipSync(TEXT)],
  ])('that are cut or mislabelled are refused: %s (case %#)', async (encoding, body) => {
    const url = await serve(body, { 'content-encoding': encoding });
    const error = await failureOf(client.request({ method: 'GET', url }, testContext()));
    expect(error).toMatchObject({ type: 'source_error', code: 'compression-damaged', retryable: true });
  });

  it('in a form that was not asked for are refused', async () => {
    const url = await serve(Buffer.from('x'), { 'content-encoding': 'zstd' });
    expect(await failureOf(client.request({ method: 'GET', url }, testContext()))).toMatchObject({
      type: 'source_error',
      code: 'encoding-unknown',
    });
  });

  it('that grow beyond the ratio are refused before they fill the memory', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const url = await serve(bomb, { 'content-encoding': 'gzip' });
    const error = await failureOf(client.request({ method: 'GET', url }, testContext()));
    expect(error).toMatchObject({ type: 'source_error', code: 'answer-too-large', facts: { limit: bomb.length * 100 } });
  });

  it('that are small may repeat themselves more than that', async () => {
    const url = await serve(gzipSync(Buffer.alloc(900_000, ' ')), { 'content-encoding': 'gzip' });
    expect((await client.request({ method: 'GET', url }, testContext())).body.length).toBe(900_000);
  });
});

describe('the length of an answer', () => {
  it('may be as large as allowed, not a byte larger', async () => {
    const url = await serve(Buffer.alloc(1_000, 'x'));
    expect((await client.request({ method: 'GET', url, maxBytes: 1_000 }, testContext())).body.length).toBe(1_000);
    const error = await failureOf(client.request({ method: 'GET', url, maxBytes: 999 }, testContext()));
    expect(error).toMatchObject({ type: 'source_error', code: 'answer-too-large', retryable: false });
  });

  it('is stopped at the limit where the answer never ends', async () => {
    const server = await startAnswerServer((_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return;
        response.once('drain', more);
      };
      more();
    });
    servers.push(server);
    const error = await failureOf(client.request({ method: 'GET', url: server.url, maxBytes: 3_000_000 }, testContext()));
    expect(error).toMatchObject({ code: 'answer-too-large' });
  });

  it.each([
    ['fewer bytes than Content-Length says', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"code":0}'],
    ['a chunked body without its last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{"code":0}\r\n'],
    ['a chunk that breaks off', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"code":0}'],
  ])('%s is a lost connection, never a short answer', async (_, bytes) => {
    const error = await failureOf(client.request({ method: 'GET', url: await serveRaw(bytes) }, testContext()));
    expect(error).toMatchObject({ type: 'transient_error', code: 'connection-lost' });
  });

  it('holds where more bytes come than Content-Length says', async () => {
    const url = await serveRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"code":0}{"code":1}');
    const answer = await client.request({ method: 'GET', url }, testContext());
    expect(answer.body.toString()).toBe('{"code":0}');
  });

  it('that is no number is not HTTP', async () => {
    const url = await serveRaw('HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{"code":0}');
    expect(await failureOf(client.request({ method: 'GET', url }, testContext()))).toMatchObject({ code: 'not-http' });
  });
});
