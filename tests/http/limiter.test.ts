import fc from 'fast-check';

import { RequestLimiter, type RequestLimits } from '../../src/http/limiter';
import type { StageContext } from '../../src/observability/stage-context';
import { testContext } from '../support/test-context';
import { failureOf } from './answer-server';
import { FakeClock, settle } from './fake-clock';

const WINDOW = 60_000;
/** Nothing here waits longer than the test's own patience: callers that are told to come back later do so. */
const now = new Date('2026-10-07T12:00:00Z');
const patient = testContext({ now: () => now });

/** On a clock, with nothing to say in an audit. */
class Limiter extends RequestLimiter {
  constructor(name: string, limits: RequestLimits, clock: FakeClock) {
    super(name, limits, { clock });
  }

  go<T>(ctx: StageContext, work: () => Promise<T>): Promise<T> {
    return this.run(ctx, work, { what: 'a test', status: () => 200 });
  }
}

interface Call {
  readonly at: number;
  readonly takes: number;
}

interface Span {
  readonly caller: number;
  readonly start: number;
  readonly end: number;
}

/** Runs calls through a limiter on a fake clock; gives when each one that was let through began and ended. */
async function play(limits: RequestLimits, calls: readonly Call[]): Promise<{ spans: Span[]; refused: number }> {
  const clock = new FakeClock();
  const limiter = new Limiter('the test', limits, clock);
  const spans: Span[] = [];
  let refused = 0;
  const never = new AbortController().signal;
  const work = async (caller: number, takes: number): Promise<void> => {
    const start = clock.monotonic();
    await clock.sleep(takes, never);
    spans.push({ caller, start, end: clock.monotonic() });
  };
  const sorted = [...calls].sort((a, b) => a.at - b.at);
  const done: Promise<void>[] = [];
  for (const [caller, { at, takes }] of sorted.entries()) {
    await clock.advance(Math.max(0, at + 1_000 - clock.monotonic()));
    done.push(
      limiter
        .go(patient, () => work(caller, takes))
        .catch((error: { type: string; facts: { until: string } }) => {
          expect(error).toMatchObject({ type: 'rate_limited' });
          refused += 1;
        }),
    );
    await settle();
  }
  await clock.advance(10 * WINDOW);
  await Promise.all(done);
  return { spans, refused };
}

const limitsArbitrary = fc.record({ requestsPerMinute: fc.integer({ min: 1, max: 8 }), concurrent: fc.integer({ min: 1, max: 5 }) });
const callsArbitrary = fc.array(fc.record({ at: fc.integer({ min: 0, max: 150_000 }), takes: fc.integer({ min: 0, max: 20_000 }) }), {
  minLength: 1,
  maxLength: 30,
});

describe('the limiter', () => {
  it('never lets more through in any minute than allowed, wherever between start and end the server counts', async () => {
    await fc.assert(
      fc.asyncProperty(
        limitsArbitrary,
        callsArbitrary,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (limits, calls, where) => {
          const { spans, refused } = await play(limits, calls);
          expect(spans.length + refused).toBe(calls.length);
          const counted = spans.map(({ start, end }) => start + (end - start) * (where.next().value as number)).sort((a, b) => a - b);
          for (const [index, at] of counted.entries()) {
            const inWindow = counted.slice(index).filter((other) => other <= at + WINDOW).length;
            expect(inWindow).toBeLessThanOrEqual(limits.requestsPerMinute);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('never lets more run at once than allowed, and serves first come first', async () => {
    await fc.assert(
      fc.asyncProperty(limitsArbitrary, callsArbitrary, async (limits, calls) => {
        const { spans } = await play(limits, calls);
        const byStart = [...spans].sort((a, b) => a.start - b.start || a.caller - b.caller);
        for (const span of spans) {
          const running = spans.filter((other) => other.start <= span.start && span.start < other.end).length;
          expect(running).toBeLessThanOrEqual(limits.concurrent);
        }
        expect(byStart.map((span) => span.caller)).toEqual(spans.map((span) => span.caller).sort((a, b) => a - b));
      }),
      { numRuns: 150 },
    );
  });

  it('wastes no time: with calls that take none, the next minute begins when the first call leaves the window', async () => {
    const calls = Array.from({ length: 6 }, () => ({ at: 0, takes: 0 }));
    const { spans } = await play({ requestsPerMinute: 3, concurrent: 6 }, calls);
    expect(spans.map((span) => span.start - 1_000)).toEqual([0, 0, 0, 60_100, 60_100, 60_100]);
  });

  it('sends callers away whose wait is longer than a minute, with the time until which', async () => {
    const clock = new FakeClock();
    const limiter = new Limiter('organization 1', { requestsPerMinute: 2, concurrent: 9 }, clock);
    const work = (): Promise<void> => Promise.resolve();
    await limiter.go(patient, work);
    await limiter.go(patient, work);
    const waiting = [limiter.go(patient, work), limiter.go(patient, work)];
    const error = await failureOf(limiter.go(patient, work));
    expect(error).toMatchObject({ type: 'rate_limited', code: 'rate-limited' });
    const { until } = (error as { facts: { until: string } }).facts;
    expect(Date.parse(until)).toBeGreaterThan(now.getTime() + WINDOW);
    expect(until).toMatch(/^2026-10-07T12:0\d:\d\d\.\d{6}Z$/);
    await clock.advance(61_000);
    await Promise.all(waiting);
  });

  it('frees the place of a call that failed', async () => {
    const limiter = new Limiter('x', { requestsPerMinute: 9, concurrent: 1 }, new FakeClock());
    await failureOf(limiter.go(patient, () => Promise.reject(new Error('no'))));
    await expect(limiter.go(patient, () => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  it('lets a waiting caller leave at once; the others keep their order', async () => {
    const clock = new FakeClock();
    const limiter = new Limiter('x', { requestsPerMinute: 1, concurrent: 1 }, clock);
    await limiter.go(patient, () => Promise.resolve());
    const controller = new AbortController();
    const leaver = failureOf(limiter.go({ ...patient, signal: controller.signal }, () => Promise.resolve()));
    controller.abort();
    expect(await leaver).toMatchObject({ type: 'cancelled' });
    expect(clock.sleeping).toBe(0);
    const next = limiter.go(patient, () => Promise.resolve('served'));
    await clock.advance(60_100);
    await expect(next).resolves.toBe('served');
  });

  it('does not start for a signal that fired before', async () => {
    const limiter = new Limiter('x', { requestsPerMinute: 9, concurrent: 1 }, new FakeClock());
    const work = jest.fn(() => Promise.resolve());
    expect(await failureOf(limiter.go({ ...patient, signal: AbortSignal.abort() }, work))).toMatchObject({ type: 'cancelled' });
    expect(work).not.toHaveBeenCalled();
  });

  it('takes new limits at once', async () => {
    const clock = new FakeClock();
    const limiter = new Limiter('x', { requestsPerMinute: 1, concurrent: 1 }, clock);
    await limiter.go(patient, () => Promise.resolve());
    const waiting = limiter.go(patient, () => Promise.resolve('now'));
    limiter.setLimits({ requestsPerMinute: 5, concurrent: 1 });
    await expect(waiting).resolves.toBe('now');
  });
});

describe('a penalty', () => {
  const limits = { requestsPerMinute: 100, concurrent: 10 };

  it('of a minute or less is waited out by everyone, and the longer of two holds', async () => {
    const clock = new FakeClock();
    const limiter = new Limiter('x', limits, clock);
    limiter.penalize(30_000, patient);
    limiter.penalize(5_000, patient);
    const started: number[] = [];
    const calls = [1, 2].map(() => limiter.go(patient, () => Promise.resolve(started.push(clock.monotonic()))));
    await clock.advance(40_000);
    await Promise.all(calls);
    expect(started).toEqual([31_000, 31_000]);
  });

  it('of a day sends away those who wait and those who come, as quota', async () => {
    const clock = new FakeClock();
    const limiter = new Limiter('x', { requestsPerMinute: 100, concurrent: 1 }, clock);
    const running = limiter.go(patient, () => clock.sleep(1_000, patient.signal));
    const waiting = failureOf(limiter.go(patient, () => Promise.resolve()));
    limiter.penalize(43_200_000, patient, 'quota_exhausted');
    const expected = { type: 'quota_exhausted', code: 'quota-exhausted', facts: { until: '2026-10-08T00:00:00.000000Z' } };
    expect(await waiting).toMatchObject(expected);
    expect(await failureOf(limiter.go(patient, () => Promise.resolve()))).toMatchObject(expected);
    await clock.advance(1_000);
    await running;
  });

  it('ends when the wall clock has passed it, although the process counts otherwise', async () => {
    const clock = new FakeClock();
    const limiter = new Limiter('x', limits, clock);
    limiter.penalize(43_200_000, patient, 'quota_exhausted');
    const tomorrow = { ...patient, now: () => new Date('2026-10-08T00:00:00Z') };
    await expect(limiter.go(tomorrow, () => Promise.resolve('on'))).resolves.toBe('on');
  });
});
