import { closeSandboxes, reader, sandbox } from './sandboxes';

afterEach(closeSandboxes);

const PATHS = [
  'contacts?filter_by=Status.All',
  'items?filter_by=Status.All',
  'invoices?sort_column=created_time',
  'invoices?sort_column=total',
];

async function bytes(seed: number): Promise<string[]> {
  const account = await sandbox({ seed, organizationId: '10234695', counts: { contacts: 60, items: 60, invoices: 150 } });
  const { raw } = await reader(account);
  const lists = await Promise.all(PATHS.map(async (path) => (await raw(path.split('?')[0] as string, query(path))).text()));
  const details = [...account.control.truth('invoices')].map(({ detail }) => detail);
  return [...lists, ...details];
}

function query(path: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(path.split('?')[1]));
}

describe('data from a seed', () => {
  it('is the same to the byte for the same seed', async () => {
    expect(await bytes(42)).toEqual(await bytes(42));
  });

  it('is other data for another seed', async () => {
    const [one, two] = [await bytes(42), await bytes(43)];
    one.forEach((text, n) => expect(text).not.toBe(two[n]));
  });

  it('is not shared between sandboxes of one process', async () => {
    const [one, two] = [await sandbox(), await sandbox()];
    const id = one.control.edit('contacts', 0, { contact_name: 'Changed' });
    one.control.remove('contacts', 1);
    expect(two.control.count('contacts')).toBe(20);
    expect((await (await reader(two)).get(`contacts/${id}`)).contact.contact_name).not.toBe('Changed');
    expect(one.control.requestLog()).toHaveLength(0);
    expect(two.control.requestLog().map(({ kind }) => kind)).toEqual(['token', 'detail']);
  });
});

describe('seeded records', () => {
  it('have unique ids of 15 to 19 digits, most of them beyond 2^53, also in line items', async () => {
    const { control } = await sandbox({ counts: { contacts: 500, items: 500, invoices: 500 } });
    const records = [...control.truth('contacts'), ...control.truth('items'), ...control.truth('invoices')];
    const ids = records.map(({ id }) => id);
    expect(new Set(ids).size).toBe(1500);
    for (const id of ids) expect(id).toMatch(/^[1-9]\d{14,18}$/);
    expect(ids.filter((id) => BigInt(id) > 2n ** 53n).length).toBeGreaterThan(700);
    const nested = records.flatMap(({ detail }) =>
      [...detail.matchAll(/"(?:line_item_id|contact_person_id)":"(\d+)"/g)].map((match) => match[1] as string),
    );
    expect(new Set(nested).size).toBe(nested.length);
    expect(nested.some((id) => BigInt(id) > 2n ** 53n)).toBe(true);
  });

  it('carry amounts of many scales, some with more digits than a double holds', async () => {
    const { control } = await sandbox({ counts: { contacts: 100, items: 100, invoices: 200 } });
    const text = [...control.truth('invoices'), ...control.truth('items')].map(({ detail }) => detail).join('\n');
    expect(text).toMatch(/"rate":\d+\.0,/);
    expect(text).toMatch(/"rate":\d+\.\d{2},/);
    expect(text).toContain('"rate":12345678901234.56789');
    expect(text).toContain('"exchange_rate":1.0823456789012345');
  });

  it('have totals that are the exact sum of their lines', async () => {
    const { control } = await sandbox({ counts: { contacts: 10, items: 50, invoices: 200 } });
    const exact = (text: string): bigint => BigInt(text.split('.')[0] + (text.split('.')[1] ?? '').padEnd(8, '0'));
    for (const { detail } of control.truth('invoices')) {
      const lines = [...detail.matchAll(/"item_total":([\d.]+)/g)].map((match) => exact(match[1] as string));
      const total = exact(/"total":([\d.]+)/.exec(detail)?.[1] as string);
      expect(total).toBe(lines.reduce((sum, line) => sum + line, 0n));
    }
  });

  it('share instants in bursts of up to seven and write them at several offsets, without a colon and with whole seconds', async () => {
    const { control } = await sandbox({ counts: { contacts: 10, items: 10, invoices: 400 } });
    const rows = [...control.truth('invoices')].map(({ row }) => JSON.parse(row) as Record<string, string>);
    for (const field of ['created_time', 'last_modified_time'] as const) {
      const bursts = new Map<number, number>();
      for (const row of rows) {
        expect(row[field]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/);
        const instant = Date.parse(row[field] as string);
        bursts.set(instant, (bursts.get(instant) ?? 0) + 1);
      }
      expect(Math.max(...bursts.values())).toBe(7);
      expect(new Set(rows.map((row) => (row[field] as string).slice(-5))).size).toBeGreaterThanOrEqual(4);
    }
  });

  it('were all modified after they were made and at least an hour before the clock starts', async () => {
    const { control } = await sandbox({ counts: { contacts: 300, items: 300, invoices: 1000 } });
    for (const entity of ['contacts', 'items', 'invoices'] as const) {
      for (const { row } of control.truth(entity)) {
        const { created_time: made, last_modified_time: edited } = JSON.parse(row) as Record<string, string>;
        expect(Date.parse(edited as string)).toBeGreaterThanOrEqual(Date.parse(made as string));
        expect(Date.parse(edited as string)).toBeLessThanOrEqual(control.now().getTime() - 3_600_000);
      }
    }
  });

  it('refer only to customers that exist', async () => {
    const { control } = await sandbox({ counts: { contacts: 9, items: 0, invoices: 100 } });
    const contacts = new Set([...control.truth('contacts')].map(({ id }) => id));
    for (const { row } of control.truth('invoices'))
      expect(contacts.has((JSON.parse(row) as Record<string, string>).customer_id as string)).toBe(true);
  });

  it('can be none, and one', async () => {
    const { ids } = await reader(await sandbox({ counts: { contacts: 0, items: 1, invoices: 1 } }));
    expect(await ids('contacts')).toEqual([]);
    expect(await ids('invoices')).toHaveLength(1);
  });
});
