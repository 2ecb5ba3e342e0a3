import { accessToken, call, everyRow } from './independent-client';
import { closeSandboxes, ID_FIELDS, sandbox } from './sandboxes';

afterEach(closeSandboxes);

const COUNTS = { contacts: 450, items: 230, invoices: 620 };

describe('a client written from the API description alone', () => {
  it.each(['contacts', 'items', 'invoices'] as const)('reads every %s id exactly once, in pages', async (entity) => {
    const account = await sandbox({ counts: COUNTS });
    const token = await accessToken(account);
    const seen: string[] = [];
    for await (const row of everyRow(account, token, entity, { filter_by: 'Status.All' })) seen.push(row[ID_FIELDS[entity] as string]);
    expect(new Set(seen)).toEqual(new Set([...account.control.truth(entity)].map(({ id }) => id)));
    expect(seen).toHaveLength(COUNTS[entity]);
  });

  it('finds by detail what the oracle says, with line items that belong to existing items', async () => {
    const account = await sandbox({ counts: COUNTS });
    const token = await accessToken(account);
    const items = new Set([...account.control.truth('items')].map(({ id }) => id));
    let lines = 0;
    for (const { id, detail } of [...account.control.truth('invoices')].slice(0, 200)) {
      const { invoice } = await call(account, token, `invoices/${id}`);
      expect(invoice).toEqual(JSON.parse(detail));
      for (const line of invoice.line_items) expect(items.has(line.item_id)).toBe(true);
      expect(invoice.line_items.length).toBeLessThanOrEqual(6);
      lines += invoice.line_items.length;
    }
    expect(lines / 200).toBeGreaterThan(2.4);
    expect(lines / 200).toBeLessThan(3.6);
  });

  it('is refused with HTTP 200 and an error word for wrong credentials', async () => {
    const account = await sandbox();
    const wrong = (field: string): Promise<string> => accessToken({ ...account, credentials: { ...account.credentials, [field]: 'x' } });
    await expect(wrong('clientId')).rejects.toThrow('invalid_client');
    await expect(wrong('clientSecret')).rejects.toThrow('invalid_client_secret');
    await expect(wrong('refreshToken')).rejects.toThrow('invalid_code');
  });

  it('is told 401 with code 57 for a token that was never given', async () => {
    const account = await sandbox();
    await expect(call(account, '1000.x.y', 'contacts')).rejects.toThrow(
      'HTTP 401 code 57: You are not authorized to perform this operation',
    );
  });

  it('is told which record does not exist', async () => {
    const account = await sandbox();
    const token = await accessToken(account);
    await expect(call(account, token, 'invoices/982000000567114')).rejects.toThrow('HTTP 404 code 1002: Invoice does not exist.');
    await expect(call(account, token, 'contacts/nonsense')).rejects.toThrow('HTTP 404 code 1002: Contact does not exist.');
  });

  it('needs the organization for everything but the list of organizations', async () => {
    const account = await sandbox();
    const token = await accessToken(account);
    await expect(call(account, token, 'items', { organization_id: '' })).rejects.toThrow('HTTP 400 code 2');
    await expect(call(account, token, 'items', { organization_id: '1' })).rejects.toThrow('HTTP 404 code 6041');
    const { organizations } = await call(account, token, 'organizations', { organization_id: '' });
    expect(organizations[0].organization_id).toBe(account.credentials.organizationId);
  });

  it('gets 404 with code 5 for a path that does not exist', async () => {
    const account = await sandbox();
    const token = await accessToken(account);
    await expect(call(account, token, 'unicorns')).rejects.toThrow('HTTP 404 code 5: Invalid URL Passed');
    await expect(call(account, token, 'invoices/1/lines')).rejects.toThrow('HTTP 404 code 5');
  });
});
