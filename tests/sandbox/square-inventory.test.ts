import type { Json } from './independent-client';
import { caller, closeSquare, COUNTS, micros, square, truth } from './square-sandboxes';

afterEach(closeSquare);

const PATH = 'inventory/counts/batch-retrieve';
const keyOf = (count: Json): string => `${count.catalog_object_id}|${count.location_id}|${count.state}`;
const keys = (pages: Json[]): string[] => pages.flatMap(({ counts }) => ((counts ?? []) as Json[]).map(keyOf));

describe('inventory counts', () => {
  it('come newest first, each once, a hundred to a page unless told otherwise', async () => {
    const sandbox = await square({ counts: { ...COUNTS, items: 60 } });
    const pages = await caller(sandbox).pages(PATH, {});
    expect(keys(pages).sort()).toEqual([...truth(sandbox, 'counts').keys()].sort());
    expect(pages[0]?.counts).toHaveLength(100);
    const instants = pages.flatMap(({ counts }) => (counts as Json[]).map(({ calculated_at }) => micros(calculated_at as string)));
    expect(instants.every((instant, n) => n === 0 || instant <= (instants[n - 1] as bigint))).toBe(true);
    const quantities = pages.flatMap(({ counts }) => (counts as Json[]).map(({ quantity }) => quantity as string));
    for (const text of ['0', '-3', '22.5', '0.12345']) expect(quantities).toContain(text);
  });

  it('are filtered by variation, location, state and time after, not at, an instant', async () => {
    const sandbox = await square();
    const all = [...truth(sandbox, 'counts').values()];
    const { pages } = caller(sandbox);
    const found = async (filter: object): Promise<string[]> => keys(await pages(PATH, { ...filter, limit: 7 })).sort();
    const expected = (test: (count: Json) => boolean): string[] => all.filter(test).map(keyOf).sort();
    const [place, variations] = [sandbox.control.idOf('locations', 1), [all[3]?.catalog_object_id, all[60]?.catalog_object_id] as string[]];
    expect(await found({ location_ids: [place] })).toEqual(expected(({ location_id }) => location_id === place));
    expect(await found({ states: ['WASTE'] })).toEqual(expected(({ state }) => state === 'WASTE'));
    expect(await found({ catalog_object_ids: variations })).toEqual(
      expected(({ catalog_object_id }) => variations.includes(catalog_object_id as string)),
    );
    const middle = all[40]?.calculated_at as string;
    const later = expected(({ calculated_at }) => micros(calculated_at as string) > micros(middle));
    expect(await found({ updated_after: middle })).toEqual(later);
    expect(
      await found({ updated_after: middle, catalog_object_ids: all.map(({ catalog_object_id }) => catalog_object_id as string) }),
    ).toEqual(later);
    expect(await found({ catalog_object_ids: ['unknown'] })).toEqual([]);
  });

  it('that are set move to the front; new ones appear, also of new items; what is no longer tracked vanishes', async () => {
    const sandbox = await square();
    const { json, pages } = caller(sandbox);
    sandbox.control.advanceClock(1000);
    const item = sandbox.control.create('items');
    const [fresh] = (truth(sandbox, 'items').get(item)?.item_data.variations as Json[]).map(({ id }) => id as string);
    const [old] = truth(sandbox, 'counts').keys();
    const [variation = '', location = '', state = ''] = (old as string).split('|');
    sandbox.control.setCount({ variation, location, state, quantity: '-0.00001' });
    sandbox.control.advanceClock(1000);
    const made = sandbox.control.setCount({ variation: fresh as string, location: 0, quantity: '5' });
    expect(keys([await json(PATH, { limit: 2 })])).toEqual([made, old]);
    expect(keys([await json(PATH, { catalog_object_ids: [fresh] })])).toEqual([made]);
    expect((await json(PATH, { limit: 2 })).counts[1].quantity).toBe('-0.00001');
    sandbox.control.remove('counts', old as string);
    sandbox.control.remove('items', item);
    const rest = keys(await pages(PATH, {}));
    expect(rest.sort()).toEqual([...truth(sandbox, 'counts').keys()].sort());
    expect(rest).not.toContain(old);
    expect(rest).not.toContain(made);
  });

  it('that are set while they are read are not read again', async () => {
    const sandbox = await square({ freeze: false });
    const { json, pages } = caller(sandbox);
    const first = await json(PATH, { limit: 20 });
    const shown = new Set(keys([first]));
    const [variation = '', location = '', state = ''] = (
      [...truth(sandbox, 'counts').keys()].find((key) => !shown.has(key)) as string
    ).split('|');
    const id = sandbox.control.setCount({ variation, location, state, quantity: '1' });
    expect(keys([first, ...(await pages(PATH, { limit: 20, cursor: first.cursor }))])).not.toContain(id);
  });

  it('answer at the older address too', async () => {
    const sandbox = await square();
    const { json } = caller(sandbox);
    expect(await json('inventory/batch-retrieve-counts', { limit: 3 })).toMatchObject({ counts: (await json(PATH, { limit: 3 })).counts });
  });

  it('refuse a limit that Square refuses', async () => {
    const { error } = caller(await square());
    expect([await error(PATH, { limit: 0 }), await error(PATH, { limit: 1001 })]).toEqual(['400 VALUE_TOO_LOW', '400 VALUE_TOO_HIGH']);
  });
});

describe('inventory changes', () => {
  it('tell every count and correction, oldest first, older ones too', async () => {
    const sandbox = await square();
    sandbox.control.setCount({ variation: 0, location: 0, quantity: '7' });
    sandbox.control.advanceClock(10);
    sandbox.control.setCount({ variation: 0, location: 0, quantity: '8' });
    const pages = await caller(sandbox).pages('inventory/changes/batch-retrieve', { limit: 60 });
    const changes = pages.flatMap((page) => page.changes as Json[]).map((change) => (change.physical_count ?? change.adjustment) as Json);
    const instants = changes.map(({ occurred_at }) => micros(occurred_at as string));
    expect(instants.every((instant, n) => n === 0 || instant >= (instants[n - 1] as bigint))).toBe(true);
    expect(changes.slice(-2).map(({ quantity }) => quantity as string)).toEqual(['7', '8']);
    expect(new Set(changes.map(({ id }) => id as string)).size).toBe(changes.length);
  });

  it('are filtered by kind and time', async () => {
    const sandbox = await square();
    const { pages, error } = caller(sandbox);
    const path = 'inventory/changes/batch-retrieve';
    const of = async (filter: object): Promise<Json[]> =>
      (await pages(path, { limit: 1000, ...filter })).flatMap((page) => (page.changes ?? []) as Json[]);
    const all = await of({});
    expect(await of({ types: ['ADJUSTMENT'] })).toEqual(all.filter(({ type }) => type === 'ADJUSTMENT'));
    const edge = all[20]?.physical_count?.occurred_at ?? all[20]?.adjustment.occurred_at;
    const before = await of({ updated_before: edge });
    const after = await of({ updated_after: edge });
    expect(before.length).toBeLessThanOrEqual(20);
    expect(after.length + before.length).toBeLessThan(all.length);
    expect(await error(path, { types: ['TRANSFER'] })).toBe('400 INVALID_ENUM_VALUE');
  });
});
