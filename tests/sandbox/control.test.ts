import { rawNumber } from '../../src/sandbox';
import { parsedRequest } from '../../src/sandbox/request';
import { RequestLog } from '../../src/sandbox/request-log';
import type { Json } from './independent-client';
import { closeSandboxes, reader, sandbox, switchboard } from './sandboxes';

afterEach(closeSandboxes);

describe('changes', () => {
  it('an edit replaces fields and stamps the sandbox’s clock, floored to the second, in the record’s own zone', async () => {
    const account = await sandbox({ startClock: '2026-10-01T08:00:00.900Z' });
    const { get } = await reader(account);
    const id = account.control.idOf('invoices', 5);
    const before = (await get(`invoices/${id}`)).invoice;
    account.control.advanceClock(61_000);
    account.control.edit('invoices', id, { reference_number: 'PO 77', line_items: [] });
    const after = (await get(`invoices/${id}`)).invoice;
    expect(after).toEqual({ ...before, reference_number: 'PO 77', line_items: [], last_modified_time: after.last_modified_time });
    expect(Date.parse(after.last_modified_time)).toBe(Date.parse('2026-10-01T08:01:01Z'));
    expect(String(after.last_modified_time).slice(-5)).toBe(String(before.last_modified_time).slice(-5));
  });

  it('an edit may keep, empty, date ahead or freely write the time of modification', async () => {
    const account = await sandbox();
    const { get } = await reader(account);
    const time = async (id: string): Promise<unknown> => (await get(`invoices/${id}`)).invoice.last_modified_time;
    const id = account.control.idOf('invoices', 5);
    const original = await time(id);
    account.control.edit('invoices', id, { notes: 'silent' }, { lastModifiedTime: 'keep' });
    expect(await time(id)).toBe(original);
    account.control.edit('invoices', id, {}, { lastModifiedTime: null });
    expect(await time(id)).toBeNull();
    account.control.edit('invoices', id, {}, { lastModifiedTime: '' });
    expect(await time(id)).toBe('');
    account.control.edit('invoices', id, {}, { lastModifiedTime: new Date('2099-01-01T00:00:00Z') });
    expect(Date.parse(String(await time(id)))).toBe(Date.parse('2099-01-01T00:00:00Z'));
    account.control.edit('invoices', id, {}, { lastModifiedTime: 'yesterday' });
    expect(await time(id)).toBe('yesterday');
  });

  it('an edit can carry digits that no double holds, and texts of any kind', async () => {
    const account = await sandbox();
    const { raw } = await reader(account);
    const id = account.control.edit('items', 3, { rate: rawNumber('99999999999999999.123456789'), name: '\u2028\ud83d\ude9a "\\' });
    const text = await (await raw(`items/${id}`)).text();
    expect(text).toContain('"rate":99999999999999999.123456789');
    expect(JSON.parse(text).item.name).toBe('\u2028\ud83d\ude9a "\\');
    expect(() => rawNumber('1,5')).toThrow('not a JSON number');
  });

  it('a created record is found by list and detail and is modified now', async () => {
    const account = await sandbox();
    const { ids, get } = await reader(account);
    const id = account.control.create('contacts', { contact_name: 'Aaa', status: 'active' });
    expect(await ids('contacts')).toContain(id);
    const { contact } = await get(`contacts/${id}`);
    expect(contact.contact_name).toBe('Aaa');
    expect(Date.parse(contact.created_time)).toBe(account.control.now().getTime());
    expect(account.control.count('contacts')).toBe(21);
  });

  it('a removed record is gone without a trace, for good', async () => {
    const account = await sandbox();
    const { ids, get } = await reader(account);
    const id = account.control.remove('invoices', 7);
    expect(await ids('invoices')).not.toContain(id);
    await expect(get(`invoices/${id}`)).rejects.toThrow('code 1002');
    expect([...account.control.truth('invoices')].map((record) => record.id)).not.toContain(id);
    expect(() => account.control.edit('invoices', id)).toThrow(`the sandbox has no invoices record "${id}"`);
  });

  it('a late commit becomes visible now with an older time', async () => {
    const account = await sandbox();
    const { get } = await reader(account);
    const past = new Date(account.control.now().getTime() - 90_000);
    const made = account.control.lateCommit('invoices', { lastModifiedTime: past });
    const { invoice } = await get(`invoices/${made}`);
    expect(Date.parse(invoice.last_modified_time)).toBe(past.getTime());
    expect(Date.parse(invoice.created_time)).toBe(past.getTime());
    const edited = account.control.lateCommit('invoices', { lastModifiedTime: past, record: 3, patch: { notes: 'late' } });
    expect((await get(`invoices/${edited}`)).invoice).toMatchObject({ notes: 'late' });
    expect(Date.parse((await get(`invoices/${edited}`)).invoice.last_modified_time)).toBe(past.getTime());
  });
});

describe('hooks', () => {
  it('change the data after a page was computed and before the next is', async () => {
    const account = await sandbox();
    const { ids } = await reader(account);
    const page = (n: number): Promise<string[]> =>
      ids('invoices', { page: String(n), per_page: '10', sort_column: 'created_time', sort_order: 'A' });
    const whole = [...(await page(1)), ...(await page(2)), ...(await page(3)), ...(await page(4))];
    account.control.onRequest(
      { kind: 'list', entity: 'invoices', page: 2 },
      () => void account.control.remove('invoices', whole[0] as string),
    );
    const read = [...(await page(1)), ...(await page(2)), ...(await page(3)), ...(await page(4))];
    expect(read).toEqual(whole.filter((_, n) => n !== 20));
  });

  it('run before the answer, at the n-th request, several times, or never again', async () => {
    const account = await sandbox();
    const { get } = await reader(account);
    const id = account.control.idOf('items', 0);
    const name = async (): Promise<string> => (await get(`items/${id}`)).item.name;
    const original = await name();
    account.control.onRequest(
      { kind: 'detail', entity: 'items', nth: 2, when: 'before' },
      () => void account.control.edit('items', id, { name: 'second' }),
    );
    expect([await name(), await name()]).toEqual([original, 'second']);
    let ran = 0;
    const stop = account.control.onRequest({ kind: 'any', times: 5 }, () => void (ran += 1));
    await name();
    await name();
    stop();
    await name();
    expect(ran).toBe(2);
  });
});

describe('mistakes of a test', () => {
  it('are told: a hook that throws, a body without end, a path that is no text', async () => {
    const account = await sandbox();
    const { raw } = await reader(account);
    account.control.onRequest({ kind: 'list' }, () => {
      throw new Error('no such row');
    });
    const thrown = await raw('items');
    expect([thrown.status, await thrown.text()]).toEqual([500, 'the sandbox failed: no such row']);
    const huge = await switchboard(account, 'POST', 'edit', { body: 'x'.repeat(5_000_000) }).then(
      (answer) => answer.status,
      () => 500,
    );
    expect(huge).toBe(500);
    expect((await raw('items/%E0%A4%A')).status).toBe(404);
    expect((await raw('items')).status).toBe(200);
  });
});

describe('the clock', () => {
  it('is told in the Date header of every answer, also of errors and tokens', async () => {
    const account = await sandbox({ startClock: '2026-02-03T04:05:06Z' });
    const { raw } = await reader(account);
    expect((await raw('invoices')).headers.get('date')).toBe('Tue, 03 Feb 2026 04:05:06 GMT');
    account.control.setClock('2030-01-01T00:00:00Z');
    expect((await raw('unicorns')).headers.get('date')).toBe('Tue, 01 Jan 2030 00:00:00 GMT');
    account.control.advanceClock(-3_600_000);
    expect((await fetch(`${account.url}/oauth/v2/token`, { method: 'POST' })).headers.get('date')).toBe('Mon, 31 Dec 2029 23:00:00 GMT');
  });

  it('ticks with real time unless frozen', async () => {
    const account = await sandbox({ freeze: false });
    const start = account.control.now().getTime();
    const real = Date.now();
    while (Date.now() < real + 20) await new Promise(setImmediate);
    expect(account.control.now().getTime() - start).toBeGreaterThanOrEqual(20);
    account.control.freezeClock();
    const frozen = account.control.now().getTime();
    while (Date.now() < real + 40) await new Promise(setImmediate);
    expect(account.control.now().getTime()).toBe(frozen);
    account.control.unfreezeClock();
    expect(account.control.now().getTime() - frozen).toBeLessThan(1000);
  });
});

describe('the request log', () => {
  it('names every request with its kind, record, page, answer and no secret', async () => {
    const account = await sandbox({ logIds: true });
    const { ids, raw } = await reader(account);
    const listed = await ids('invoices', { page: '2', per_page: '10' });
    await raw(`invoices/${listed[0] as string}`);
    await raw('contacts/1');
    const log = account.control.requestLog();
    expect(log.map(({ kind, entity, page, perPage, status, code }) => ({ kind, entity, page, perPage, status, code }))).toEqual([
      { kind: 'token', entity: undefined, page: undefined, perPage: undefined, status: 200, code: undefined },
      { kind: 'list', entity: 'invoices', page: 2, perPage: 10, status: 200, code: 0 },
      { kind: 'detail', entity: 'invoices', page: undefined, perPage: undefined, status: 200, code: 0 },
      { kind: 'detail', entity: 'contacts', page: undefined, perPage: undefined, status: 404, code: 1002 },
    ]);
    expect(log[1]?.ids).toEqual(listed);
    expect(log[2]?.recordId).toBe(listed[0]);
    const { clientId, clientSecret, refreshToken } = account.credentials;
    for (const secret of [clientId, clientSecret, refreshToken]) expect(JSON.stringify(log)).not.toContain(secret);
    account.control.clearRequestLog();
    expect(account.control.requestLog()).toEqual([]);
    expect(account.control.stats().requests).toBe(4);
  });
});

it('the request log keeps the newest 200,000 and goes on counting', () => {
  const log = new RequestLog();
  const request = parsedRequest('GET', '/books/v3/invoices?page=2');
  for (let n = 0; n < 260_000; n += 1) log.add(request, 0);
  const kept = log.read();
  expect([kept.length, kept[0]?.n, kept.at(-1)?.n, log.total]).toEqual([200_000, 60_001, 260_000, 260_000]);
});

describe('the switchboard over HTTP', () => {
  it('is closed to who does not know the control token', async () => {
    const account = await sandbox();
    for (const token of ['', 'wrong', `${account.controlToken}x`]) {
      const answer = await switchboard(account, 'POST', 'remove', { token, body: { entity: 'contacts', index: 0 } });
      expect(answer.status).toBe(403);
    }
    expect(account.control.count('contacts')).toBe(20);
  });

  it('edits, creates, removes and commits late', async () => {
    const account = await sandbox();
    const post = async (path: string, body: unknown): Promise<Json> => {
      const answer = await switchboard(account, 'POST', path, { body });
      return JSON.parse(await answer.text());
    };
    const patch = { notes: 'über HTTP', total: { $number: '12345678901234.56789' } };
    const { id } = await post('edit', { entity: 'invoices', index: 4, patch, lastModifiedTime: '' });
    const detail = await (await (await reader(account)).raw(`invoices/${id}`)).text();
    expect(detail).toContain('"total":12345678901234.56789');
    expect(JSON.parse(detail).invoice).toMatchObject({ notes: 'über HTTP', last_modified_time: '' });
    await post('create', { entity: 'items' });
    await post('remove', { entity: 'contacts', id: account.control.idOf('contacts', 2) });
    const late = await post('late-commit', { entity: 'invoices', lastModifiedTime: '2026-09-01T00:00:00+0000' });
    expect(account.control.stats().counts).toEqual({ contacts: 19, items: 21, invoices: 41 });
    expect((await (await reader(account)).get(`invoices/${late.id}`)).invoice.created_time).toMatch(/^2026-0[89]-/);
  });

  it('moves the clock, changes limits, expires tokens, switches faults, tells counts, statistics and requests', async () => {
    const account = await sandbox();
    const { raw } = await reader(account);
    const json = async (method: string, path: string, body?: unknown): Promise<Json> => {
      const answer = await switchboard(account, method, path, { body });
      return JSON.parse(await answer.text());
    };
    expect(await json('POST', 'clock', { set: '2027-01-01T00:00:00Z' })).toEqual({ now: '2027-01-01T00:00:00.000Z' });
    expect(await json('POST', 'clock', { advanceMs: 1000, freeze: true })).toEqual({ now: '2027-01-01T00:00:01.000Z' });
    expect((await raw('items')).status).toBe(401);
    const fresh = await reader(account);
    await json('POST', 'limits', { callsPerMinute: 1 });
    expect([(await fresh.raw('items')).status, (await fresh.raw('items')).status]).toEqual([200, 429]);
    await json('POST', 'limits', { callsPerMinute: 100 });
    const { id } = await json('POST', 'faults', { match: { kind: 'list' }, fault: 'html502', times: 1 });
    expect(await json('GET', 'faults')).toMatchObject([{ id, struck: 0 }]);
    expect((await fresh.raw('items')).status).toBe(502);
    await json('DELETE', `faults/${id}`);
    expect(await json('GET', 'faults')).toEqual([]);
    expect(await json('GET', 'count/items')).toEqual({ count: 20 });
    expect((await json('GET', 'stats')).clock).toBe('2027-01-01T00:00:01.000Z');
    expect(account.control.requestLog().at(-1)).toMatchObject({ kind: 'list', status: 502, fault: id });
    expect(await json('GET', 'requests')).toEqual(JSON.parse(JSON.stringify(account.control.requestLog())));
    await json('DELETE', 'requests');
    expect(await json('GET', 'requests')).toEqual([]);
    await json('POST', 'rules', { modifiedFilterExclusive: true });
    await json('POST', 'expire-tokens', {});
    expect((await fresh.raw('items')).status).toBe(401);
  });

  it('streams the truth line by line', async () => {
    const account = await sandbox();
    account.control.remove('contacts', 0);
    const lines = (await (await switchboard(account, 'GET', 'truth/contacts')).text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      [...account.control.truth('contacts')].map(({ id, detail, row }) => ({ id, detail: JSON.parse(detail), row: JSON.parse(row) })),
    );
  });

  it('says what is wrong with a request', async () => {
    const account = await sandbox();
    const error = async (path: string, body: unknown): Promise<string> =>
      ((await (await switchboard(account, 'POST', path, { body })).json()) as { error: string }).error;
    expect(await error('edit', { entity: 'unicorns', index: 1 })).toContain('known are contacts, items, invoices');
    expect(await error('edit', { entity: 'items' })).toContain('name the record');
    expect(await error('faults', { match: { kind: 'list' }, fault: 'flood' })).toContain('no such fault: flood');
    expect(await error('nonsense', {})).toContain('no such switch');
  });
});
