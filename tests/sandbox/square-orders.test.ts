import type { Json } from './independent-client';
import { caller, closeSquare, COUNTS, locationIds, micros, since, square, truth } from './square-sandboxes';

afterEach(closeSquare);

const FIRST = '2020-01-01T00:00:00Z';
const ids = (pages: Json[]): string[] => pages.flatMap(({ orders }) => ((orders ?? []) as Json[]).map(({ id }) => id as string));
const updated = (order: Json): bigint => micros(order.updated_at as string);

describe('a search of orders', () => {
  it('pages through all of them, each once, ascending by the instant of their last change', async () => {
    const sandbox = await square();
    const found = await caller(sandbox).pages('orders/search', since(sandbox, FIRST, { limit: 70 }));
    expect(found.map(({ orders }) => orders.length)).toEqual([70, 70, 70, 70, 20]);
    expect(new Set(ids(found))).toEqual(new Set(truth(sandbox, 'orders').keys()));
    const instants = found.flatMap(({ orders }) => (orders as Json[]).map(updated));
    expect(instants.every((instant, n) => n === 0 || instant >= (instants[n - 1] as bigint))).toBe(true);
    // Bursts share one instant, across the edges of pages too, and write it in several ways.
    expect(new Set(instants).size).toBeLessThan(200);
  });

  it('descends unless told otherwise, five hundred to a page, by the time of creation', async () => {
    const sandbox = await square({ counts: { ...COUNTS, orders: 620 } });
    const found = await caller(sandbox).pages('orders/search', { location_ids: locationIds(sandbox) });
    expect(found.map(({ orders }) => orders.length)).toEqual([500, 120]);
    const instants = found.flatMap(({ orders }) => (orders as Json[]).map(({ created_at }) => micros(created_at as string)));
    expect(instants.every((instant, n) => n === 0 || instant <= (instants[n - 1] as bigint))).toBe(true);
  });

  it('takes both ends of a range in', async () => {
    const sandbox = await square();
    const all = [...truth(sandbox, 'orders').values()].sort((a, b) => Number(updated(a) - updated(b)));
    const [start_at, end_at] = [all[100]?.updated_at, all[140]?.updated_at] as [string, string];
    const expected = all
      .filter((order) => updated(order) >= micros(start_at) && updated(order) <= micros(end_at))
      .map(({ id }) => id as string);
    for (const sort_order of ['ASC', 'DESC']) {
      const query = { filter: { date_time_filter: { updated_at: { start_at, end_at } } }, sort: { sort_field: 'UPDATED_AT', sort_order } };
      const found = await caller(sandbox).pages('orders/search', { location_ids: locationIds(sandbox), limit: 9, query });
      expect(ids(found).sort()).toEqual([...expected].sort());
    }
  });

  it('compares instants, whatever zone and digits they are written with', async () => {
    const sandbox = await square();
    const { json } = caller(sandbox);
    const id = sandbox.control.edit('orders', 3, {}, { updatedAt: '2026-10-01T07:30:00.123456Z' });
    const from = async (start: string): Promise<string[]> => ids([await json('orders/search', since(sandbox, start))]);
    expect(await from('2026-10-01T09:30:00.123456+02:00')).toEqual([id]);
    expect(await from('2026-10-01T07:30:00.123457Z')).toEqual([]);
    expect(await from('2026-10-01T07:30:00.123Z')).toEqual([id]);
  });

  it('ends, without an end, at the time of the first request, for all pages', async () => {
    const sandbox = await square();
    const { json } = caller(sandbox);
    const body = since(sandbox, FIRST, { limit: 200 });
    const first = await json('orders/search', body);
    const read = new Set(ids([first]));
    const unread = [...truth(sandbox, 'orders').keys()].filter((id) => !read.has(id));
    sandbox.control.advanceClock(1000);
    const edited = sandbox.control.edit('orders', unread[0] as string);
    const second = await json('orders/search', { ...body, cursor: first.cursor });
    expect(ids([second])).toHaveLength(99);
    expect(ids([second])).not.toContain(edited);
    expect(ids([await json('orders/search', since(sandbox, sandbox.control.now().toISOString()))])).toEqual([edited]);
  });

  it('shows an order that changes while it is read again at the end, and skips it where it descends', async () => {
    const sandbox = await square({ freeze: false });
    const { json } = caller(sandbox);
    const body = (sort_order: string): object => ({
      location_ids: locationIds(sandbox),
      limit: 100,
      query: { sort: { sort_field: 'UPDATED_AT', sort_order } },
    });
    for (const [order, times] of [
      ['ASC', 2],
      ['DESC', 0],
    ] as const) {
      const first = await json('orders/search', body(order));
      const victim =
        order === 'ASC'
          ? (first.orders[5].id as string)
          : ([...truth(sandbox, 'orders').values()].sort((a, b) => Number(updated(a) - updated(b)))[0]?.id as string);
      sandbox.control.edit('orders', victim);
      const rest = await caller(sandbox).pages('orders/search', { ...body(order), cursor: first.cursor });
      expect(ids([first, ...rest]).filter((id) => id === victim)).toHaveLength(times);
    }
  });

  it('filters by location, state, customer and source', async () => {
    const sandbox = await square();
    const orders = [...truth(sandbox, 'orders').values()];
    const { pages } = caller(sandbox);
    const found = async (filter: object, locations = locationIds(sandbox)): Promise<string[]> =>
      ids(await pages('orders/search', { location_ids: locations, query: { filter } })).sort();
    const expected = (test: (order: Json) => boolean): string[] =>
      orders
        .filter(test)
        .map(({ id }) => id as string)
        .sort();
    const place = sandbox.control.idOf('locations', 1);
    const customer = orders.find(({ customer_id }) => typeof customer_id === 'string')?.customer_id as string;
    expect(await found({}, [place])).toEqual(expected(({ location_id }) => location_id === place));
    expect(await found({ state_filter: { states: ['OPEN', 'DRAFT'] } })).toEqual(
      expected(({ state }) => state === 'OPEN' || state === 'DRAFT'),
    );
    expect(await found({ customer_filter: { customer_ids: [customer] } })).toEqual(expected(({ customer_id }) => customer_id === customer));
    expect(await found({ source_filter: { source_names: ['Kiosk'] } })).toEqual(expected(({ source }) => source.name === 'Kiosk'));
  });

  it('sees an order where it moved to, in the state it was given', async () => {
    const sandbox = await square();
    const place = sandbox.control.idOf('locations', 2);
    const id = sandbox.control.edit('orders', 8, { location_id: place, state: 'CANCELED' });
    const { pages } = caller(sandbox);
    const there = await pages('orders/search', { location_ids: [place], query: { filter: { state_filter: { states: ['CANCELED'] } } } });
    expect(ids(there)).toContain(id);
    expect(ids(await pages('orders/search', { location_ids: locationIds(sandbox).slice(0, 2) }))).not.toContain(id);
  });

  it('tells ids, versions and locations alone when asked for entries', async () => {
    const sandbox = await square();
    const answer = await caller(sandbox).json('orders/search', since(sandbox, FIRST, { return_entries: true, limit: 4 }));
    const first = truth(sandbox, 'orders').get(answer.order_entries[0].order_id as string);
    expect(answer.order_entries[0]).toEqual({ order_id: first?.id, version: first?.version, location_id: first?.location_id });
    expect(answer).not.toHaveProperty('orders');
  });

  it('refuses what Square refuses', async () => {
    const sandbox = await square({ counts: { ...COUNTS, locations: 11 } });
    const { error } = caller(sandbox);
    const search = (more: object): Promise<string> => error('orders/search', { location_ids: locationIds(sandbox), ...more });
    const range = { updated_at: { start_at: FIRST } };
    const sort = { sort_field: 'UPDATED_AT' };
    expect(await error('orders/search', {})).toBe('400 MISSING_REQUIRED_PARAMETER');
    expect(await search({ location_ids: [] })).toBe('400 ARRAY_EMPTY');
    expect(await search({ location_ids: locationIds(sandbox, 11) })).toBe('400 ARRAY_LENGTH_TOO_LONG');
    expect(await search({ location_ids: ['elsewhere'] })).toBe('400 INVALID_VALUE');
    expect(await search({ limit: 1001 })).toBe('400 VALUE_TOO_HIGH');
    expect(await search({ limit: 0 })).toBe('400 VALUE_TOO_LOW');
    expect(await search({ limit: '10' })).toBe('400 EXPECTED_INTEGER');
    expect(await search({ filter: { date_time_filter: range } })).toBe('400 UNKNOWN_BODY_PARAMETER');
    expect(await search({ query: { filter: { date_time_filter: range } } })).toBe('400 BAD_REQUEST');
    expect(await search({ query: { filter: { date_time_filter: range }, sort: { sort_field: 'CREATED_AT' } } })).toBe('400 BAD_REQUEST');
    expect(await search({ query: { filter: { date_time_filter: { ...range, created_at: { start_at: FIRST } } }, sort } })).toBe(
      '400 CONFLICTING_PARAMETERS',
    );
    const backwards = { updated_at: { start_at: '2026-02-01T00:00:00Z', end_at: FIRST } };
    expect(await search({ query: { filter: { date_time_filter: backwards }, sort } })).toBe('400 INVALID_TIME_RANGE');
    expect(await search({ query: { filter: { date_time_filter: { updated_at: { start_at: 'yesterday' } } }, sort } })).toBe(
      '400 INVALID_TIME',
    );
    expect(await search({ query: { sort: { ...sort, sort_order: 'UP' } } })).toBe('400 INVALID_SORT_ORDER');
    expect(await search({ query: { filter: { state_filter: { states: ['SOLD'] } } } })).toBe('400 INVALID_ENUM_VALUE');
    expect(await search({ query: { filter: { fulfillment_filter: {} } } })).toBe('501 NOT_IMPLEMENTED');
    expect(await search({ cursor: 'nonsense' })).toBe('400 INVALID_CURSOR');
  });

  it('gives orders by id, at most a hundred, and leaves out what does not exist', async () => {
    const sandbox = await square();
    const { json, error } = caller(sandbox);
    const wanted = [sandbox.control.idOf('orders', 9), 'CAISENgvlJ6jLWAzERDzjyHVybY', sandbox.control.idOf('orders', 2)];
    expect(ids([await json('orders/batch-retrieve', { order_ids: wanted })])).toEqual([wanted[0], wanted[2]]);
    expect(await error('orders/batch-retrieve', { order_ids: Array<string>(101).fill('x') })).toBe('400 ARRAY_LENGTH_TOO_LONG');
  });
});

describe('cursors', () => {
  const body = (sandbox: Parameters<typeof since>[0], more: object = {}): object => since(sandbox, FIRST, { limit: 50, ...more });

  it('work only for the request they were given to', async () => {
    const sandbox = await square();
    const { json, error } = caller(sandbox);
    const { cursor } = await json('orders/search', body(sandbox));
    expect(await error('orders/search', { ...body(sandbox), cursor, limit: 51 })).toBe('400 INVALID_CURSOR');
    expect(await error('orders/search', { ...since(sandbox, '2020-01-02T00:00:00Z', { limit: 50 }), cursor })).toBe('400 INVALID_CURSOR');
    expect(await error('inventory/counts/batch-retrieve', { cursor })).toBe('400 INVALID_CURSOR');
    expect(await error('orders/search', { ...body(sandbox), cursor: `${String(cursor).slice(0, -1)}~` })).toBe('400 INVALID_CURSOR');
    expect((await json('orders/search', { ...body(sandbox), cursor })).orders).toHaveLength(50);
  });

  it('expire by the sandbox’s clock, and all at once on request', async () => {
    const sandbox = await square({ rules: { cursorLifetimeSeconds: 60 } });
    const { json, error } = caller(sandbox);
    const { cursor } = await json('orders/search', body(sandbox));
    sandbox.control.advanceClock(60_000);
    const { cursor: next } = await json('orders/search', { ...body(sandbox), cursor });
    sandbox.control.advanceClock(1);
    expect(await error('orders/search', { ...body(sandbox), cursor })).toBe('400 INVALID_CURSOR');
    expect((await json('orders/search', { ...body(sandbox), cursor: next })).orders).toHaveLength(50);
    sandbox.control.staleCursors();
    expect(await error('orders/search', { ...body(sandbox), cursor: next })).toBe('400 INVALID_CURSOR');
  });

  it('become stale with a change of the data when the rules say so', async () => {
    const sandbox = await square({ rules: { cursorsStaleOnChange: true } });
    const { json, error } = caller(sandbox);
    const { cursor } = await json('orders/search', body(sandbox));
    sandbox.control.edit('orders', 1);
    expect(await error('orders/search', { ...body(sandbox), cursor })).toBe('400 INVALID_CURSOR');
  });

  it('lead from every page to the next, whoever asks', async () => {
    const sandbox = await square();
    const { pages, json } = caller(sandbox);
    const found = await pages('orders/search', body(sandbox));
    for (const [n, page] of found.slice(0, -1).entries()) {
      expect(ids([await json('orders/search', { ...body(sandbox), cursor: page.cursor })])).toEqual(ids([found[n + 1] as Json]));
    }
  });
});

describe('pages', () => {
  it('may be shorter than asked for, although more follow', async () => {
    const sandbox = await square({ rules: { shortPages: true } });
    const found = await caller(sandbox).pages('orders/search', since(sandbox, FIRST, { limit: 30 }));
    const sizes = found.map(({ orders }) => orders.length);
    expect(sizes.slice(0, -1)).toContain(18);
    expect(new Set(ids(found)).size).toBe(300);
  });

  it('may end with a cursor to an empty one', async () => {
    const sandbox = await square({ rules: { emptyLastPage: true } });
    const found = await caller(sandbox).pages('orders/search', since(sandbox, FIRST, { limit: 100 }));
    expect(found.map(({ orders }) => orders?.length)).toEqual([100, 100, 100, undefined]);
    expect(found.at(-1)).toEqual({});
  });
});

describe('an index that lags', () => {
  it('shows an edit and a new order only later, and until then the order as it was', async () => {
    const sandbox = await square({ rules: { indexLagMs: 5000 } });
    const { json, pages } = caller(sandbox);
    const before = truth(sandbox, 'orders').get(sandbox.control.idOf('orders', 6));
    const edited = sandbox.control.edit('orders', 6, { state: 'CANCELED' });
    const made = sandbox.control.create('orders');
    const all = async (): Promise<Map<string, Json>> =>
      new Map(
        (await pages('orders/search', since(sandbox, FIRST))).flatMap(({ orders }) =>
          (orders as Json[]).map((order) => [order.id as string, order] as const),
        ),
      );
    expect((await all()).get(edited)).toEqual(before);
    expect((await all()).has(made)).toBe(false);
    expect((await json('orders/batch-retrieve', { order_ids: [edited] })).orders[0].state).toBe('CANCELED');
    sandbox.control.advanceClock(5000);
    expect((await all()).get(edited)?.state).toBe('CANCELED');
    expect((await all()).has(made)).toBe(true);
  });
});
