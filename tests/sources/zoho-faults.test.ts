import type { Fault } from '../../src/sandbox';
import { failureOf } from '../http/answer-server';
import { testContext } from '../http/test-context';
import { listOf, openZoho, sandboxBench, type SandboxBench } from './zoho-bench';

let bench: SandboxBench;

afterEach(() => bench.close());

const NOON = new Date('2026-10-01T12:00:00Z');
const atNoon = (): ReturnType<typeof testContext> => testContext({ now: () => NOON });

function calls(kind: 'list' | 'detail' | 'token'): number {
  return bench.sandbox.control.requestLog().filter((line) => line.kind === kind).length;
}

async function ask(kind: 'list' | 'detail', ctx = atNoon()): Promise<unknown> {
  if (kind === 'list') return bench.client.list(listOf('invoices'), ctx);
  return bench.client.detail({ entity: 'invoices', id: bench.sandbox.control.idOf('invoices', 5) }, ctx);
}

const PASSING: readonly [Fault, string, string][] = [
  ['html502', 'transient_error', 'service-unavailable'],
  ['internal1000', 'transient_error', 'service-unavailable'],
  ['truncated', 'source_error', 'answer-not-json'],
  ['notUtf8', 'source_error', 'answer-not-json'],
  ['wrongEnvelope', 'source_error', 'answer-misshapen'],
  ['reset', 'transient_error', 'connection-lost'],
  ['resetMidBody', 'transient_error', 'connection-lost'],
  ['hang', 'transient_error', 'answer-timeout'],
  ['rate1070', 'rate_limited', 'too-many-at-once'],
];
const BOTH = PASSING.flatMap((row) => (['list', 'detail'] as const).map((kind) => [kind, ...row] as const));

describe('a trouble that passes', () => {
  beforeEach(async () => {
    bench = await sandboxBench({}, { timeouts: { headers: 150, body: 150 } });
  });

  it.each(BOTH)('in a %s: %s is tried again and then good', async (kind, fault) => {
    bench.sandbox.control.addFault({ match: { kind }, fault, times: 2 });
    await ask(kind);
    expect(calls(kind)).toBe(3);
    expect(bench.clock.slept.map(Math.round)).toEqual([300, 900]);
  });

  it.each(BOTH)('in a %s: %s that stays goes up after four attempts as %s %s', async (kind, fault, type, code) => {
    bench.sandbox.control.addFault({ match: { kind }, fault });
    const ctx = atNoon();
    expect(await failureOf(ask(kind, ctx))).toMatchObject({ type, code, retryable: true });
    expect(calls(kind)).toBe(4);
    expect(bench.clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(60_000);
    expect(ctx.lines.filter((line) => line.id === 'SR-001')).toHaveLength(3);
  });
});

describe('an answer that says no', () => {
  it.each(['codeNonZero200', 'emptyObject'] as const)('(%s) goes up at once: seconds do not change it', async (fault) => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'detail' }, fault });
    expect(await failureOf(ask('detail'))).toMatchObject({ type: 'source_error', code: 'zoho-code', retryable: true });
    expect(calls('detail')).toBe(1);
    expect(bench.clock.slept).toEqual([]);
  });
});

describe('the limit of the minute (code 44)', () => {
  it('is waited out once by everyone', async () => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'rate44', times: 1 });
    await ask('list');
    expect(calls('list')).toBe(2);
    expect(bench.clock.slept).toEqual([60_000]);
  });

  it('is waited for as long as Retry-After says', async () => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'detail' }, fault: 'rate44', times: 1, retryAfterSeconds: 7 });
    await ask('detail');
    expect(bench.clock.slept).toEqual([7_000]);
  });

  it('goes up with its time when it is still there after the minute', async () => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'rate44' });
    expect(await failureOf(ask('list'))).toMatchObject({ type: 'rate_limited', facts: { until: '2026-10-01T12:01:00.000000Z' } });
    expect(calls('list')).toBe(2);
  });

  it('goes up at once when the wait asked for is longer than a minute', async () => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'rate44', retryAfterSeconds: 600 });
    expect(await failureOf(ask('list'))).toMatchObject({ type: 'rate_limited', facts: { until: '2026-10-01T12:10:00.000000Z' } });
    expect(calls('list')).toBe(1);
    expect(bench.clock.slept).toEqual([]);
  });

  it('is kept by ourselves: a sandbox that allows 20 a minute never refuses 50 calls', async () => {
    bench = await sandboxBench({ callsPerMinute: 100_000 }, { limits: { requestsPerMinute: 20, concurrent: 4 } });
    for (let n = 0; n < 50; n += 1) await ask('detail');
    expect(bench.clock.slept.map((ms) => Math.round(ms / 1000))).toEqual([60, 60]);
  });
});

describe('the quota of the day (code 45)', () => {
  it('goes up at once with the next day, and nothing more is sent until then', async () => {
    bench = await sandboxBench({ startClock: '2026-10-01T20:00:00Z', freeze: true });
    bench.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'rate45', times: 1 });
    const expected = { type: 'quota_exhausted', retryable: false, facts: { until: '2026-10-01T16:01:00.000000Z' } };
    expect(await failureOf(ask('list'))).toMatchObject(expected);
    expect(await failureOf(ask('detail'))).toMatchObject(expected);
    expect(calls('list') + calls('detail')).toBe(1);
    await ask('list', testContext({ now: () => new Date('2026-10-01T16:01:00Z') }));
    expect(calls('list')).toBe(2);
  });

  it('is waited for as long as Retry-After says', async () => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'rate45', retryAfterSeconds: 3_600 });
    expect(await failureOf(ask('list'))).toMatchObject({ type: 'quota_exhausted', facts: { until: '2026-10-01T13:00:00.000000Z' } });
  });
});

describe('authorisation (401, code 57)', () => {
  it('is renewed once for a token that died', async () => {
    bench = await sandboxBench();
    await ask('list');
    bench.sandbox.control.expireTokens();
    await ask('list');
    expect(calls('token')).toBe(2);
    expect(calls('list')).toBe(3);
  });

  it('that stays missing is an auth_error, and the next calls burn no further tokens', async () => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'detail' }, fault: 'unauthorized57' });
    for (let n = 0; n < 5; n += 1) {
      const error = await failureOf(ask('detail'));
      expect(error).toMatchObject({ type: 'auth_error', code: 'zoho-not-authorized', retryable: false });
      expect((error as { remedy: string }).remedy).toContain('refresh_token');
    }
    expect(calls('token')).toBe(2);
  });

  it('of a wrong organization or a wrong path is a matter of the settings', async () => {
    bench = await sandboxBench({}, { organizationId: '999' });
    expect(await failureOf(ask('list'))).toMatchObject({ type: 'config_error', code: 'zoho-organization-wrong', retryable: false });
    await bench.close();
    bench = await sandboxBench();
    const wrong = openZoho({ ...bench.settings, baseUrl: `${bench.sandbox.url}/books/v2` });
    expect(await failureOf(wrong.client.list(listOf('items'), atNoon()))).toMatchObject({ type: 'config_error', code: 'zoho-url-wrong' });
    await wrong.client.close();
  });
});

describe('one token for all', () => {
  it('50 calls at once make one token request', async () => {
    bench = await sandboxBench();
    await Promise.all(Array.from({ length: 50 }, () => ask('detail')));
    expect([calls('token'), calls('detail')]).toEqual([1, 50]);
  });

  it('a token that dies in the middle of 20 calls at once is renewed once', async () => {
    bench = await sandboxBench();
    await ask('list');
    bench.sandbox.control.expireTokens();
    await Promise.all(Array.from({ length: 20 }, () => ask('detail')));
    expect(calls('token')).toBe(2);
    expect(calls('detail')).toBeLessThanOrEqual(40);
  });
});
