import { parseInstant } from '../../src/domain/instant';
import { startAnswerServer } from '../http/answer-server';
import { testContext } from '../http/test-context';
import { listOf, readAll, SQUARE_CANARY, squareBench, type SquareBench } from './square-bench';

let bench: SquareBench;

afterEach(() => bench.close());

const NOON = new Date('2026-10-01T12:00:00Z');
const atNoon = (signal?: AbortSignal): ReturnType<typeof testContext> =>
  testContext({ now: () => NOON, ...(signal === undefined ? {} : { signal }) });
const ask = (ctx = atNoon()): Promise<unknown> => bench.client.list(listOf(bench, 'orders'), ctx);
const asked = (): number => bench.sandbox.control.requestLog().length;

describe('a trouble', () => {
  it.each([
    ['html502', 'transient_error', 'service-unavailable'],
    ['badGateway', 'transient_error', 'service-unavailable'],
    ['internal', 'transient_error', 'service-unavailable'],
    ['unavailable', 'transient_error', 'service-unavailable'],
    ['gatewayTimeout', 'transient_error', 'service-unavailable'],
    ['html200', 'source_error', 'answer-not-json'],
    ['truncated', 'source_error', 'answer-not-json'],
    ['notUtf8', 'source_error', 'answer-not-json'],
    ['wrongEnvelope', 'source_error', 'answer-misshapen'],
    ['reset', 'transient_error', 'connection-lost'],
    ['resetMidBody', 'transient_error', 'connection-lost'],
    ['gzipCut', 'source_error', 'compression-damaged'],
  ] as const)('%s is tried again; one that stays goes up as %s %s, never as an empty list', async (fault, type, code) => {
    bench = await squareBench();
    bench.sandbox.control.addFault(`orders=${fault},times=2`);
    await ask();
    expect(asked()).toBe(3);
    bench.sandbox.control.addFault(`orders=${fault}`);
    await expect(ask()).rejects.toMatchObject({ type, code });
    expect(asked()).toBe(7);
  });

  it.each(['errorsIn200', 'errorsBesideRecords'] as const)(
    '%s: errors in a good answer are a failure, whatever stands beside them',
    async (fault) => {
      bench = await squareBench();
      bench.sandbox.control.addFault(`orders=${fault}`);
      await expect(ask()).rejects.toMatchObject({ type: 'source_error', code: 'square-errors' });
      expect(asked()).toBe(1);
    },
  );

  it.each([
    ['expired', 'has expired'],
    ['revoked', 'revoked'],
    ['unauthorized', 'wrong'],
    ['scopes', 'ORDERS_READ'],
  ] as const)('%s is told once, with the way out, and is not tried again', async (fault, why) => {
    bench = await squareBench();
    bench.sandbox.control.addFault(`orders=${fault}`);
    const error: unknown = await ask().catch((failure: unknown) => failure);
    expect(error).toMatchObject({ type: 'auth_error', code: 'square-not-authorized', why: expect.stringContaining(why) as string });
    expect(JSON.stringify(error)).not.toContain(SQUARE_CANARY);
    expect(asked()).toBe(1);
  });

  it('a cursor that Square forgot is an error of its own, for whoever knows where the list stood', async () => {
    bench = await squareBench();
    const { answers } = await readAll(bench, 'catalog');
    bench.sandbox.control.addFault('catalog-list:2=invalidCursor,times=1');
    const again = bench.client.list(listOf(bench, 'catalog', { position: answers[0]!.next }), atNoon());
    await expect(again).rejects.toMatchObject({ type: 'source_error', code: 'cursor-lost' });
  });

  it('a cursor that leads to the same page again is no page', async () => {
    const server = await startAnswerServer((_request, response) => response.end('{"objects":[],"cursor":"x"}'));
    bench = await squareBench({}, { baseUrl: server.url });
    const second = bench.client.list(listOf(bench, 'catalog', { position: { cursor: 'x' } }), atNoon());
    await expect(second).rejects.toMatchObject({ code: 'answer-misshapen', message: expect.stringContaining('same page') as string });
    await server.close();
  });

  it('a question that Square refuses names what it said', async () => {
    bench = await squareBench();
    const request = listOf(bench, 'orders', { partitions: Array.from({ length: 11 }, (_, n) => `L${n}`) });
    await expect(bench.client.list(request, atNoon())).rejects.toMatchObject({ type: 'config_error', code: 'square-request-refused' });
    expect(asked()).toBe(1);
  });
});

describe('a limit', () => {
  it('is waited out for as long as Square says, and not counted as a failure', async () => {
    bench = await squareBench();
    bench.sandbox.control.addFault('orders=rateLimited,times=1,retry_after=7');
    await ask();
    expect(bench.clock.slept.some((ms) => ms >= 7_000 && ms < 8_000)).toBe(true);
  });

  it('that comes again goes up with the time until which to wait', async () => {
    bench = await squareBench();
    bench.sandbox.control.addFault('orders=rateLimited');
    const error = (await ask().catch((failure: unknown) => failure)) as { facts: Record<string, unknown> };
    expect(error).toMatchObject({ type: 'rate_limited' });
    expect(parseInstant(String(error.facts['until']))).not.toBeNull();
    expect(asked()).toBe(2);
  });
});

it('a cancel ends a silent request within a second', async () => {
  bench = await squareBench();
  bench.sandbox.control.addFault('orders=hang');
  const cancel = new AbortController();
  const failure = expect(ask(atNoon(cancel.signal))).rejects.toMatchObject({ type: 'cancelled' });
  while (asked() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const began = performance.now();
  cancel.abort();
  await failure;
  expect(performance.now() - began).toBeLessThan(1_000);
});
