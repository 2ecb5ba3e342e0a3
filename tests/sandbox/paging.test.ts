import fc from 'fast-check';
import type { Sandbox } from '../../src/sandbox';
import type { Json } from './independent-client';
import { closeSandboxes, ID_FIELDS, reader, sandbox } from './sandboxes';
import type { Reader } from './sandboxes';

afterEach(closeSandboxes);

type Entity = 'contacts' | 'items' | 'invoices';
const SORTS: Readonly<Record<Entity, readonly string[]>> = {
  contacts: ['contact_name', 'first_name', 'last_name', 'email', 'outstanding_receivable_amount', 'created_time', 'last_modified_time'],
  items: ['name', 'rate', 'tax_name'],
  invoices: ['customer_name', 'invoice_number', 'date', 'due_date', 'total', 'balance', 'created_time'],
};
const AMOUNTS = new Set(['outstanding_receivable_amount', 'rate', 'total', 'balance']);

function sortKey(row: Json, column: string): string | number {
  if (column.endsWith('_time')) return Date.parse(row[column]);
  return AMOUNTS.has(column) ? Number(row[column]) : row[column];
}

async function pages(read: Reader, entity: Entity, query: Record<string, string>): Promise<Json[]> {
  const rows: Json[] = [];
  for (let page = 1; ; page += 1) {
    const body = await read.get(entity, { ...query, page: String(page) });
    rows.push(...body[entity]);
    if (body.page_context.has_more_page !== true) return rows;
  }
}

function change(account: Sandbox, entity: Entity, roll: number): void {
  const ids = [...account.control.truth(entity)].map(({ id }) => id);
  const id = ids[roll % Math.max(1, ids.length)];
  account.control.advanceClock((roll % 3) * 500);
  if (roll % 4 === 0 || id === undefined) account.control.create(entity, roll % 8 === 0 ? { status: 'inactive' } : {});
  else if (roll % 4 === 1) account.control.remove(entity, id);
  else
    account.control.edit(
      entity,
      id,
      roll % 4 === 2 ? { status: 'paid' } : { name: 'Zz', contact_name: 'Aa', total: roll, date: '2025-05-05' },
    );
}

const schedule = fc.record({
  entity: fc.constantFrom<Entity>('contacts', 'items', 'invoices'),
  seed: fc.nat(1000),
  count: fc.integer({ min: 0, max: 90 }),
  changes: fc.array(fc.nat(10_000), { maxLength: 30 }),
  perPage: fc.integer({ min: 5, max: 40 }),
  sort: fc.nat(),
  order: fc.constantFrom('A', 'D'),
});

describe('list pages', () => {
  it('together hold every living record once, in the order asked for, after any changes', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async ({ entity, seed, count, changes, perPage, sort, order }) => {
        const account = await sandbox({ seed, counts: { contacts: count, items: count, invoices: count } });
        const read = await reader(account);
        for (const roll of changes) change(account, entity, roll);
        const column = SORTS[entity][sort % SORTS[entity].length] as string;
        const query = { sort_column: column, sort_order: order, per_page: String(perPage), filter_by: 'Status.All' };
        const rows = await pages(read, entity, query);
        const byId = (row: Json): string => row[ID_FIELDS[entity] as string];
        const truth = new Map([...account.control.truth(entity)].map(({ id, row }) => [id, JSON.parse(row)]));
        expect(rows.map(byId).sort()).toEqual([...truth.keys()].sort());
        for (const row of rows) expect(row).toEqual(truth.get(byId(row)));
        const keys = rows.map((row) => sortKey(row, column));
        if (order === 'D') keys.reverse();
        for (let n = 1; n < keys.length; n += 1) expect(keys[n - 1]! <= keys[n]!).toBe(true);
        await account.close();
      }),
      { numRuns: 40 },
    );
  });

  it('say what they are in page_context', async () => {
    const { get } = await reader(await sandbox());
    expect((await get('invoices', { page: '2', per_page: '15' })).page_context).toEqual({
      page: 2,
      per_page: 15,
      has_more_page: true,
      report_name: 'Invoices',
      applied_filter: 'Status.All',
      sort_column: 'created_time',
      sort_order: 'D',
    });
    expect((await get('invoices', { page: '3', per_page: '15' })).page_context.has_more_page).toBe(false);
    expect((await get('invoices', { page: '2', per_page: '20' })).page_context.has_more_page).toBe(false);
  });

  it('hold 200 rows unless fewer are asked for, never more', async () => {
    const { ids, get } = await reader(await sandbox({ counts: { contacts: 0, items: 0, invoices: 450 } }));
    expect(await ids('invoices')).toHaveLength(200);
    expect(await ids('invoices', { per_page: '1000' })).toHaveLength(200);
    expect((await get('invoices', { per_page: '1000' })).page_context.per_page).toBe(200);
    expect(await ids('invoices', { page: '3' })).toHaveLength(50);
    expect(await ids('invoices', { page: '4' })).toEqual([]);
  });

  it('fall back to the default order for a sort column that is not documented, and ignore unknown parameters', async () => {
    const { get } = await reader(await sandbox());
    const { page_context: context } = await get('items', { sort_column: 'created_time', unicorn: '1' });
    expect(context).toMatchObject({ sort_column: 'name', sort_order: 'A' });
  });

  it('cut through bursts of equal instants', async () => {
    const { get } = await reader(await sandbox({ counts: { contacts: 0, items: 0, invoices: 1000 } }));
    const page = async (n: number): Promise<Record<string, string>[]> =>
      (await get('invoices', { sort_column: 'created_time', sort_order: 'A', page: String(n) })).invoices;
    const edges = await Promise.all([1, 2, 3, 4].map(async (n) => [(await page(n)).at(-1), (await page(n + 1))[0]]));
    const instant = (row: Record<string, string> | undefined): number => Date.parse(row?.created_time ?? '');
    expect(edges.some(([last, first]) => instant(last) === instant(first))).toBe(true);
  });

  it('slide when a row is edited, deleted or made between two of them', async () => {
    const account = await sandbox({ counts: { contacts: 30, items: 0, invoices: 0 } });
    const { ids } = await reader(account);
    const query = (page: number): Record<string, string> => ({
      ...{ filter_by: 'Status.All', per_page: '10', page: String(page) },
      ...{ sort_column: 'last_modified_time', sort_order: 'A' },
    });
    const first = await ids('contacts', query(1));
    account.control.edit('contacts', first[0] as string, { notes: 'moved to the end' });
    const [second, third] = [await ids('contacts', query(2)), await ids('contacts', query(3))];
    expect(third.at(-1)).toBe(first[0]);
    // One record slid from page 2 to page 1 and was never seen.
    expect(new Set([...first, ...second, ...third]).size).toBe(29);
    account.control.remove('contacts', second[0] as string);
    expect(await ids('contacts', query(3))).toHaveLength(9);
    account.control.create('contacts');
    expect(await ids('contacts', query(3))).toHaveLength(10);
  });
});

describe('a million records', () => {
  const million = { counts: { contacts: 1_000_000, items: 10, invoices: 1_000_000 } };
  const sorted = { sort_column: 'created_time', sort_order: 'A' };

  it('are served at the beginning, the middle and the end without being held', async () => {
    const account = await sandbox(million);
    const { ids, get } = await reader(account);
    await ids('invoices', sorted);
    const before = process.memoryUsage();
    for (const page of ['1', '2500', '5000']) {
      const rows = await ids('invoices', { ...sorted, page });
      expect(rows).toEqual(Array.from({ length: 200 }, (_, n) => account.control.idOf('invoices', (Number(page) - 1) * 200 + n)));
      expect(await ids('contacts', { page, filter_by: 'Status.All' })).toHaveLength(200);
    }
    expect((await get('invoices', { ...sorted, page: '5000' })).page_context.has_more_page).toBe(false);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(64 * 1024 * 1024);
  });

  it('stay in order around an edit, a delete and a new record in the middle', async () => {
    const account = await sandbox(million);
    const { ids } = await reader(account);
    const id = account.control.edit('invoices', 500_000, { status: 'void' });
    account.control.remove('invoices', 500_010);
    const created = account.control.create('invoices');
    const middle = await ids('invoices', { ...sorted, page: '2501' });
    expect(middle[0]).toBe(id);
    expect(middle[10]).toBe(account.control.idOf('invoices', 500_011));
    expect((await ids('invoices', { ...sorted, page: '5000' })).at(-1)).toBe(created);
  });

  it('answer an incremental question with the few that changed', async () => {
    const account = await sandbox(million);
    const { ids } = await reader(account);
    const since = account.control.now().toISOString().replace(/\..*$/, '+0000');
    expect(await ids('invoices', { last_modified_time: since })).toEqual([]);
    const id = account.control.edit('invoices', 123_456);
    expect(await ids('invoices', { last_modified_time: since })).toEqual([id]);
  });
});
