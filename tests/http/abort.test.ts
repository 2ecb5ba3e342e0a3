import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createHttpClient, type HttpClient } from '../../src/http/http-client';
import { failureOf, startAnswerServer, startRawAnswerServer, type TestServer } from './answer-server';
import { testContext } from './test-context';

const servers: TestServer[] = [];
let client: HttpClient;

beforeEach(() => {
  client = createHttpClient();
});

afterEach(async () => {
  await client.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Aborts once `reached` resolves; gives the error and the milliseconds from abort to error. */
async function abortedAt(url: string, reached: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const controller = new AbortController();
  const failing = failureOf(client.request({ method: 'GET', url }, testContext({ signal: controller.signal })));
  await reached;
  const started = performance.now();
  controller.abort();
  return { error: await failing, ms: performance.now() - started };
}

function gate(): { readonly passed: Promise<void>; readonly pass: () => void } {
  let pass = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    pass = resolve;
  });
  return { passed, pass };
}

it('so many exchanges as a source may allow listen to one signal, and none is taken for a leak', async () => {
  const code = `
    const { startDeadline } = require(${JSON.stringify(join(__dirname, '../../dist/http/deadline.js'))});
    const { signal } = new AbortController();
    for (let n = 0; n < 40; n += 1) startDeadline(signal, 60_000);
    setImmediate(() => process.exit(0));`;
  const { stderr } = await promisify(execFile)(process.execPath, ['-e', code]);
  expect(stderr).toBe('');
});

describe('a cancel takes effect within a second', () => {
  it('while the connection is being made', async () => {
    const { passed, pass } = gate();
    const server = await startRawAnswerServer(pass);
    servers.push(server);
    const { error, ms } = await abortedAt(`https://127.0.0.1:${server.port}/`, passed);
    expect(error).toMatchObject({ type: 'cancelled', retryable: false });
    expect(ms).toBeLessThan(1_000);
  });

  it('while waiting for the headers', async () => {
    const { passed, pass } = gate();
    const server = await startAnswerServer(pass);
    servers.push(server);
    const { error, ms } = await abortedAt(server.url, passed);
    expect(error).toMatchObject({ type: 'cancelled' });
    expect(ms).toBeLessThan(1_000);
  });

  it('in the middle of the body, and the connection is dropped', async () => {
    const { passed, pass } = gate();
    const dropped = gate();
    const server = await startAnswerServer((_, response) => {
      response.on('close', dropped.pass);
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{', pass);
    });
    servers.push(server);
    const { error, ms } = await abortedAt(server.url, passed);
    expect(error).toMatchObject({ type: 'cancelled' });
    expect(ms).toBeLessThan(1_000);
    await dropped.passed;
  });

  it('before the request: nothing is sent', async () => {
    const server = await startAnswerServer((_, response) => response.end('{}'));
    servers.push(server);
    const error = await failureOf(client.request({ method: 'GET', url: server.url }, testContext({ signal: AbortSignal.abort() })));
    expect(error).toMatchObject({ type: 'cancelled' });
    expect(server.requests).toHaveLength(0);
  });
});
