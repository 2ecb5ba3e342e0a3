import { closeSandboxes, reader, sandbox } from './sandboxes';

afterEach(closeSandboxes);

type Row = Record<string, string>;

const rowsOf = (truth: Iterable<{ row: string }>): Row[] => [...truth].map(({ row }) => JSON.parse(row) as Row);
const sortedIds = (rows: readonly Row[], field: string): string[] => rows.map((row) => row[field] as string).sort();

describe('last_modified_time', () => {
  const zoho = (millis: number): string => new Date(millis).toISOString().replace(/\.\d+Z$/, '+0000');

  it('returns invoices modified at or after the instant, whatever offset they are written in', async () => {
    const account = await sandbox();
    const { ids } = await reader(account);
    const rows = rowsOf(account.control.truth('invoices'));
    const instants = [...new Set(rows.map((row) => Date.parse(row.last_modified_time as string)))].sort((a, b) => a - b);
    const middle = instants[Math.floor(instants.length / 2)] as number;
    const expected = rows.filter((row) => Date.parse(row.last_modified_time as string) >= middle);
    expect((await ids('invoices', { last_modified_time: zoho(middle) })).sort()).toEqual(sortedIds(expected, 'invoice_id'));
    expect(await ids('invoices', { last_modified_time: zoho(middle + 1000) })).not.toHaveLength(expected.length);
  });

  it('can be switched to exclusive, because Zoho does not say which it is', async () => {
    const account = await sandbox();
    const { ids } = await reader(account);
    const id = account.control.edit('invoices', 3);
    const since = zoho(account.control.now().getTime());
    expect(await ids('invoices', { last_modified_time: since })).toEqual([id]);
    account.control.setModifiedFilterExclusive(true);
    expect(await ids('invoices', { last_modified_time: since })).toEqual([]);
  });

  it('is ignored for contacts and items, where it is not documented', async () => {
    const { ids } = await reader(await sandbox());
    const query = { last_modified_time: '2099-01-01T00:00:00+0000', filter_by: 'Status.All' };
    expect(await ids('contacts', query)).toHaveLength(20);
    expect(await ids('items', query)).toHaveLength(20);
  });

  it('is ignored when its plus sign was not encoded and arrived as a space', async () => {
    const { ids } = await reader(await sandbox());
    expect(await ids('invoices', { last_modified_time: '2099-01-01T00:00:00 0000' })).toHaveLength(40);
  });

  it('never finds records whose time of modification is null or empty', async () => {
    const account = await sandbox();
    const { ids } = await reader(account);
    account.control.edit('invoices', 1, {}, { lastModifiedTime: null });
    account.control.edit('invoices', 2, {}, { lastModifiedTime: '' });
    expect(await ids('invoices', { last_modified_time: '2000-01-01T00:00:00+0000' })).toHaveLength(38);
    expect(await ids('invoices')).toHaveLength(40);
  });
});

describe('status', () => {
  it('hides inactive contacts and items unless all are asked for', async () => {
    const account = await sandbox({ counts: { contacts: 150, items: 150, invoices: 1 } });
    const { ids } = await reader(account);
    for (const [entity, field] of [
      ['contacts', 'contact_id'],
      ['items', 'item_id'],
    ] as const) {
      const rows = rowsOf(account.control.truth(entity));
      const inactive = rows.filter((row) => row.status === 'inactive');
      expect(inactive.length).toBeGreaterThan(0);
      expect((await ids(entity)).sort()).toEqual(
        sortedIds(
          rows.filter((row) => row.status === 'active'),
          field,
        ),
      );
      expect((await ids(entity, { filter_by: 'Status.Inactive' })).sort()).toEqual(sortedIds(inactive, field));
      expect(await ids(entity, { filter_by: 'Status.All' })).toHaveLength(150);
    }
  });

  it('follows an edit', async () => {
    const account = await sandbox();
    const { ids } = await reader(account);
    const [first] = await ids('contacts');
    account.control.edit('contacts', first as string, { status: 'inactive' });
    expect(await ids('contacts')).not.toContain(first);
    expect(await ids('contacts', { filter_by: 'Status.Inactive' })).toContain(first);
  });
});

describe('invoice filters', () => {
  it('by date take the day in the organization’s zone, with all documented variants', async () => {
    const account = await sandbox();
    const { ids } = await reader(account);
    const rows = rowsOf(account.control.truth('invoices'));
    for (const row of rows) {
      const local = new Date(Date.parse(row.created_time as string) + 330 * 60_000).toISOString().slice(0, 10);
      expect(row.date).toBe(local);
    }
    const day = rows[20]?.date as string;
    const cases: [string, (date: string) => boolean][] = [
      ['date', (date) => date === day],
      ['date_start', (date) => date >= day],
      ['date_end', (date) => date <= day],
      ['date_before', (date) => date < day],
      ['date_after', (date) => date > day],
    ];
    for (const [name, holds] of cases) {
      const expected = rows.filter((row) => holds(row.date as string));
      expect((await ids('invoices', { [name]: day })).sort()).toEqual(sortedIds(expected, 'invoice_id'));
    }
  });

  it('by customer and by status, together, mean both', async () => {
    const account = await sandbox({ counts: { contacts: 3, items: 3, invoices: 150 } });
    const { ids } = await reader(account);
    const rows = rowsOf(account.control.truth('invoices'));
    const customer = rows[0]?.customer_id as string;
    const expected = rows.filter((row) => row.customer_id === customer && row.status === 'paid');
    expect(expected.length).toBeGreaterThan(0);
    expect((await ids('invoices', { customer_id: customer, status: 'paid' })).sort()).toEqual(sortedIds(expected, 'invoice_id'));
  });

  it('by number take greater and less', async () => {
    const account = await sandbox();
    const { ids } = await reader(account);
    const rows = rowsOf(account.control.truth('items')).filter((row) => row.status === 'active');
    const rate = Number(rows[4]?.rate);
    expect((await ids('items', { rate_greater_than: String(rate) })).sort()).toEqual(
      sortedIds(
        rows.filter((row) => Number(row.rate) > rate),
        'item_id',
      ),
    );
    expect((await ids('items', { rate_less_equals: String(rate) })).sort()).toEqual(
      sortedIds(
        rows.filter((row) => Number(row.rate) <= rate),
        'item_id',
      ),
    );
  });
});
