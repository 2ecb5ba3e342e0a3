import { FAULTS, type Fault, type RequestKind } from '../../src/sandbox/legacy-4d';
import type { ListAnswer } from '../../src/sources/source';
import { failureOf } from '../http/answer-server';
import { testContext } from '../http/test-context';
import { bench, CANARY, catalogOf, closeBenches, json, listOf, pages, rowsOf, saying, type Bench } from './legacy-4d-bench';

afterEach(closeBenches);

const FAMILIES = listOf('Artikel_Familie');
const NOON = new Date('2026-10-01T12:00:00Z');
const atNoon = (): ReturnType<typeof testContext> => testContext({ now: () => NOON });

type Kind = Extract<RequestKind, 'list' | 'entity' | 'catalog'>;

function ask({ client, sandbox }: Bench, kind: Kind, ctx = atNoon()): Promise<unknown> {
  if (kind === 'list') return client.list(FAMILIES, ctx);
  if (kind === 'entity') return client.detail({ entity: 'Artikel_Familie', id: sandbox.control.keyOf('Artikel_Familie', 5) }, ctx);
  return client.survey({ entity: 'Artikel_Familie' }, ctx);
}

const calls = ({ sandbox }: Bench, kind: RequestKind): number => sandbox.control.requestLog().filter((line) => line.kind === kind).length;

const PASSING: readonly [Fault, string, string][] = [
  ['html502', 'transient_error', 'service-unavailable'],
  ['html500', 'transient_error', 'service-unavailable'],
  ['internal500', 'transient_error', 'service-unavailable'],
  ['error200', 'source_error', 'legacy-4d-error'],
  ['errorBesideData', 'source_error', 'legacy-4d-error'],
  ['html200', 'source_error', 'answer-not-json'],
  ['emptyObject', 'source_error', 'answer-misshapen'],
  ['wrongEnvelope', 'source_error', 'answer-misshapen'],
  ['truncated', 'source_error', 'answer-not-json'],
  ['notUtf8', 'source_error', 'answer-not-json'],
  ['gzipCut', 'source_error', 'compression-damaged'],
  ['lengthTooLong', 'transient_error', 'connection-lost'],
  ['lengthTooShort', 'source_error', 'answer-not-json'],
  ['reset', 'transient_error', 'connection-lost'],
  ['resetMidBody', 'transient_error', 'connection-lost'],
  ['hang', 'transient_error', 'request-timeout'],
  ['stall', 'transient_error', 'request-timeout'],
];
/** Silence takes real time to be noticed, and the way there is the same for all: one kind is enough. */
const SILENT: ReadonlySet<Fault> = new Set(['hang', 'stall']);
const kindsOf = (fault: Fault): readonly Kind[] => (SILENT.has(fault) ? ['list'] : ['list', 'entity', 'catalog']);
const ALL = PASSING.flatMap((row) => kindsOf(row[0]).map((kind) => [kind, ...row] as const));

describe('a trouble that passes', () => {
  /** Silence is noticed by the time for the whole answer: undici looks at the others only once a second. */
  const quick = (fault?: Fault): Promise<Bench> => bench({}, fault !== undefined && SILENT.has(fault) ? { timeouts: { total: 200 } } : {});

  it.each(ALL)('in a %s: %s is tried again and then good', async (kind, fault) => {
    const made = await quick(fault);
    made.sandbox.control.addFault({ match: { kind }, fault, times: 2 });
    await ask(made, kind);
    expect(calls(made, kind)).toBe(3);
    expect(made.clock.slept.map(Math.round)).toEqual([300, 900]);
  });

  it.each(ALL)('in a %s: %s that stays goes up after four attempts as %s %s', async (kind, fault, type, code) => {
    const made = await quick(fault);
    made.sandbox.control.addFault({ match: { kind }, fault });
    const ctx = atNoon();
    const error = await failureOf(ask(made, kind, ctx));
    expect(error).toMatchObject({ type, code, retryable: true, remedy: expect.stringMatching(/^freshet /) as string });
    expect(calls(made, kind)).toBe(4);
    expect(ctx.lines.filter((line) => line.id === 'SR-001')).toHaveLength(3);
    expect(JSON.stringify([error, ctx.lines])).not.toContain(CANARY);
  });

  it.each(
    (['legacy', 'force-login'] as const).flatMap((generation) =>
      (['html502', 'html200', 'internal500', 'error200', 'truncated', 'notUtf8', 'reset'] as const).map(
        (fault) => [generation, fault] as const,
      ),
    ),
  )('in a login of %s: %s is tried again as well, and costs no second session', async (generation, fault) => {
    const made = await bench({ generation });
    const skip = generation === 'legacy' ? 1 : 0;
    made.sandbox.control.addFault({ match: { kind: 'login' }, fault, times: 2, skip });
    await ask(made, 'list');
    expect(made.sandbox.control.stats()).toMatchObject({ sessions: 1, users: 1 });
    expect(made.sandbox.control.requestLog().filter((line) => line.opened)).toHaveLength(1);
  });

  it('in the older login: an answer that says neither yes nor no is tried again', async () => {
    const made = await bench();
    made.sandbox.control.addFault({ match: { kind: 'login' }, fault: 'emptyObject', skip: 1, times: 1 });
    await ask(made, 'list');
    expect(made.sandbox.control.stats()).toMatchObject({ sessions: 1, users: 1 });
  });
});

describe('an answer that says no', () => {
  it('for a refused login is an auth error, and nothing more is sent', async () => {
    const made = await bench();
    made.sandbox.control.addFault({ match: { kind: 'login' }, fault: 'loginRefused' });
    expect(await failureOf(ask(made, 'list'))).toMatchObject({ type: 'auth_error', code: 'legacy-4d-login-refused' });
    expect(await failureOf(ask(made, 'list'))).toMatchObject({ type: 'auth_error', code: 'legacy-4d-login-refused' });
    expect(calls(made, 'login')).toBe(1);
    expect(calls(made, 'list')).toBe(0);
  });

  it('for want of a licence goes up with its time', async () => {
    const made = await bench();
    await ask(made, 'list');
    made.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'noLicence' });
    expect(await failureOf(ask(made, 'list'))).toMatchObject({ type: 'rate_limited', facts: { until: '2026-10-01T12:05:00.000000Z' } });
  });

  it('in a circle of redirects is a matter of the settings', async () => {
    const made = await bench();
    made.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'redirectLoop' });
    expect(await failureOf(ask(made, 'list'))).toMatchObject({ type: 'config_error', code: 'redirect-loop' });
  });
});

describe('a list that is not true', () => {
  it('because it begins again on each page is found out', async () => {
    for (const entity of ['Artikel_Familie', 'Auftrag_Position']) {
      const { client, sandbox } = await bench({}, { pageSize: 10 });
      sandbox.control.addFault({ match: { kind: 'list' }, fault: 'samePage', skip: 2 });
      expect(await failureOf(pages(client, listOf(entity)))).toMatchObject({ type: 'source_error', code: 'page-contradicts-itself' });
      await closeBenches();
    }
  });

  it('because it does not hear from where on is found out', async () => {
    const { client, sandbox } = await bench({}, { pageSize: 10 });
    sandbox.control.addFault({ match: { kind: 'list' }, fault: 'samePage' });
    const request = listOf('Artikel_Familie', { from: String(sandbox.control.stats().nextStamp) });
    expect(await failureOf(pages(client, request))).toMatchObject({ type: 'source_error', code: 'page-contradicts-itself' });
  });

  it('because a page in its middle shows nothing is asked again', async () => {
    const { client, sandbox } = await bench({}, { pageSize: 10 });
    sandbox.control.addFault({ match: { kind: 'list' }, fault: 'falseEmpty', skip: 3, times: 1 });
    expect((await pages(client, FAMILIES)).flatMap(rowsOf)).toHaveLength(80);
  });

  it.each([null, '0'])('because from some page on it shows nothing is not believed (from %s)', async (from) => {
    const { client, sandbox } = await bench({}, { pageSize: 10 });
    sandbox.control.addFault({ match: { kind: 'list' }, fault: 'falseEmpty', skip: 3 });
    const error = await failureOf(pages(client, { ...FAMILIES, from }));
    expect(error).toMatchObject({ type: 'source_error', code: 'page-contradicts-itself' });
  });

  it('is told from one whose rest was deleted while it was read', async () => {
    const { client, sandbox } = await bench({}, { pageSize: 40 });
    const first = await client.list(FAMILIES, testContext());
    for (let index = 40; index < 80; index += 1) sandbox.control.remove('Artikel_Familie', index);
    expect((await pages(client, { ...FAMILIES, position: first.next })).flatMap(rowsOf)).toEqual([]);
  });

  const GOOD = { __COUNT: 1, __SENT: 1, __FIRST: 0, __ENTITIES: [{ __KEY: '1', ID: 1 }] };
  it.each([
    ['__ENTITIES is missing', { ...GOOD, __ENTITIES: undefined }, 'answer-misshapen'],
    ['__ENTITIES is no array', { ...GOOD, __ENTITIES: {} }, 'answer-misshapen'],
    ['something in it is no record', { ...GOOD, __ENTITIES: ['x'] }, 'answer-misshapen'],
    ['__SENT says another number', { ...GOOD, __SENT: 2 }, 'answer-misshapen'],
    ['__SENT is missing', { ...GOOD, __SENT: undefined }, 'answer-misshapen'],
    ['__COUNT says fewer', { ...GOOD, __COUNT: 0 }, 'page-contradicts-itself'],
    ['__COUNT tells of records and none came', { ...GOOD, __SENT: 0, __ENTITIES: [] }, 'page-contradicts-itself'],
    ['a record has no key', { ...GOOD, __ENTITIES: [{ __KEY: '1' }] }, 'answer-misshapen'],
    ['a record comes twice', { __COUNT: 2, __SENT: 2, __ENTITIES: [{ ID: 1 }, { ID: 1 }] }, 'page-contradicts-itself'],
    ['it says that no such record exists', { __ERROR: [{ errCode: 1542, message: 'x' }] }, 'answer-misshapen'],
  ])('is no data where %s', async (_, body, code) => {
    const { client } = await saying((request, response) => json(response, request.url?.includes('$catalog') ? catalogOf('long') : body));
    expect(await failureOf(client.list(listOf('T'), testContext()))).toMatchObject({ type: 'source_error', code });
  });
});

describe('whatever the other side does', () => {
  it.each(FAULTS.filter((fault) => fault !== 'entitySetGone' && fault !== 'loginRefused'))(
    'a cancel takes effect within a second: %s',
    async (fault) => {
      const made = await bench();
      await ask(made, 'catalog');
      made.sandbox.control.addFault({ match: { kind: 'list' }, fault, delayMs: 60_000 });
      const controller = new AbortController();
      const failing = failureOf(ask(made, 'list', testContext({ now: () => NOON, signal: controller.signal })));
      while (made.sandbox.control.stats().inFlight === 0) await new Promise(setImmediate);
      const started = performance.now();
      controller.abort();
      expect(await failing).toMatchObject({ type: 'cancelled' });
      expect(performance.now() - started).toBeLessThan(1_000);
    },
  );

  it('an answer that is slow but good is good, and one that never ends has an end', async () => {
    const made = await bench({}, { timeouts: { total: 300 } });
    made.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'delay', delayMs: 50, times: 1 });
    expect(rowsOf((await ask(made, 'list')) as ListAnswer)).toHaveLength(80);
    made.sandbox.control.addFault({ match: { kind: 'list' }, fault: 'drip', delayMs: 20 });
    expect(await failureOf(ask(made, 'list'))).toMatchObject({ type: 'transient_error', code: 'request-timeout' });
  });

  it('the next call is good: nothing of a damaged answer is left on its connection', async () => {
    const made = await bench({}, { timeouts: { total: 400 } });
    for (const fault of ['lengthTooShort', 'lengthTooLong', 'stall', 'gzipCut'] as const) {
      made.sandbox.control.addFault({ match: { kind: 'list' }, fault, times: 1 });
      expect(rowsOf((await ask(made, 'list')) as ListAnswer)).toHaveLength(80);
    }
  });

  it('no more requests are sent in a minute than the limits say', async () => {
    const made = await bench({}, { limits: { requestsPerMinute: 20, concurrent: 2 } });
    for (let n = 0; n < 50; n += 1) await ask(made, 'entity');
    expect(made.clock.slept.map((ms) => Math.round(ms / 1000))).toEqual([60, 60]);
  });
});
