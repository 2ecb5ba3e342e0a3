import type { Fault } from '../../src/sandbox';
import { failureOf } from '../http/answer-server';
import { LeapingClock } from '../http/leaping-clock';
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
  ['stall', 'transient_error', 'answer-timeout'],
  ['lengthTooLong', 'transient_error', 'connection-lost'],
  ['lengthTooShort', 'source_error', 'answer-not-json'],
  ['gzipCut', 'source_error', 'compression-damaged'],
  ['rate1070', 'rate_limited', 'too-many-at-once'],
];
/** Silence takes real seconds to be noticed, and the way there is the same for both: one kind is enough. */
const SILENT: ReadonlySet<Fault> = new Set(['hang', 'stall']);
const kindsOf = (fault: Fault): readonly ('list' | 'detail')[] => (SILENT.has(fault) ? ['list'] : ['list', 'detail']);
const BOTH = PASSING.flatMap((row) => kindsOf(row[0]).map((kind) => [kind, ...row] as const));

/** Four attempts within the tests' own short limits; within those of a real source they would take minutes. */
const BY_ITS_OWN_LIMITS_MS = 30_000;

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
    const started = performance.now();
    expect(await failureOf(ask(kind, ctx))).toMatchObject({
      type,
      code,
      retryable: true,
      remedy: expect.stringMatching(/^freshet /) as string,
    });
    expect(performance.now() - started).toBeLessThan(BY_ITS_OWN_LIMITS_MS);
    expect(calls(kind)).toBe(4);
    expect(bench.clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(60_000);
    expect(ctx.lines.filter((line) => line.id === 'SR-001')).toHaveLength(3);
  });
});

describe('whatever the other side does', () => {
  const SLOW: readonly Fault[] = [
    ...new Set<Fault>([...PASSING.map(([fault]) => fault), 'drip', 'redirectLoop', 'rate44', 'rate45', 'unauthorized57']),
  ];

  it('an answer that comes byte by byte has an end: the time for the whole of it', async () => {
    bench = await sandboxBench({}, { timeouts: { headers: 150, body: 150, total: 200 } });
    bench.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'drip', delayMs: 20 });
    const started = performance.now();
    expect(await failureOf(ask('list'))).toMatchObject({ type: 'transient_error', code: 'request-timeout', retryable: true });
    expect(performance.now() - started).toBeLessThan(BY_ITS_OWN_LIMITS_MS);
    expect(calls('list')).toBe(4);
  });

  it.each(SLOW)('a cancel takes effect within a second: %s', async (fault) => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'list' }, fault, delayMs: 60_000 });
    const controller = new AbortController();
    const failing = failureOf(ask('list', testContext({ now: () => NOON, signal: controller.signal })));
    while (calls('list') === 0 || bench.sandbox.control.stats().inFlight === 0) await new Promise(setImmediate);
    const started = performance.now();
    controller.abort();
    expect(await failing).toMatchObject({ type: 'cancelled' });
    expect(performance.now() - started).toBeLessThan(1_000);
    while (bench.sandbox.control.stats().inFlight > 0) await new Promise(setImmediate);
  });

  it('the next call is good: nothing of a damaged answer is left on its connection', async () => {
    bench = await sandboxBench({}, { timeouts: { headers: 150, body: 150, total: 2_000 } });
    for (const fault of ['lengthTooShort', 'lengthTooLong', 'stall', 'drip', 'gzipCut'] as const) {
      bench.sandbox.control.addFault({ match: { kind: 'list' }, fault, times: 1 });
      const { body } = (await ask('list')) as { body: Buffer };
      expect(JSON.parse(body.toString())).toMatchObject({ code: 0 });
    }
  });
});

describe('a redirect in a circle', () => {
  it.each(['list', 'detail'] as const)('of a %s ends after three, as a matter of the settings, and is not asked again', async (kind) => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind }, fault: 'redirectLoop' });
    expect(await failureOf(ask(kind))).toMatchObject({
      type: 'config_error',
      code: 'redirect-loop',
      retryable: false,
      remedy: expect.stringContaining('config/sources.yaml') as string,
    });
    expect(calls(kind)).toBe(4);
    expect(bench.clock.slept).toEqual([]);
  });

  it('of a token request is not followed: its credentials are sent once', async () => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'token' }, fault: 'redirectLoop' });
    expect(await failureOf(ask('list'))).toMatchObject({ type: 'config_error', code: 'redirect-refused', retryable: false });
    expect(calls('token')).toBe(1);
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

describe('the calls of the day of a whole organization', () => {
  it('are what the sandbox lets through, and the client stops at the first refusal until the next day', async () => {
    const startClock = '2026-10-01T20:00:00Z';
    bench = await sandboxBench({ startClock, freeze: true, callsPerDay: 5 });
    for (let n = 0; n < 5; n += 1) await ask('detail');
    for (let n = 0; n < 3; n += 1)
      expect(await failureOf(ask('detail'))).toMatchObject({ type: 'quota_exhausted', code: 'quota-exhausted' });
    expect(calls('detail')).toBe(6);
    const morning = new Date('2026-10-02T00:01:00Z');
    bench.sandbox.control.setClock(morning);
    bench.clock.pass(5 * 3_600_000);
    await ask('detail', testContext({ now: () => morning }));
    expect(bench.sandbox.control.stats().callsToday).toBe(1);
  });
});

describe('too many access tokens', () => {
  it('are a wait of ten minutes with its time, and no further token is asked for until then', async () => {
    bench = await sandboxBench({ tokensPerTenMinutes: 2, rateWindow: 'sandbox', freeze: true });
    for (let n = 0; n < 2; n += 1) {
      await ask('detail');
      bench.sandbox.control.expireTokens();
    }
    const throttled = {
      type: 'rate_limited',
      code: 'zoho-token-throttled',
      remedy: expect.stringContaining('freshet waits') as string,
      facts: { until: '2026-10-01T12:10:00.000000Z' },
    };
    for (let n = 0; n < 3; n += 1) expect(await failureOf(ask('detail'))).toMatchObject(throttled);
    expect(calls('token')).toBe(3);
    bench.sandbox.control.advanceClock(600_000);
    bench.clock.pass(600_000);
    await ask('detail', testContext({ now: () => new Date('2026-10-01T12:10:00Z') }));
    expect(calls('token')).toBe(4);
  });

  it('said by the accounts host at any time are the same wait', async () => {
    bench = await sandboxBench();
    bench.sandbox.control.addFault({ match: { kind: 'token' }, fault: 'tokenThrottled' });
    expect(await failureOf(ask('list'))).toMatchObject({ type: 'rate_limited', code: 'zoho-token-throttled' });
    expect([calls('token'), calls('list')]).toEqual([1, 0]);
  });

  it('kill the oldest one: a client whose token died early renews it once', async () => {
    bench = await sandboxBench({ liveTokens: 1 });
    await ask('detail');
    const other = openZoho({ ...bench.settings, fetchClock: new LeapingClock() });
    await other.client.list(listOf('items'), atNoon());
    await ask('detail');
    expect(calls('token')).toBe(3);
    await other.client.close();
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
