import { testContext } from '../http/test-context';
import { listOf, readAll, SQUARE_CANARY, squareBench, type SquareBench } from './square-bench';

let bench: SquareBench;

afterEach(() => bench.close());

const truth = (entity: Parameters<SquareBench['sandbox']['control']['truth']>[0]): string[] =>
  [...bench.sandbox.control.truth(entity)].map(({ id }) => id);

describe('a whole list', () => {
  it.each([
    ['locations', 'locations'],
    ['catalog', 'items'],
    ['variations', 'variations'],
    ['categories', 'categories'],
    ['orders', 'orders'],
  ] as const)('of %s is everything that Square has, each once', async (entity, kind) => {
    bench = await squareBench();
    const { ids } = await readAll(bench, entity);
    expect([...ids].sort()).toEqual(truth(kind).sort());
  });

  it('of inventory is every count, known by variation, location and state', async () => {
    bench = await squareBench();
    const { records } = await readAll(bench, 'inventory');
    const ids = records.map((row) => [row['catalog_object_id'], row['location_id'], row['state']].join('|'));
    expect(ids.sort()).toEqual(truth('counts').sort());
  });

  it('survives pages that are shorter than asked for, and a last page that is empty', async () => {
    bench = await squareBench({ rules: { shortPages: true, emptyLastPage: true } }, {}, 30);
    const { ids, answers } = await readAll(bench, 'orders');
    expect(answers.length).toBeGreaterThan(3);
    expect([...ids].sort()).toEqual(truth('orders').sort());
  });

  it('of a merchant without orders is empty, and no error', async () => {
    bench = await squareBench({ counts: { locations: 1, items: 0, categories: 0, orders: 0 } });
    const { ids, answers } = await readAll(bench, 'orders');
    expect(ids).toEqual([]);
    expect(answers[0]?.body.toString()).toBe('{}');
  });
});

describe('what changed', () => {
  it('of orders comes oldest change first, those at the bound included', async () => {
    bench = await squareBench({ freeze: true });
    const { records } = await readAll(bench, 'orders');
    const times = records.map((row) => Date.parse(String(row['updated_at'])));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const bound = times[40]!;
    const since = await readAll(bench, 'orders', { from: `${new Date(bound).toISOString().slice(0, 23)}000Z` });
    expect(since.ids).toHaveLength(times.filter((at) => at >= bound).length);
  });

  it('of the catalog brings equal times, although Square leaves them out, and tombstones', async () => {
    bench = await squareBench({ freeze: true });
    const { control } = bench.sandbox;
    control.advanceClock(60_000);
    const edited = control.edit('items', 3, {});
    const removed = control.remove('categories', 2);
    const { records } = await readAll(bench, 'catalog');
    const at = String(records.find(({ id }) => id === edited)?.['updated_at']);
    const from = `${new Date(at).toISOString().slice(0, 23)}000Z`;
    expect((await readAll(bench, 'catalog', { from })).ids).toEqual([edited]);
    const categories = await readAll(bench, 'categories', { from });
    expect(categories.records).toMatchObject([{ id: removed, is_deleted: true }]);
  });

  it('of inventory comes with the count at the bound', async () => {
    bench = await squareBench({ freeze: true });
    const { control } = bench.sandbox;
    control.advanceClock(60_000);
    control.setCount({ variation: 0, location: 1, quantity: '-2.5' });
    const at = new Date(control.stats().clock).toISOString().replace('Z', '000Z');
    const { records } = await readAll(bench, 'inventory', { from: at });
    expect(records).toMatchObject([{ quantity: '-2.5' }]);
  });
});

describe('one record', () => {
  it('is had by its id, and one that does not exist is not found', async () => {
    bench = await squareBench();
    const { control } = bench.sandbox;
    const ctx = testContext();
    for (const [entity, kind] of [
      ['orders', 'orders'],
      ['catalog', 'items'],
    ] as const) {
      expect((await bench.client.detail({ entity, id: control.idOf(kind, 4) }, ctx)).found).toBe(true);
      expect((await bench.client.detail({ entity, id: 'NOTHING' }, ctx)).found).toBe(false);
    }
    const gone = control.remove('items', 6);
    expect((await bench.client.detail({ entity: 'catalog', id: gone }, ctx)).found).toBe(false);
    await expect(bench.client.detail({ entity: 'inventory', id: 'x' }, ctx)).rejects.toMatchObject({ code: 'entity-unknown' });
  });
});

describe('a request', () => {
  it('has the same digest when asked twice, another one for another question, and none of it is secret', async () => {
    bench = await squareBench();
    const ask = async (more = {}): Promise<string> => (await bench.client.list(listOf(bench, 'orders', more), testContext())).requestDigest;
    const first = await ask();
    expect(await ask()).toBe(first);
    expect(await ask({ from: '2026-01-01T00:00:00.000000Z' })).not.toBe(first);
    expect(await ask({ partitions: bench.locations.slice(1) })).not.toBe(first);
    expect(first).not.toContain(SQUARE_CANARY);
  });

  it.each([
    ['a filter that Square does not have', 'orders', { filters: { total: 5 } }, 'filter-unsupported'],
    ['an upper bound where there is none', 'catalog', { to: '2026-01-01T00:00:00Z' }, 'bound-unsupported'],
    ['an entity that Square does not have', 'bookings', {}, 'entity-unknown'],
    ['a bound that is no time', 'orders', { from: 'yesterday' }, 'bound-unreadable'],
  ])('with %s is refused before it is sent', async (_what, entity, more, code) => {
    bench = await squareBench();
    await expect(readAll(bench, entity, more)).rejects.toMatchObject({ type: 'config_error', code });
    expect(bench.sandbox.control.requestLog()).toEqual([]);
  });
});
