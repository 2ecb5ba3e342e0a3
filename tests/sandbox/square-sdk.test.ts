import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SquareSandbox } from '../../src/sandbox/square';
import type { Json } from './independent-client';
import { closeSquare, locationIds, square, truth } from './square-sandboxes';

const COUNTS = { locations: 12, categories: 20, items: 110, orders: 700 };

let sandbox: SquareSandbox;
let gone: string[];
/** What Square's own SDK saw of the sandbox. */
let seen: Json;

beforeAll(async () => {
  sandbox = await square({ counts: COUNTS });
  const beginTime = sandbox.control.now().toISOString();
  sandbox.control.advanceClock(1000);
  gone = [sandbox.control.remove('categories', 2), sandbox.control.remove('items', 5)];
  sandbox.control.edit('orders', 17, { state: 'CANCELED' });
  sandbox.control.offlineOrder();
  const asked = { baseUrl: sandbox.baseUrl, token: sandbox.accessToken, locationIds: locationIds(sandbox, COUNTS.locations), beginTime };
  const words = [join(__dirname, 'square-sdk-reader.cjs'), JSON.stringify(asked)];
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 256 * 1024 * 1024 });
  seen = JSON.parse(stdout) as Json;
});

afterAll(closeSquare);

describe('the official SDK', () => {
  it('sees every order of twelve locations exactly once, with exact amounts', () => {
    const orders = (seen.orders as Json[]).map(({ id, version, totalMoney, updatedAt, lineItems }) => [
      id,
      [version, totalMoney.amount, totalMoney.currency, updatedAt, lineItems?.length],
    ]);
    const expected = [...sandbox.control.truth('orders')].map(({ id, text }) => {
      const { version, total_money, updated_at, line_items } = JSON.parse(text) as Json;
      // From the text, because the amount may be beyond what a double holds.
      const amount = /"total_money":\{"amount":(-?\d+),"currency":"[A-Z]{3}"\},"total_tax_money"/.exec(text)?.[1];
      return [id, [version, amount, total_money.currency, updated_at, line_items?.length]];
    });
    expect(orders).toHaveLength(701);
    expect(Object.fromEntries(orders)).toEqual(Object.fromEntries(expected));
    expect(JSON.stringify(expected)).toContain('"9007199254740993"');
  });

  it('sees the catalog: items with their variations, categories, and variations by themselves', () => {
    const objects = seen.objects as Json[];
    const ids = (type: string): string[] => objects.filter((each) => each.type === type).map(({ id }) => id as string);
    expect(ids('CATEGORY')).toEqual([...truth(sandbox, 'categories').keys()]);
    expect(ids('ITEM')).toEqual([...truth(sandbox, 'items').keys()]);
    expect(ids('ITEM_VARIATION')).toEqual([...truth(sandbox, 'variations').keys()]);
    const nested = objects.flatMap(({ itemData }) => ((itemData?.variations ?? []) as Json[]).map(({ id }) => id as string));
    expect(nested).toEqual(ids('ITEM_VARIATION'));
    const pages = sandbox.control.requestLog().filter(({ kind }) => kind === 'catalog-list');
    expect(pages).toHaveLength(Math.ceil(objects.length / 100));
  });

  it('finds what was deleted by a search', () => {
    expect((seen.changed.objects as Json[]).map(({ id, isDeleted }) => [id, isDeleted])).toEqual(gone.map((id) => [id, true]));
    expect(seen.changed.latestTime).toBe(sandbox.control.now().toISOString());
  });

  it('sees the locations by name, and every inventory count exactly once', () => {
    const names = [...truth(sandbox, 'locations').values()].map(({ name }) => name as string);
    expect((seen.locations as Json[]).map(({ name }) => name as string)).toEqual(names.sort());
    const counts = (seen.counts as Json[]).map((each) => [
      `${each.catalogObjectId}|${each.locationId}|${each.state}`,
      each.quantity,
      each.calculatedAt,
    ]);
    const expected = [...truth(sandbox, 'counts')].map(([id, { quantity, calculated_at }]) => [id, quantity, calculated_at]);
    expect(counts.sort()).toEqual(expected.sort());
    expect(counts.length).toBeGreaterThan(1000);
  });

  it('is told why when its token is not taken', () => {
    expect(seen.refused).toMatchObject({ statusCode: 401, errors: [{ category: 'AUTHENTICATION_ERROR', code: 'UNAUTHORIZED' }] });
  });
});
