import { rawNumber } from '../../src/sandbox';
import type { Json } from './independent-client';
import { caller, closeSquare, COUNTS, micros, since, square, truth } from './square-sandboxes';

afterEach(closeSquare);

const FIRST = '2020-01-01T00:00:00Z';

describe('data from a seed', () => {
  const everything = async (seed: number): Promise<string[]> => {
    const sandbox = await square({ seed });
    const lists = ['locations', 'categories', 'items', 'orders', 'counts'] as const;
    return lists.flatMap((entity) => [...sandbox.control.truth(entity)].map(({ text }) => text));
  };

  it('is the same to the byte for the same seed, and other data for another', async () => {
    const [one, again, other] = [await everything(42), await everything(42), await everything(43)];
    expect(one).toEqual(again);
    expect(one.filter((text) => other.includes(text))).toEqual([]);
  });

  it('has ids that say nothing and are never given twice', async () => {
    const sandbox = await square({ counts: { locations: 20, categories: 50, items: 100, orders: 500 } });
    const entities = ['locations', 'categories', 'items', 'variations', 'orders'] as const;
    const ids = entities.flatMap((entity) => [...sandbox.control.truth(entity)].map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{13,27}$/);
    for (const entity of entities) expect(sandbox.control.indexOf(entity, sandbox.control.idOf(entity, 3 * 3))).toBe(9);
    expect(() => sandbox.control.indexOf('orders', 'CAISENgvlJ6jLWAzERDzjyHVybY')).toThrow('the sandbox has no orders record');
  });

  it('carries what clients stumble over: yen, negative and huge amounts, broken quantities, timestamps of many digits, late orders', async () => {
    const sandbox = await square({ counts: { ...COUNTS, orders: 400 } });
    const texts = [...sandbox.control.truth('orders')].map(({ text }) => text);
    const whole = texts.join('\n');
    for (const part of ['"currency":"JPY"', '"amount":9007199254740993', '"quantity":"0.125"', '"customer_id":null', '"amount":-'])
      expect(whole).toContain(part);
    for (const digits of [/:\d\dZ"/, /:\d\d\.\d{3}Z"/, /:\d\d\.\d{6}Z"/]) expect(whole).toMatch(digits);
    for (const text of texts) {
      const order = JSON.parse(text) as Json;
      expect(micros(order.updated_at as string) > micros(order.created_at as string)).toBe(true);
    }
  });

  it('has sums that are the exact sums of the lines', async () => {
    const sandbox = await square();
    for (const order of truth(sandbox, 'orders').values()) {
      if (order.returns !== undefined || order.total_money.amount >= 2 ** 53) continue;
      const lines = (order.line_items ?? []) as Json[];
      const sum = lines.reduce((total, line) => total + (line.total_money.amount as number), 0);
      expect(order.total_money.amount - order.total_tip_money.amount).toBe(sum);
    }
  });

  it('was all changed at least an hour before the clock starts', async () => {
    const sandbox = await square();
    const limit = BigInt(sandbox.control.now().getTime() - 3_600_000) * 1000n + 1_000_000n;
    for (const order of truth(sandbox, 'orders').values()) expect(micros(order.updated_at as string)).toBeLessThan(limit);
  });

  it('can be a million orders of which only the page that is asked for is made', async () => {
    const sandbox = await square({ counts: { locations: 3, categories: 10, items: 1000, orders: 1_000_000 } });
    const { json } = caller(sandbox);
    const start = performance.now();
    const first = await json('orders/search', since(sandbox, '2026-01-01T00:00:00Z', { limit: 10 }));
    const second = await json('orders/search', { ...since(sandbox, '2026-01-01T00:00:00Z', { limit: 10 }), cursor: first.cursor });
    expect([first.orders.length, second.orders.length]).toEqual([10, 10]);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('changes of orders', () => {
  it('raise the version and stamp the sandbox’s clock; exact digits reach the wire', async () => {
    const sandbox = await square();
    const { json, raw } = caller(sandbox);
    const before = truth(sandbox, 'orders').get(sandbox.control.idOf('orders', 5)) as Json;
    sandbox.control.advanceClock(1234);
    const id = sandbox.control.edit('orders', 5, {
      state: 'CANCELED',
      total_money: { amount: rawNumber('9223372036854775807'), currency: 'JPY' },
    });
    const text = await (await raw('orders/batch-retrieve', { order_ids: [id] })).text();
    expect(text).toContain('"amount":9223372036854775807');
    const [after] = (await json('orders/batch-retrieve', { order_ids: [id] })).orders as Json[];
    expect(after).toMatchObject({
      state: 'CANCELED',
      version: before.version + 1,
      created_at: before.created_at,
      updated_at: '2026-10-01T08:00:01.234Z',
    });
    expect(() => sandbox.control.remove('orders' as 'items', id)).toThrow('Square never deletes orders');
  });

  it('bring offline orders: old by creation, new by change', async () => {
    const sandbox = await square();
    const id = sandbox.control.offlineOrder({ hoursLate: 71, patch: { ticket_name: 'Van' } });
    const order = truth(sandbox, 'orders').get(id) as Json;
    expect(order).toMatchObject({ ticket_name: 'Van', version: 1 });
    expect(micros(order.created_at as string)).toBe(micros('2026-09-28T09:00:00Z'));
    expect(micros(order.updated_at as string)).toBe(micros('2026-10-01T08:00:00Z'));
    expect(sandbox.control.count('orders')).toBe(301);
  });

  it('bring orders and edits late: visible only now, with an older time of change', async () => {
    const sandbox = await square();
    const made = sandbox.control.lateCommit('orders', { updatedAt: '2026-09-25T12:00:00.5Z' });
    const edited = sandbox.control.lateCommit('orders', { updatedAt: '2026-09-26T12:00:00Z', record: 3, patch: { ticket_name: 'late' } });
    const { orders } = await caller(sandbox).json('orders/search', since(sandbox, '2026-09-25T12:00:00Z'));
    const found = new Map((orders as Json[]).map((order) => [order.id as string, order]));
    for (const field of ['updated_at', 'created_at'])
      expect(micros(found.get(made)?.[field] as string)).toBe(micros('2026-09-25T12:00:00.5Z'));
    expect(found.get(edited)).toMatchObject({ ticket_name: 'late' });
  });
});

describe('tokens', () => {
  it('are refused with the reason: unknown, expired, revoked', async () => {
    const sandbox = await square();
    const { error, raw } = caller(sandbox);
    expect((await raw('locations')).status).toBe(200);
    expect((await fetch(`${sandbox.baseUrl}/v2/locations`)).status).toBe(401);
    expect(await caller(sandbox, 'stranger').error('locations')).toBe('401 UNAUTHORIZED');
    sandbox.control.expireToken();
    expect(await error('locations')).toBe('401 ACCESS_TOKEN_EXPIRED');
    const next = sandbox.control.renewToken();
    expect((await caller(sandbox, next).raw('locations')).status).toBe(200);
    expect(await error('locations')).toBe('401 ACCESS_TOKEN_EXPIRED');
    sandbox.control.revokeToken();
    expect(await caller(sandbox, next).error('locations')).toBe('401 ACCESS_TOKEN_REVOKED');
  });

  it('age by the sandbox’s clock when they have a lifetime', async () => {
    const sandbox = await square({ tokenLifetimeSeconds: 60 });
    sandbox.control.advanceClock(59_999);
    expect((await caller(sandbox).raw('locations')).status).toBe(200);
    sandbox.control.advanceClock(1);
    expect(await caller(sandbox).error('locations')).toBe('401 ACCESS_TOKEN_EXPIRED');
  });
});

describe('requests', () => {
  it('are told the version and the time; a wrong version, path or method is refused', async () => {
    const sandbox = await square({ startClock: '2026-02-03T04:05:06Z' });
    const { raw, error } = caller(sandbox);
    const headers = (await raw('locations')).headers;
    expect([headers.get('square-version'), headers.get('date')]).toEqual(['2025-08-20', 'Tue, 03 Feb 2026 04:05:06 GMT']);
    const odd = await fetch(`${sandbox.baseUrl}/v2/locations`, {
      headers: { Authorization: `Bearer ${sandbox.accessToken}`, 'Square-Version': 'newest' },
    });
    expect(((await odd.json()) as Json).errors[0].code).toBe('INVALID_SQUARE_VERSION_FORMAT');
    expect(await error('unicorns')).toBe('404 NOT_FOUND');
    expect(await error('orders/search')).toBe('405 METHOD_NOT_ALLOWED');
    expect(await error('orders/search', 'text')).toBe('400 EXPECTED_JSON_BODY');
  });

  it('are limited by second, by minute and at once; 429 says when to come back only when told so', async () => {
    const sandbox = await square({ callsPerSecond: 2, callsPerMinute: 3, rateWindow: 'sandbox' });
    const { error, raw } = caller(sandbox);
    const statuses = async (calls: number): Promise<number[]> => {
      const found: number[] = [];
      for (let n = 0; n < calls; n += 1) found.push((await raw('locations')).status);
      return found;
    };
    expect(await statuses(3)).toEqual([200, 200, 429]);
    expect(await error('locations')).toBe('429 RATE_LIMITED');
    expect((await raw('locations')).headers.get('retry-after')).toBeNull();
    sandbox.control.advanceClock(1000);
    expect(await statuses(2)).toEqual([200, 429]);
    sandbox.control.setRules({ retryAfterSeconds: 30 });
    expect((await raw('locations')).headers.get('retry-after')).toBe('30');
    sandbox.control.setLimits({ callsPerMinute: Infinity, callsPerSecond: Infinity, concurrent: 0 });
    expect(await statuses(1)).toEqual([429]);
  });

  it('are in the log, with what was asked, how much was answered, and no secret', async () => {
    const sandbox = await square();
    const { pages, raw } = caller(sandbox);
    const found = await pages('orders/search', since(sandbox, FIRST, { limit: 200 }));
    await raw('unicorns');
    const log = sandbox.control.requestLog();
    expect(log.map(({ kind, page, continued, status, records, code }) => ({ kind, page, continued, status, records, code }))).toEqual([
      { kind: 'orders', page: 1, continued: false, status: 200, records: 200, code: undefined },
      { kind: 'orders', page: 2, continued: true, status: 200, records: 100, code: undefined },
      { kind: 'other', page: 1, continued: false, status: 404, records: undefined, code: 'NOT_FOUND' },
    ]);
    expect(log[1]?.asked).toEqual(since(sandbox, FIRST, { limit: 200 }));
    expect(log[1]?.ids).toEqual((found[1]?.orders as Json[]).map(({ id }) => id as string));
    expect(JSON.stringify(log)).not.toContain(sandbox.accessToken);
  });

  it('that are no JSON are in the log as they came', async () => {
    const sandbox = await square();
    const headers = { Authorization: `Bearer ${sandbox.accessToken}` };
    const answer = await fetch(`${sandbox.baseUrl}/v2/orders/search`, { method: 'POST', headers, body: '{"limit":' });
    expect(((await answer.json()) as Json).errors[0].code).toBe('EXPECTED_JSON_BODY');
    expect(sandbox.control.requestLog()[0]).toMatchObject({ asked: '{"limit":', status: 400, code: 'EXPECTED_JSON_BODY' });
  });

  it('can be met by a hook that changes the data between two pages', async () => {
    const sandbox = await square();
    const unread = sandbox.control.idOf('orders', 299);
    sandbox.control.onRequest(
      { kind: 'orders', page: 1 },
      () => void sandbox.control.edit('orders', unread, { ticket_name: 'moved' }, { updatedAt: FIRST }),
    );
    const found = await caller(sandbox).pages('orders/search', since(sandbox, FIRST, { limit: 100 }));
    expect(found.flatMap(({ orders }) => orders as Json[]).map(({ id }) => id as string)).not.toContain(unread);
  });
});

describe('the switchboard over HTTP', () => {
  const post = async (sandbox: Awaited<ReturnType<typeof square>>, path: string, body: object): Promise<Json> => {
    const headers = { 'x-sandbox-token': sandbox.controlToken };
    return (await (
      await fetch(`${sandbox.url}/__sandbox/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    ).json()) as Json;
  };

  it('does what a test can do', async () => {
    const sandbox = await square();
    const { id } = await post(sandbox, 'edit', {
      entity: 'orders',
      index: 3,
      patch: { ticket_name: 'HTTP' },
      updatedAt: '2026-10-01T07:59:59Z',
    });
    expect(truth(sandbox, 'orders').get(id as string)).toMatchObject({ ticket_name: 'HTTP', updated_at: '2026-10-01T07:59:59.000Z' });
    await post(sandbox, 'create', { entity: 'items' });
    await post(sandbox, 'remove', { entity: 'categories', index: 0 });
    await post(sandbox, 'offline-order', { hoursLate: 5 });
    await post(sandbox, 'late-commit', { entity: 'orders', updatedAt: '2026-09-01T00:00:00Z' });
    expect((await post(sandbox, 'set-count', { variation: 0, location: 1, quantity: '3' })).id).toContain('|IN_STOCK');
    expect(sandbox.control.stats().counts).toEqual({ locations: 3, categories: 7, items: 26, orders: 302 });
    await post(sandbox, 'rules', { shortPages: true });
    await post(sandbox, 'faults', { spec: 'locations=html502,times=1' });
    expect((await caller(sandbox).raw('locations')).status).toBe(502);
    const { accessToken } = await post(sandbox, 'renew-token', {});
    expect((await caller(sandbox, accessToken as string).raw('locations')).status).toBe(200);
    expect(await post(sandbox, 'clock', { advanceMs: 1000 })).toEqual({ now: '2026-10-01T08:00:01.000Z' });
    expect((await post(sandbox, 'create', { entity: 'counts' })).error).toBe('counts are set by POST set-count');
    expect((await post(sandbox, 'edit', { entity: 'invoices', index: 0 })).error).toContain('known are locations');
  });

  it('streams the truth, and is closed to who does not know the token', async () => {
    const sandbox = await square();
    const get = (token: string): Promise<Response> =>
      fetch(`${sandbox.url}/__sandbox/truth/items`, { headers: { 'x-sandbox-token': token } });
    expect((await get('wrong')).status).toBe(403);
    const lines = (await (await get(sandbox.controlToken)).text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
    expect(new Map(lines.map(({ id, record }) => [id as string, record as Json]))).toEqual(truth(sandbox, 'items'));
  });
});
