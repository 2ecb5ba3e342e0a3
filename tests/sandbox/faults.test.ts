import type { FaultRule } from '../../src/sandbox';
import { closeSandboxes, reader, sandbox } from './sandboxes';

afterEach(closeSandboxes);

const LIST = { kind: 'list', entity: 'invoices' } as const;

async function struck(rule: Partial<FaultRule> & Pick<FaultRule, 'fault'>): Promise<{ response: Response; bytes: Buffer }> {
  const account = await sandbox();
  const { raw } = await reader(account);
  account.control.addFault({ match: LIST, times: 1, ...rule });
  const response = await raw('invoices');
  const bytes = Buffer.from(await response.arrayBuffer());
  expect((await raw('invoices')).status).toBe(200);
  return { response, bytes };
}

describe('faults that answer badly', () => {
  it.each([
    ['rate44', 429, 44, 'For security reasons your organization has been blocked'],
    ['rate45', 429, 45, 'has exceeded the maximum call rate limit of 1000.'],
    ['rate1070', 429, 1070, 'maximum number of in process requests'],
    ['unauthorized57', 401, 57, 'You are not authorized to perform this operation'],
    ['internal1000', 500, 1000, 'Internal error'],
    ['codeNonZero200', 200, 1000, 'Internal error'],
  ] as const)('%s: HTTP %i with code %i', async (fault, status, code, message) => {
    const { response, bytes } = await struck({ fault });
    expect(response.status).toBe(status);
    const body = JSON.parse(bytes.toString()) as { code: number; message: string };
    expect(body.code).toBe(code);
    expect(body.message).toContain(message);
    expect(response.headers.get('retry-after')).toBeNull();
  });

  it('a rate answer carries Retry-After when told so', async () => {
    const { response } = await struck({ fault: 'rate44', retryAfterSeconds: 17 });
    expect(response.headers.get('retry-after')).toBe('17');
  });

  it('html502: a page of HTML', async () => {
    const { response, bytes } = await struck({ fault: 'html502' });
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(bytes.toString()).toContain('<title>502 Bad Gateway</title>');
  });

  it('truncated: a whole HTTP answer with half a JSON text', async () => {
    const { response, bytes } = await struck({ fault: 'truncated' });
    expect(response.status).toBe(200);
    expect(bytes.toString()).toMatch(/^\{"code":0/);
    expect(() => JSON.parse(bytes.toString()) as unknown).toThrow(SyntaxError);
  });

  it('notUtf8: JSON that only a strict decoder refuses', async () => {
    const { bytes } = await struck({ fault: 'notUtf8' });
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toThrow('not valid for encoding utf-8');
    expect(JSON.parse(bytes.toString('latin1'))).toHaveProperty('invoices');
  });

  it('wrongEnvelope and emptyObject: good JSON without the list', async () => {
    const wrong = JSON.parse((await struck({ fault: 'wrongEnvelope' })).bytes.toString()) as object;
    expect(Object.keys(wrong)).toEqual(['code', 'message', 'data']);
    expect((await struck({ fault: 'emptyObject' })).bytes.toString()).toBe('{}');
  });
});

describe('faults that do not answer', () => {
  it.each(['reset', 'resetMidBody'] as const)('%s: the connection breaks', async (fault) => {
    const account = await sandbox();
    const { raw } = await reader(account);
    account.control.addFault({ match: LIST, fault, times: 1 });
    await expect(raw('invoices').then((response) => response.text())).rejects.toThrow();
    expect((await raw('invoices')).status).toBe(200);
  });

  it('hang: nothing comes until the client gives up, and its place is free again', async () => {
    const account = await sandbox({ concurrent: 1 });
    const { raw, token } = await reader(account);
    account.control.addFault({ match: { kind: 'detail' }, fault: 'hang' });
    const abort = new AbortController();
    const url = `${account.baseUrl}/invoices/1?organization_id=${account.credentials.organizationId}`;
    const hanging = fetch(url, { headers: { Authorization: `Zoho-oauthtoken ${token}` }, signal: abort.signal });
    while (account.control.stats().inFlight === 0) await new Promise(setImmediate);
    expect(((await (await raw('items')).json()) as { code: number }).code).toBe(1070);
    expect(account.control.requestLog().find(({ kind }) => kind === 'detail')?.status).toBe(0);
    abort.abort();
    await expect(hanging).rejects.toThrow();
    while (account.control.stats().inFlight > 0) await new Promise(setImmediate);
    expect((await raw('items')).status).toBe(200);
  });

  it('hang: closing the sandbox ends it at once', async () => {
    const account = await sandbox();
    const { raw } = await reader(account);
    account.control.addFault({ match: LIST, fault: 'hang' });
    const hanging = expect(raw('invoices')).rejects.toThrow();
    while (account.control.stats().inFlight === 0) await new Promise(setImmediate);
    await account.close();
    await hanging;
  });

  it('delay: the good answer comes later', async () => {
    const account = await sandbox();
    const { ids } = await reader(account);
    account.control.addFault({ match: LIST, fault: 'delay', delayMs: 30 });
    const start = performance.now();
    expect(await ids('invoices')).toHaveLength(40);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });
});

describe('rules', () => {
  it('strike only what they match, after what they skip, as often as they are told', async () => {
    const account = await sandbox();
    const { raw } = await reader(account);
    const status = async (path: string, query: Record<string, string> = {}): Promise<number> => (await raw(path, query)).status;
    account.control.addFault({ id: 'second-page', match: { ...LIST, page: 2 }, fault: 'html502', skip: 1, times: 2 });
    expect([await status('invoices'), await status('contacts', { page: '2' })]).toEqual([200, 200]);
    const results: number[] = [];
    for (let n = 0; n < 4; n += 1) results.push(await status('invoices', { page: '2' }));
    expect(results).toEqual([200, 502, 502, 200]);
    expect(account.control.faults()).toMatchObject([{ id: 'second-page', seen: 3, struck: 2 }]);
  });

  it('can mean one record, or the token call', async () => {
    const account = await sandbox();
    const { raw } = await reader(account);
    const [bad, good] = [account.control.idOf('items', 1), account.control.idOf('items', 2)];
    account.control.addFault({ match: { kind: 'detail', recordId: bad }, fault: 'internal1000' });
    expect([(await raw(`items/${bad}`)).status, (await raw(`items/${good}`)).status]).toEqual([500, 200]);
    account.control.addFault({ match: { kind: 'token' }, fault: 'html502', times: 1 });
    await expect(reader(account)).rejects.toThrow();
    await expect(reader(account)).resolves.toHaveProperty('token');
    account.control.clearFaults();
    expect((await raw(`items/${bad}`)).status).toBe(200);
  });

  it('do not strike requests that are refused anyway', async () => {
    const account = await sandbox();
    account.control.addFault({ match: LIST, fault: 'html502', times: 1 });
    expect((await fetch(`${account.baseUrl}/invoices`)).status).toBe(401);
    expect((await (await reader(account)).raw('invoices')).status).toBe(502);
  });
});
