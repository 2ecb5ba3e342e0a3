import { SQUARE_FAULTS } from '../../src/sandbox/square';
import type { SquareFault, SquareSandbox } from '../../src/sandbox/square';
import { caller, closeSquare, locationIds, since, square } from './square-sandboxes';
import { specification } from './square-document';

const spec = specification();

afterEach(closeSquare);

/** Calls of every kind, with the schema of their answers. */
function calls(sandbox: SquareSandbox): [string, string, object | undefined][] {
  const ids = { order_ids: [0, 1, 2].map((index) => sandbox.control.idOf('orders', index)) };
  return [
    ['SearchOrdersResponse', 'orders/search', { location_ids: locationIds(sandbox) }],
    ['SearchOrdersResponse', 'orders/search', since(sandbox, '2026-09-01T00:00:00Z', { limit: 3, return_entries: true })],
    ['SearchOrdersResponse', 'orders/search', since(sandbox, '2026-10-01T07:59:59Z')],
    ['BatchRetrieveOrdersResponse', 'orders/batch-retrieve', ids],
    ['ListCatalogResponse', 'catalog/list?types=item,category,ITEM_VARIATION', undefined],
    ['SearchCatalogObjectsResponse', 'catalog/search', { object_types: ['ITEM', 'CATEGORY'], include_deleted_objects: true, limit: 7 }],
    ['BatchRetrieveCatalogObjectsResponse', 'catalog/batch-retrieve', { object_ids: [sandbox.control.idOf('items', 3)] }],
    ['ListLocationsResponse', 'locations', undefined],
    ['BatchRetrieveInventoryCountsResponse', 'inventory/counts/batch-retrieve', { limit: 1000 }],
    ['BatchRetrieveInventoryChangesResponse', 'inventory/changes/batch-retrieve', { limit: 1000 }],
  ];
}

describe('by Square’s official document', () => {
  it('every kind of answer is as its schema says, without a field that the schema does not know', async () => {
    const sandbox = await square({ counts: { locations: 7, categories: 8, items: 40, orders: 300 } });
    sandbox.control.remove('items', 2);
    sandbox.control.remove('categories', 1);
    sandbox.control.offlineOrder();
    sandbox.control.edit('orders', 4, { state: 'CANCELED' });
    sandbox.control.create('items');
    sandbox.control.setCount({ variation: 0, location: 0, quantity: '-12.34567' });
    const { raw } = caller(sandbox);
    for (const [schema, path, body] of calls(sandbox)) {
      const response = await raw(path, body);
      expect([path, response.status, spec.faults(schema, await response.json())]).toEqual([path, 200, []]);
    }
  });

  it('every kind of empty answer is too, and names no array', async () => {
    const sandbox = await square({ counts: { locations: 0, categories: 0, items: 0, orders: 0 } });
    const { json } = caller(sandbox);
    for (const [schema, path, body] of calls(sandbox).slice(3)) {
      const answer = await json(path, body);
      expect([path, answer, spec.faults(schema, answer)]).toEqual([path, {}, []]);
    }
  });

  it('every error that the sandbox tells has a code and a category of Square’s', async () => {
    const sandbox = await square();
    const { raw } = caller(sandbox);
    const answers = [
      await raw('unicorns'),
      await raw('orders/search'),
      await raw('orders/search', {}),
      await raw('orders/search', []),
      await raw('orders/search', { location_ids: ['L'], unicorn: 1 }),
      await raw('catalog/search', { query: { text_query: { keywords: ['a'] } } }),
      await caller(sandbox, 'nobody').raw('locations'),
    ];
    const told: SquareFault[] = [
      'rateLimited',
      'expired',
      'revoked',
      'scopes',
      'invalidCursor',
      'badGateway',
      'internal',
      'unavailable',
      'gatewayTimeout',
      'errorsIn200',
    ];
    for (const fault of told) {
      sandbox.control.addFault({ match: { kind: 'locations' }, fault, times: 1 });
      answers.push(await raw('locations'));
    }
    for (const answer of answers) expect(spec.faults('SearchOrdersResponse', await answer.json())).toEqual([]);
    expect(told.every((fault) => SQUARE_FAULTS.includes(fault))).toBe(true);
  });

  it('the check itself finds a wrong type, a missing field and an unknown one', () => {
    expect(spec.faults('SearchOrdersResponse', { orders: [{ id: 5, location_id: 'L' }] })).toEqual([
      expect.stringContaining('/orders/0/id must be string'),
    ]);
    expect(spec.faults('SearchOrdersResponse', { orders: [{}] })).toEqual([expect.stringContaining('location_id')]);
    expect(spec.faults('Money', { amount: 1, unicorn: 2 })).toEqual([expect.stringContaining('unicorn')]);
    expect(spec.faults('Order', { location_id: 'L', customer_id: null })).toEqual([]);
    expect(spec.errorCodes).toContain('INVALID_CURSOR');
  });
});
