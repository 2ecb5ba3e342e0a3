import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RunSteps } from '../../src/activities/index';
import { workflowInput } from '../../src/client/temporal/start-workflow';
import { workflowId } from '../../src/domain/ids';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from '../temporal/bench';
import { lookup, readerOf, sandboxOracle } from '../verify/true-copy';

const BUNDLES = join(__dirname, '../fixtures/workflow-bundles');
const A1 = gunzipSync(readFileSync(join(BUNDLES, 'a1.js.gz'))).toString('utf8');

const database = testDatabase();
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url });
});
afterAll(() => bench.close());
afterEach(() => bench.stopWorkers());

/** What the source says before it lets invoices, items and contacts be read: real steps, with pauses in front. */
interface Pauses {
  readonly calls: string[];
  readonly over: (real: RunSteps) => RunSteps;
}

/** Contacts ask for an hour's pause, items are in the middle of a slice until it is told to stop, invoices take many slices. */
function pauses(): Pauses {
  const calls: string[] = [];
  const extract = (real: RunSteps): RunSteps['extract'] => {
    return async (input, ctx) => {
      const nth = calls.filter((entity) => entity === input.entity).length;
      calls.push(input.entity);
      if (input.entity === 'contacts' && nth === 0) return { outcome: 'wait', until: anHourOn(), reason: 'the quota is used up' };
      if (input.entity === 'invoices' && nth < 5) return { outcome: 'more' };
      if (input.entity === 'items' && nth === 0) await until(() => ctx.signal.aborted || ctx.softStop?.() === true);
      return real.extract(input, ctx);
    };
  };
  return {
    calls,
    over: (real) => ({
      prepareRun: (input, ctx) => real.prepareRun(input, ctx),
      extract: extract(real),
      load: (input, ctx) => real.load(input, ctx),
      close: (input, ctx) => real.close(input, ctx),
      publish: (input, ctx) => real.publish(input, ctx),
      verify: (input, ctx) => real.verify(input, ctx),
      endEntity: (input, ctx) => real.endEntity(input, ctx),
      endRun: (input, ctx) => real.endRun(input, ctx),
    }),
  };
}

const anHourOn = (): string => new Date(Date.now() + 3_600_000).toISOString();

const executionsOf = async (id: string): Promise<string[]> => {
  const found: string[] = [];
  for await (const { status } of bench.temporal.client.workflow.list({ query: `WorkflowId = '${id}'` })) found.push(status.name);
  return found.sort();
};

/** A run of the shipped pipeline under A1's workflows: contacts asleep, items in mid-slice, invoices after continue-as-new. */
async function begunUnderA1(): Promise<{ runId: string; id: string; stop: () => Promise<void> }> {
  const steps = pauses();
  const old = await bench.worker({ bundle: { code: A1 }, steps: steps.over, shutdownGraceMs: 1_000 });
  const runId = await bench.installation.claim();
  const id = workflowId('zoho-books', runId);
  const { client, taskQueue } = bench.temporal;
  const { workflow } = client;
  const input = await workflowInput(bench.installation.db, runId);
  const short = { ...input, limits: { ...input.limits, slicesPerHistory: 2 } };
  await workflow.start('pipelineRun', { workflowId: id, taskQueue, args: [short] });
  await until(async () => {
    const events =
      (
        await workflow
          .getHandle(`${id}/contacts`)
          .fetchHistory()
          .catch(() => null)
      )?.events ?? [];
    const asleep = events.some((event) => event.timerStartedEventAttributes);
    return asleep && steps.calls.includes('items') && steps.calls.filter((entity) => entity === 'invoices').length > 5;
  });
  return { runId, id, stop: () => old.stop() };
}

it('the bundle is A1’s, as its note says', () => {
  const note = readFileSync(join(BUNDLES, 'README.md'), 'utf8');
  expect(note).toContain(createHash('sha256').update(A1).digest('hex'));
  expect(A1).toContain('pipelineRun');
  expect(A1).not.toContain('scheduledStart');
});

it('runs that A1 began are ended by today’s build: one in its sleep, one in mid-slice, one after continue-as-new', async () => {
  const { runId, id, stop } = await begunUnderA1();
  await stop();
  const today = await bench.worker();
  await bench.temporal.client.workflow.getHandle(`${id}/contacts`).signal('wake');
  expect(await bench.ended(runId)).toBe('completed');
  // How often it continued as new depends on where it was stopped; the list is a few moments behind.
  await until(async () => /^COMPLETED(,CONTINUED_AS_NEW)+$/.test((await executionsOf(`${id}/invoices`)).join()));
  const { db, landing, sandbox, ctx } = bench.installation;
  const deep = await verifyDeep({ db, landing, lookup, readerOf }, { oracle: sandboxOracle(sandbox) }, ctx);
  expect({ violations: deep.violations, unchecked: deep.unchecked }).toEqual({ violations: [], unchecked: [] });
  await today.stop();
});

it('a run that A1 began is cancelled by today’s build', async () => {
  const { runId, stop } = await begunUnderA1();
  await stop();
  const today = await bench.worker();
  await bench.cancel(runId);
  expect(await bench.ended(runId)).toBe('cancelled');
  await today.stop();
});
