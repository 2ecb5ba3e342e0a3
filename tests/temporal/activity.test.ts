import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { inActivity, type ActivitySurroundings } from '../../src/activities/activity-context';
import { activityFailure } from '../../src/activities/activity-failure';
import { ERROR_TYPES, FreshetError } from '../../src/domain/errors';
import { createCollectingLog } from '../../src/observability/collecting-log';
import { createFaults, noFaults } from '../../src/observability/faults';
import { knownSecrets } from '../../src/observability/known-secrets';
import type { StageContext } from '../../src/observability/stage-context';

const subject = { runId: '202601010000-SYNC-00000001', entity: 'invoices' };

function surroundings(overrides: Partial<ActivitySurroundings> = {}) {
  const { log, lines } = createCollectingLog();
  return { lines, given: { log, faults: noFaults, now: () => new Date(), stopping: () => false, ...overrides } };
}

/** Without Temporal's own line about each failure. */
const mockEnvironment = (info?: ConstructorParameters<typeof MockActivityEnvironment>[0]) =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR', () => undefined) });

const error = (init: Partial<ConstructorParameters<typeof FreshetError>[1]> = {}, type: (typeof ERROR_TYPES)[number] = 'rate_limited') =>
  new FreshetError(type, { code: 'too-many', message: 'Zoho asks for a pause', remedy: 'Wait.', ...init });

describe('an error on its way to Temporal', () => {
  it.each(ERROR_TYPES)('keeps its type %s, its sentence and what to do, and is tried again only where that helps', (type) => {
    const thrown = error({ where: 'https://books', facts: { status: 429 } }, type);
    const failure = activityFailure(thrown, undefined) as ApplicationFailure;
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect([failure.type, failure.nonRetryable, failure.message]).toEqual([type, !thrown.retryable, 'Zoho asks for a pause']);
    expect(failure.details).toEqual([
      { type, code: 'too-many', message: 'Zoho asks for a pause', remedy: 'Wait.', where: 'https://books', facts: { status: 429 } },
    ]);
    expect(failure.cause).toBeUndefined();
  });

  it('says when to come again where the source said so', () => {
    expect((activityFailure(error({ facts: { retryAfterMs: 7000 } }), undefined) as ApplicationFailure).nextRetryDelay).toBe(7000);
  });

  it('is tried again when nobody foresaw it', () => {
    const failure = activityFailure(new TypeError('x is not a function'), undefined) as ApplicationFailure;
    expect([failure.type, failure.nonRetryable]).toEqual(['transient_error', false]);
  });

  it('comes again with a new token when another attempt overtook the one that Temporal waits for', () => {
    const superseded = activityFailure(
      error({ code: 'attempt-superseded', retryable: false }, 'cancelled'),
      undefined,
    ) as ApplicationFailure;
    const refused = activityFailure(error({ code: 'attempt-refused', retryable: false }, 'cancelled'), undefined) as ApplicationFailure;
    expect([superseded.nonRetryable, refused.nonRetryable]).toEqual([false, true]);
  });

  it('loses its secrets', () => {
    knownSecrets.add('s3cr3t-refresh-token');
    const failure = activityFailure(error({ message: 'refused s3cr3t-refresh-token' }), undefined);
    expect(failure.message).not.toContain('s3cr3t');
  });

  it('is a cancel when one was asked for, and a passing trouble when only the worker stops', () => {
    const cancelled = { cancelRequested: true, workerShutdown: false };
    expect(activityFailure(error(), cancelled)).toBeInstanceOf(CancelledFailure);
    expect(activityFailure(error(), { cancelRequested: true, workerShutdown: true })).toBeInstanceOf(CancelledFailure);
    const stopping = activityFailure(error({}, 'cancelled'), { cancelRequested: false, workerShutdown: true }) as ApplicationFailure;
    expect([stopping.type, stopping.nonRetryable, stopping.category]).toEqual(['transient_error', false, 'BENIGN']);
    expect(stopping.details).toMatchObject([{ code: 'worker-stopping', remedy: 'Nothing to do while a worker is running.' }]);
  });
});

describe('a stage inside an activity', () => {
  it('heartbeats while it waits, with the mark of its progress, and not while the process hangs', async () => {
    const env = mockEnvironment({ heartbeatTimeoutMs: 400 });
    const beats: unknown[] = [];
    env.on('heartbeat', (details) => beats.push(details));
    await env.run(() =>
      inActivity(surroundings().given, subject, async (ctx) => {
        ctx.progress('list:1:2');
        await sleep(450);
        const before = beats.length;
        const until = performance.now() + 300;
        while (performance.now() < until);
        expect(beats.length).toBe(before);
      }),
    );
    expect(beats.length).toBeGreaterThanOrEqual(3);
    expect(new Set(beats.map((beat) => (beat as { mark: string }).mark))).toEqual(new Set(['list:1:2']));
  });

  it('knows the mark that an earlier attempt reached, and leaves its own error behind in the last heartbeat', async () => {
    const env = mockEnvironment({ heartbeatDetails: { mark: 'list:1:9' } });
    const beats: unknown[] = [];
    env.on('heartbeat', (details) => beats.push(structuredClone(details)));
    await expect(env.run(() => inActivity(surroundings().given, subject, () => Promise.reject(error())))).rejects.toMatchObject({
      type: 'rate_limited',
    });
    expect(beats.at(-1)).toMatchObject({
      mark: 'list:1:9',
      error: { type: 'rate_limited', code: 'too-many', message: 'Zoho asks for a pause' },
    });
  });

  it('hears a cancel through its signal', async () => {
    const env = mockEnvironment();
    const running = env.run(() =>
      inActivity(surroundings().given, subject, (ctx: StageContext) => sleep(30_000, undefined, { signal: ctx.signal })),
    );
    env.cancel('CANCELLED', { cancelRequested: true } as never);
    await expect(running).rejects.toBeInstanceOf(CancelledFailure);
  });

  it('logs a failure once, with run, entity, attempt and remedy', async () => {
    const { lines, given } = surroundings();
    const env = mockEnvironment({ attempt: 3, activityType: 'extract' });
    await env.run(() => inActivity(given, subject, () => Promise.reject(error()))).catch(() => undefined);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      id: 'AC-001',
      level: 'warn',
      facts: { run: subject.runId, entity: 'invoices', attempt: 3, activity: 'extract', code: 'too-many', remedy: 'Wait.' },
    });
  });

  it('passes a fault site after the work and before the answer', async () => {
    const faults = createFaults('error:activity.before-answer:1:EIO', { environment: 'test' });
    const run = mockEnvironment().run(() => inActivity(surroundings({ faults }).given, subject, () => Promise.resolve(1)));
    await expect(run).rejects.toThrow(/EIO/);
  });

  it('refuses an answer that is too large for Temporal, by name', async () => {
    const env = mockEnvironment({ activityType: 'verify' });
    const run = env.run(() => inActivity(surroundings().given, subject, () => Promise.resolve('x'.repeat(300_000))));
    await expect(run).rejects.toMatchObject({
      nonRetryable: true,
      message: expect.stringContaining('Activity verify answered with 300002 bytes') as string,
    });
  });
});
