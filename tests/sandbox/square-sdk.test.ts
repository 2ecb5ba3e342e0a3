import { SquareClient } from 'square';
import type { SquareSandbox } from '../../src/sandbox/square';
import { closeSquare, locationIds, square, truth } from './square-sandboxes';

afterAll(closeSquare);

const COUNTS = { locations: 12, categories: 30, items: 140, orders: 1200 };

/** Square's own SDK: it shares nothing with freshet or the sandbox. */
function sdk({ accessToken, baseUrl }: SquareSandbox): SquareClient {
  return new SquareClient({ token: accessToken, baseUrl, maxRetries: 0 });
}

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of pages) found.push(one);
  return found;
}

describe('the official SDK', () => {
  it('pages through orders of twelve locations and sees each exactly once', async () => {
    const sandbox = await square({ counts: COUNTS });
    const client = sdk(sandbox);
    const ids = locationIds(sandbox, COUNTS.locations);
    const seen = new Map<string, { version: number; total: bigint; updated: string; lines: number }>();
    for (const locationIds of [ids.slice(0, 10), ids.slice(10)]) {
      let cursor: string | undefined;
      do {
        const body = {
          locationIds,
          limit: 150,
          query: { sort: { sortField: 'UPDATED_AT', sortOrder: 'ASC' } },
          ...(cursor !== undefined && { cursor }),
        } as const;
        const answer = await client.orders.search(body);
        for (const order of answer.orders ?? []) {
          expect(seen.has(order.id ?? '')).toBe(false);
          seen.set(order.id ?? '', {
            version: order.version ?? 0,
            total: BigInt(order.totalMoney?.amount ?? 0),
            updated: order.updatedAt ?? '',
            lines: order.lineItems?.length ?? 0,
          });
        }
        cursor = answer.cursor;
      } while (cursor !== undefined);
    }
    const expected = [...sandbox.control.truth('orders')].map(({ id, text }) => {
      const order = JSON.parse(text) as { version: number; updated_at: string; line_items?: unknown[] };
      // From the text: the amount may be beyond what a double holds.
      const total = BigInt(/"total_money":\{"amount":(-?\d+),"currency":"[A-Z]{3}"\},"total_tax_money"/.exec(text)?.[1] ?? 'none');
      return [id, { version: order.version, total, updated: order.updated_at, lines: order.line_items?.length ?? 0 }] as const;
    });
    expect(seen).toEqual(new Map(expected));
    expect([...seen.values()].some(({ total }) => total > 2n ** 53n)).toBe(true);
  });

  it('pages through the catalog: items with their variations, categories, and variations by themselves', async () => {
    const sandbox = await square({ counts: COUNTS });
    const client = sdk(sandbox);
    const objects = await all(await client.catalog.list({ types: 'ITEM,CATEGORY,ITEM_VARIATION' }));
    const ids = (type: string): string[] => objects.flatMap((each) => (each.type === type && each.id !== undefined ? [each.id] : []));
    expect(ids('CATEGORY')).toEqual([...truth(sandbox, 'categories').keys()]);
    expect(ids('ITEM')).toEqual([...truth(sandbox, 'items').keys()]);
    expect(ids('ITEM_VARIATION')).toEqual([...truth(sandbox, 'variations').keys()]);
    const nested = objects.flatMap((each) => (each.type === 'ITEM' ? (each.itemData?.variations ?? []).map(({ id }) => id) : []));
    expect(nested).toEqual(ids('ITEM_VARIATION'));
    expect(sandbox.control.requestLog()).toHaveLength(Math.ceil(objects.length / 100));
  });

  it('finds what was deleted by a search', async () => {
    const sandbox = await square({ counts: COUNTS });
    const since = sandbox.control.now().toISOString();
    sandbox.control.advanceClock(1000);
    const gone = [sandbox.control.remove('items', 5), sandbox.control.remove('categories', 2)];
    const answer = await sdk(sandbox).catalog.search({ objectTypes: ['ITEM', 'CATEGORY'], includeDeletedObjects: true, beginTime: since });
    expect(answer.objects?.map(({ id, isDeleted }) => [id, isDeleted])).toEqual(gone.reverse().map((id) => [id, true]));
  });

  it('reads locations by name, and inventory counts, each exactly once', async () => {
    const sandbox = await square({ counts: COUNTS });
    const client = sdk(sandbox);
    const { locations } = await client.locations.list();
    expect(locations?.map(({ name }) => name)).toEqual([...truth(sandbox, 'locations').values()].map(({ name }) => name as string).sort());
    const counts = await all(await client.inventory.batchGetCounts({ limit: 500 }));
    const seen = counts.map((each) => [`${each.catalogObjectId}|${each.locationId}|${each.state}`, each.quantity, each.calculatedAt]);
    const expected = [...truth(sandbox, 'counts')].map(([id, { quantity, calculated_at }]) => [id, quantity, calculated_at]);
    expect(seen.sort()).toEqual(expected.sort());
    expect(counts.length).toBeGreaterThan(1000);
  });

  it('is told why when its token is not taken', async () => {
    const sandbox = await square();
    sandbox.control.expireToken();
    await expect(sdk(sandbox).locations.list()).rejects.toMatchObject({
      statusCode: 401,
      errors: [{ category: 'AUTHENTICATION_ERROR', code: 'ACCESS_TOKEN_EXPIRED' }],
    });
  });
});
