import { failureOf } from '../http/answer-server';
import { testContext } from '../http/test-context';
import { invoicePage, json, listOf, serverBench, type ServerBench } from './zoho-bench';

let bench: ServerBench;

afterEach(() => bench.close());

async function answering(status: number, body: unknown, type?: string): Promise<void> {
  bench = await serverBench({
    api: (_, response) => {
      if (type === undefined) json(response, status, body);
      else response.writeHead(status, { 'content-type': type }).end(body);
    },
  });
}

const list = (): Promise<unknown> => bench.client.list(listOf('invoices'), testContext());
const detail = (): Promise<unknown> => bench.client.detail({ entity: 'invoices', id: '982000000567114' }, testContext());

describe('a list answer without its records is never an empty page', () => {
  it.each<[string, unknown]>([
    ['no array', { code: 0, message: 'success', page_context: { page: 1, per_page: 200, has_more_page: false } }],
    ['only a code', { code: 0 }],
    ['null', invoicePage(null)],
    ['an object', invoicePage({})],
    ['a text', invoicePage('[]')],
    ['an array of something else', invoicePage([{ invoice_id: '1' }, null])],
    ['an array of arrays', invoicePage([[]])],
    ['no page context', { code: 0, invoices: [] }],
    ['page context as array', { code: 0, invoices: [], page_context: [] }],
    ['no word on further pages', invoicePage([], { has_more_page: undefined })],
    ['a text about further pages', invoicePage([], { has_more_page: 'false' })],
    ['another page than the one asked for', invoicePage([{ invoice_id: '1' }], { page: 2 })],
  ])('%s', async (_, body) => {
    await answering(200, body);
    const error = await failureOf(list());
    expect(error).toMatchObject({ type: 'source_error', code: 'answer-misshapen', retryable: true });
    expect(bench.count('api')).toBe(4);
  });

  it('"more pages" beside no records contradicts itself', async () => {
    await answering(200, invoicePage([], { has_more_page: true }));
    expect(await failureOf(list())).toMatchObject({ type: 'source_error', code: 'page-contradicts-itself' });
  });

  it('an empty array is an empty page', async () => {
    await answering(200, invoicePage([]));
    expect(await list()).toMatchObject({ next: null });
  });

  it('a server that sends smaller pages than asked is asked on behind each full one', async () => {
    await answering(200, invoicePage([{ invoice_id: '1' }, { invoice_id: '2' }], { per_page: 2 }));
    expect(await list()).toMatchObject({ next: { page: 2 } });
  });
});

describe('a detail answer is the asked record', () => {
  it.each<[string, unknown]>([
    ['missing', { code: 0, message: 'success' }],
    ['null', { code: 0, invoice: null }],
    ['an array', { code: 0, invoice: [{ invoice_id: '982000000567114' }] }],
    ['another one', { code: 0, invoice: { invoice_id: '982000000567115' } }],
    ['without id', { code: 0, invoice: { total: 1 } }],
  ])('not %s', async (_, body) => {
    await answering(200, body);
    expect(await failureOf(detail())).toMatchObject({ type: 'source_error', code: 'answer-misshapen' });
  });

  it('also where Zoho writes its id as a bare number', async () => {
    await answering(200, '{"code":0,"invoice":{"invoice_id":982000000567114}}');
    expect(await detail()).toMatchObject({ found: true });
  });

  it.each([
    [404, { code: 1002, message: 'Invoice does not exist.' }],
    [400, { code: 1002, message: 'Invoice does not exist.' }],
    [404, { code: 2006, message: 'Item does not exist.' }],
  ])('or not found: %d %j', async (status, body) => {
    await answering(status, body);
    expect(await detail()).toMatchObject({ found: false });
    expect(bench.count('api')).toBe(1);
  });

  it.each<[number, unknown, string | undefined]>([
    [404, { code: 5, message: 'Invalid URL Passed' }, undefined],
    [404, { message: 'gone' }, undefined],
    [404, '{}', undefined],
    [404, '<html>Not Found</html>', 'text/html'],
  ])('%d %j means a wrong address, not a vanished record', async (status, body, type) => {
    await answering(status, body, type);
    expect(await failureOf(detail())).toMatchObject({ type: 'config_error', code: 'zoho-url-wrong' });
  });
});

describe('answers that are no data', () => {
  it.each<[number, unknown, string | undefined, string, string]>([
    [200, { code: 9, message: 'Something' }, undefined, 'source_error', 'zoho-code'],
    [200, { message: 'success', invoices: [] }, undefined, 'source_error', 'zoho-code'],
    [200, { code: '0', invoices: [] }, undefined, 'source_error', 'zoho-code'],
    [200, '[]', undefined, 'source_error', 'zoho-code'],
    [200, 'null', undefined, 'source_error', 'zoho-code'],
    [204, '', undefined, 'source_error', 'answer-not-json'],
    [304, '', undefined, 'source_error', 'answer-not-json'],
    [200, '<html>Please log in', 'text/html', 'source_error', 'answer-not-json'],
    [400, '<html>Bad Request', 'text/html', 'source_error', 'answer-not-json'],
    [400, { code: 4, message: 'Invalid value passed for sort_column' }, undefined, 'config_error', 'zoho-request-refused'],
    [400, { code: 2, message: 'Invalid value passed for organization_id' }, undefined, 'config_error', 'zoho-organization-wrong'],
    [403, { code: 1, message: 'Forbidden' }, undefined, 'auth_error', 'zoho-forbidden'],
    [405, { code: 37, message: 'Method not allowed' }, undefined, 'config_error', 'zoho-request-refused'],
    [408, '', 'text/plain', 'transient_error', 'service-unavailable'],
    [503, 'upstream connect error', 'text/plain', 'transient_error', 'service-unavailable'],
    [429, '<html>Slow down', 'text/html', 'rate_limited', 'rate-limited'],
    [429, { code: 43, message: 'blocked' }, undefined, 'rate_limited', 'rate-limited'],
    [200, { code: 44, message: 'blocked' }, undefined, 'rate_limited', 'rate-limited'],
    [200, { code: 45, message: 'used up' }, undefined, 'quota_exhausted', 'quota-exhausted'],
    [401, '<html>Unauthorized', 'text/html', 'auth_error', 'zoho-not-authorized'],
    [400, { code: 57, message: 'not authorized' }, undefined, 'auth_error', 'zoho-not-authorized'],
    [404, { code: 1002, message: 'does not exist' }, undefined, 'source_error', 'answer-misshapen'],
  ])('%d %j (%s) is %s %s', async (status, body, type, expected, code) => {
    await answering(status, body, type);
    expect(await failureOf(list())).toMatchObject({ type: expected, code });
  });

  it('1070 with a Retry-After waits that long', async () => {
    let first = true;
    bench = await serverBench({
      api: (_, response) => {
        if (!first) return json(response, 200, invoicePage([]));
        first = false;
        response.setHeader('retry-after', '3');
        json(response, 429, { code: 1070, message: 'in process' });
      },
    });
    await list();
    expect(bench.clock.slept).toEqual([3_000]);
  });

  it('control characters of a message do not reach the terminal', async () => {
    await answering(400, { code: 4, message: 'bad \u001b[31mvalue\u202e' });
    const error = (await failureOf(list())) as Error;
    expect(error.message).toContain('bad \\u001b[31mvalue\\u202e');
  });
});

describe('a cancel', () => {
  it.each(['the limiter', 'a pause between attempts', 'the answer'])('ends the wait for %s within a second', async (where) => {
    const controller = new AbortController();
    const ctx = testContext({ signal: controller.signal });
    const { systemClock } = await import('../../src/http/clock');
    let reached = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal: AbortSignal) => (reached(), systemClock.sleep(where === 'the answer' ? 0 : Math.max(ms, 30_000), signal)),
    };
    bench = await serverBench(
      {
        api: (_, response) => {
          if (where === 'the answer') return reached();
          json(response, where === 'the limiter' ? 429 : 502, { code: where === 'the limiter' ? 44 : 1000 });
        },
      },
      { fetchClock: clock },
    );
    const failing = failureOf(bench.client.list(listOf('items'), ctx));
    await waiting;
    const started = performance.now();
    controller.abort();
    expect(await failing).toMatchObject({ type: 'cancelled' });
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
