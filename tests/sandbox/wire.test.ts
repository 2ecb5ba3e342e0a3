import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FAULT_MEANINGS, FAULTS, type Fault } from '../../src/sandbox';
import { parseFaultSpec } from '../../src/sandbox/fault-spec';
import { rawGet, type RawAnswer } from './raw-client';
import { closeSandboxes, reader, sandbox, switchboard } from './sandboxes';

afterEach(closeSandboxes);

/** What a bare socket gets for one list call, with a fault and without; the same bytes, because the sandbox stands still. */
async function seen(spec: string, perPage = 5): Promise<{ bad: RawAnswer; good: RawAnswer; url: string }> {
  const account = await sandbox();
  const { token } = await reader(account);
  const url = `${account.baseUrl}/contacts?per_page=${perPage}&organization_id=${account.credentials.organizationId}`;
  account.control.addFault(`list:contacts=${spec},times=1`);
  const bad = await rawGet(url, token);
  return { bad, good: await rawGet(url, token), url };
}

const said = (answer: RawAnswer): number => Number(answer.headers.get('content-length'));

describe('on the wire', () => {
  it('a good answer is as long as it says, and its connection stays', async () => {
    const { good } = await seen('html502');
    expect([good.status, said(good), good.end]).toEqual([200, good.body.length, 'open']);
  });

  it('hang: the connection stands, not a byte comes', async () => {
    const { bad } = await seen('hang');
    expect([bad.status, bad.body.length, bad.end]).toEqual([0, 0, 'open']);
  });

  it('stall: half of the body comes, then nothing, and no end', async () => {
    const { bad, good } = await seen('stall');
    expect([bad.status, said(bad), bad.end]).toEqual([200, good.body.length, 'open']);
    expect(bad.body.equals(good.body.subarray(0, Math.floor(good.body.length / 2)))).toBe(true);
  });

  it('resetMidBody: half of the body comes, then the connection breaks', async () => {
    const { bad, good } = await seen('resetMidBody');
    expect(bad.body.length).toBe(Math.floor(good.body.length / 2));
    expect(bad.end).not.toBe('open');
  });

  it('reset: the connection breaks before a byte came', async () => {
    const { bad } = await seen('reset');
    expect(bad.body.length).toBe(0);
    expect(bad.end).not.toBe('open');
  });

  it('drip: the same bytes, one by one', async () => {
    const { bad, good } = await seen('drip,delay=1', 1);
    expect(bad.body.equals(good.body)).toBe(true);
    expect(bad.pieces).toBeGreaterThan(200);
    expect(good.pieces).toBeLessThan(5);
  });

  it('lengthTooLong: it promises 64 bytes more than come, then ends', async () => {
    const { bad, good } = await seen('lengthTooLong');
    expect([said(bad), bad.end]).toEqual([good.body.length + 64, 'end']);
    expect(bad.body.equals(good.body)).toBe(true);
  });

  it('lengthTooShort: it promises 64 bytes less than come', async () => {
    const { bad, good } = await seen('lengthTooShort');
    expect([said(bad), bad.end]).toEqual([good.body.length - 64, 'open']);
    expect(bad.body.equals(good.body)).toBe(true);
  });

  it('gzipCut: the length is right, the data is half', async () => {
    const { bad, good } = await seen('gzipCut');
    expect([said(bad), bad.headers.get('content-encoding')]).toEqual([bad.body.length, 'gzip']);
    expect(() => gunzipSync(bad.body)).toThrow('unexpected end of file');
    const decoded = gunzipSync(bad.body, { finishFlush: 2 });
    expect(good.body.subarray(0, decoded.length).equals(decoded)).toBe(true);
  });

  it('redirectLoop: it sends the request to where it was', async () => {
    const { bad, url } = await seen('redirectLoop');
    expect([bad.status, bad.body.length]).toEqual([302, 0]);
    expect(new URL(bad.headers.get('location') ?? '', url).href).toBe(url);
  });
});

describe('the short form of a fault', () => {
  it('says request, fault and options', () => {
    expect(parseFaultSpec('list:invoices:2=drip,times=3,skip=1,delay=50')).toEqual({
      match: { kind: 'list', entity: 'invoices', page: 2 },
      fault: 'drip',
      times: 3,
      skip: 1,
      delayMs: 50,
    });
    expect(parseFaultSpec('detail:items:42=rate45,retry_after=60')).toEqual({
      match: { kind: 'detail', entity: 'items', recordId: '42' },
      fault: 'rate45',
      retryAfterSeconds: 60,
    });
    expect(parseFaultSpec('any=hang')).toEqual({ match: { kind: 'any' }, fault: 'hang' });
  });

  it.each([
    ['hang', 'no fault: hang; write <kind>'],
    ['list=sleepy', 'no such fault: sleepy; known are rate44'],
    ['page=hang', 'no such kind of request: page; known are list'],
    ['list:bills=hang', 'no such entity: bills; known are'],
    ['list=hang,often=2', 'no such option of a fault: often; known are times'],
    ['list=hang,times=many', 'times takes a whole number, not many'],
  ])('that means nothing is refused with what there is: %s', (spec, message) => {
    expect(() => parseFaultSpec(spec)).toThrow(message);
  });

  it('is taken by the switchboard, which tells what each fault is', async () => {
    const account = await sandbox();
    const set = await switchboard(account, 'POST', 'faults', { body: { spec: 'any=html502,times=1' } });
    expect(await set.json()).toEqual({ id: 'fault-1' });
    expect(account.control.faults()).toMatchObject([{ fault: 'html502', times: 1 }]);
    const refused = await switchboard(account, 'POST', 'faults', { body: { spec: 'any=sleepy' } });
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([400, expect.stringContaining('sleepy')]);
    const help = (await (await switchboard(account, 'GET', 'help')).json()) as { faults: Record<Fault, string> };
    expect(help.faults).toEqual(FAULT_MEANINGS);
  });

  it('of every fault stands in docs/sandbox.md, with its meaning', () => {
    const page = readFileSync(join(__dirname, '../../docs/sandbox.md'), 'utf8');
    for (const fault of FAULTS) expect(page).toContain(`| \`${fault}\` | ${FAULT_MEANINGS[fault]} |`);
  });
});
