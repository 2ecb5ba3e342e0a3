import type { Json } from './independent-client';
import { caller, closeSquare, COUNTS, square, truth } from './square-sandboxes';

afterEach(closeSquare);

const ids = (answer: Json): string[] => ((answer.objects ?? []) as Json[]).map(({ id }) => id as string);

/** Every page of a list of the catalog. */
async function listed(sandbox: Parameters<typeof caller>[0], types: string): Promise<Json[]> {
  const { json } = caller(sandbox);
  const pages = [await json(`catalog/list?types=${types}`)];
  while (pages.at(-1)?.cursor !== undefined) pages.push(await json(`catalog/list?types=${types}&cursor=${String(pages.at(-1)?.cursor)}`));
  return pages;
}

describe('a list of the catalog', () => {
  it('has a hundred objects to a page, and never a deleted one', async () => {
    const sandbox = await square({ counts: { ...COUNTS, items: 230 } });
    const gone = sandbox.control.remove('items', 200);
    const pages = await listed(sandbox, 'ITEM');
    expect(pages.map((page) => ids(page).length)).toEqual([100, 100, 29]);
    expect(pages.flatMap(ids)).toEqual([...truth(sandbox, 'items').keys()]);
    expect(pages.flatMap(ids)).not.toContain(gone);
  });

  it('shows items and categories unless told otherwise, items with their variations inside', async () => {
    const sandbox = await square();
    const { objects } = await caller(sandbox).json('catalog/list');
    const [items, categories, variations] = [truth(sandbox, 'items'), truth(sandbox, 'categories'), truth(sandbox, 'variations')];
    expect(new Set((objects as Json[]).map(({ type }) => type as string))).toEqual(new Set(['ITEM', 'CATEGORY']));
    for (const object of objects as Json[]) {
      expect(object).toEqual((object.type === 'ITEM' ? items : categories).get(object.id as string));
      for (const variation of (object.item_data?.variations ?? []) as Json[]) {
        expect(variation).toEqual(variations.get(variation.id as string));
        expect(variation.item_variation_data.item_id).toBe(object.id);
      }
    }
    const nested = (objects as Json[]).flatMap(({ item_data }) => (item_data?.variations ?? []) as Json[]);
    expect(nested).toHaveLength(sandbox.control.count('variations'));
  });

  it('takes types in any case, and refuses one that there is not', async () => {
    const sandbox = await square();
    const { json, error } = caller(sandbox);
    expect(ids(await json('catalog/list?types=category'))).toHaveLength(8);
    expect(await json('catalog/list?types=TAX')).toEqual({});
    expect(await error('catalog/list?types=UNICORN')).toBe('400 INVALID_ENUM_VALUE');
  });
});

describe('a search of the catalog', () => {
  it('gives what changed after an instant, not at it, and says up to when', async () => {
    const sandbox = await square();
    const { json } = caller(sandbox);
    const first = await json('catalog/search', { object_types: ['ITEM'], limit: 1000 });
    expect(ids(first)).toHaveLength(25);
    sandbox.control.advanceClock(1000);
    const edited = sandbox.control.edit('items', 4, { present_at_all_locations: false });
    const begin_time = first.latest_time as string;
    const second = await json('catalog/search', { object_types: ['ITEM'], begin_time });
    expect(ids(second)).toEqual([edited]);
    expect(second.latest_time).toBe(sandbox.control.now().toISOString());
    expect(await json('catalog/search', { begin_time: second.latest_time as string })).toEqual({ latest_time: second.latest_time });
  });

  it('holds the same latest time on every page, whatever changes meanwhile', async () => {
    const sandbox = await square();
    const { json, pages } = caller(sandbox);
    const first = await json('catalog/search', { limit: 10 });
    sandbox.control.advanceClock(1000);
    sandbox.control.edit('items', 20);
    const rest = await pages('catalog/search', { limit: 10, cursor: first.cursor });
    expect(new Set([first, ...rest].map(({ latest_time }) => latest_time as string)).size).toBe(1);
    expect(ids(await json('catalog/search', { begin_time: first.latest_time }))).toEqual([sandbox.control.idOf('items', 20)]);
  });

  it('shows deleted objects as tombstones when asked to: an item with its variations', async () => {
    const sandbox = await square();
    const { json } = caller(sandbox);
    const before = sandbox.control.now().toISOString();
    const [whole] = [...truth(sandbox, 'items').values()].filter(({ item_data }) => item_data.variations.length > 1);
    const variations = (whole?.item_data.variations as Json[]).map(({ id }) => id as string);
    sandbox.control.advanceClock(2000);
    sandbox.control.remove('items', whole?.id as string);
    const body = { object_types: ['ITEM', 'ITEM_VARIATION'], begin_time: before, include_deleted_objects: true };
    const answer = await json('catalog/search', body);
    expect(ids(answer)).toEqual([whole?.id, ...variations]);
    for (const object of answer.objects as Json[])
      expect([object.is_deleted, object.updated_at]).toEqual([true, sandbox.control.now().toISOString()]);
    expect(answer.objects[0].version).toBeGreaterThan(whole?.version as number);
    expect(ids(await json('catalog/search', { ...body, include_deleted_objects: false }))).toEqual([]);
    expect((await json('catalog/batch-retrieve', { object_ids: [whole?.id] })).objects).toBeUndefined();
  });

  it('takes its limit as advice', async () => {
    const sandbox = await square({ counts: { ...COUNTS, items: 150 } });
    const { json } = caller(sandbox);
    for (const [limit, size] of [
      [30, 30],
      [0, 100],
      [-5, 100],
      [5000, 100],
      [1000, 158],
    ] as const) {
      expect(ids(await json('catalog/search', { limit }))).toHaveLength(size);
    }
  });

  it('refuses what it does not do instead of ignoring it', async () => {
    const { error } = caller(await square());
    expect(await error('catalog/search', { query: { exact_query: { attribute_name: 'sku', attribute_value: 'a' } } })).toBe(
      '501 NOT_IMPLEMENTED',
    );
    expect(await error('catalog/search', { include_related_objects: true })).toBe('501 NOT_IMPLEMENTED');
    expect(await error('catalog/search', { end_time: '2026-01-01T00:00:00Z' })).toBe('400 UNKNOWN_BODY_PARAMETER');
    expect(await error('catalog/search', { object_types: ['UNICORN'] })).toBe('400 INVALID_ENUM_VALUE');
    expect(await error('catalog/search', { begin_time: '2026-13-01' })).toBe('400 INVALID_TIME');
  });

  it('lags like the search of orders, lists do not', async () => {
    const sandbox = await square({ rules: { indexLagMs: 1000 } });
    const { json } = caller(sandbox);
    const before = sandbox.control.now().toISOString();
    sandbox.control.advanceClock(10);
    const made = sandbox.control.create('categories');
    expect(ids(await json('catalog/search', { begin_time: before }))).toEqual([]);
    expect(ids(await json('catalog/list?types=CATEGORY'))).toContain(made);
    sandbox.control.advanceClock(1000);
    expect(ids(await json('catalog/search', { begin_time: before }))).toEqual([made]);
  });
});

describe('changes of the catalog', () => {
  it('raise the version every time, also within one millisecond', async () => {
    const sandbox = await square();
    const version = (): number => truth(sandbox, 'categories').get(sandbox.control.idOf('categories', 0))?.version as number;
    const versions = [version()];
    for (let n = 0; n < 3; n += 1) {
      sandbox.control.edit('categories', 0);
      versions.push(version());
    }
    expect(versions.every((each, n) => n === 0 || each > (versions[n - 1] as number))).toBe(true);
  });

  it('to a variation are changes of its item too', async () => {
    const sandbox = await square();
    const { json } = caller(sandbox);
    const before = sandbox.control.now().toISOString();
    sandbox.control.advanceClock(10);
    const variation = sandbox.control.idOf('variations', 0);
    sandbox.control.edit('variations', variation, { present_at_all_locations: false });
    const { objects } = await json('catalog/search', { object_types: ['ITEM'], begin_time: before });
    expect((objects as Json[]).map(({ id }) => id as string)).toEqual([sandbox.control.idOf('items', 0)]);
    expect(objects[0].item_data.variations[0].present_at_all_locations).toBe(false);
  });

  it('can add items with their variations, and variations to items', async () => {
    const sandbox = await square();
    const made = sandbox.control.create('items');
    expect(truth(sandbox, 'items').get(made)?.item_data.variations.length).toBeGreaterThan(0);
    const single = [...truth(sandbox, 'items').values()].find(({ item_data }) => item_data.variations.length === 1)?.id as string;
    const variation = sandbox.control.create('variations', {}, { item: single });
    expect((truth(sandbox, 'items').get(single)?.item_data.variations as Json[]).map(({ id }) => id as string)).toContain(variation);
    sandbox.control.remove('variations', variation);
    expect(truth(sandbox, 'items').get(single)?.item_data.variations).toHaveLength(1);
  });
});
