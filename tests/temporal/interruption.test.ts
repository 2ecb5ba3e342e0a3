import { setTimeout as sleep } from 'node:timers/promises';
import { readRun } from '../../src/database/run-store';
import { workflowInput } from '../../src/client/temporal/start-workflow';
import { workflowId } from '../../src/domain/ids';
import type { pipelineRun } from '../../src/workflows/pipeline-run';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from './bench';
import { ScriptedSteps } from './scripted-steps';

const database = testDatabase();
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url, sandbox: { counts: { contacts: 5, items: 5, invoices: 120 } } });
});
afterAll(() => bench.close());

function detailsPerInvoice(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, entity, recordId = '' } of bench.installation.sandbox.control.requestLog()) {
    if (kind === 'detail' && entity === 'invoices') counts.set(recordId, (counts.get(recordId) ?? 0) + 1);
  }
  return counts;
}

async function expectAllInvoices(): Promise<void> {
  const [row] = await bench.installation.db.query<{ n: number }>(`select count(*)::int as n from zoho_books.json_invoices`);
  expect(row?.n).toBe(120);
}

describe('a worker that is stopped', () => {
  it('finishes the page in flight, and another worker goes on without fetching anything twice', async () => {
    const { sandbox } = bench.installation;
    sandbox.control.addFault({ match: { kind: 'detail' }, fault: 'delay', delayMs: 40 });
    const first = await bench.worker();
    const { runId } = await bench.start();
    await until(() => detailsPerInvoice().size >= 30);
    await first.stop();
    const seen = detailsPerInvoice().size;
    expect(seen).toBeLessThan(120);
    expect((await readRun(bench.installation.db, runId)).state).toBe('running');
    sandbox.control.clearFaults();
    const second = await bench.worker();
    expect(await bench.ended(runId)).toBe('completed');
    expect(detailsPerInvoice().size).toBe(120);
    expect([...detailsPerInvoice().values()].filter((times) => times > 1)).toEqual([]);
    await expectAllInvoices();
    await second.stop();
  });

  it('in the middle of a request that never ends hands the work to the next one: nothing is cancelled', async () => {
    const { sandbox } = bench.installation;
    const rule = sandbox.control.addFault({ match: { kind: 'list', entity: 'contacts' }, fault: 'hang' });
    const first = await bench.worker({ shutdownGraceMs: 200 });
    const { runId } = await bench.start({ full: true });
    await until(() => sandbox.control.faults().some(({ id, struck }) => id === rule && struck > 0));
    await first.stop();
    expect((await readRun(bench.installation.db, runId)).state).toBe('running');
    sandbox.control.clearFaults();
    const second = await bench.worker();
    expect(await bench.ended(runId)).toBe('completed');
    await second.stop();
  });
});

describe('a run whose workflow was terminated', () => {
  it('goes on where PostgreSQL says it stands when it is started again under the same id', async () => {
    const { db, claim } = bench.installation;
    const runId = await claim();
    const id = workflowId('zoho-books', runId);
    const input = await workflowInput(db, runId);
    let loads = 0;
    let blocked = true;
    const worker = await bench.worker({
      steps: (real) => ({
        ...bindAll(real),
        load: async (step, ctx) => {
          if (step.entity === 'invoices') loads += 1;
          while (blocked && step.entity === 'invoices') await sleep(50, undefined, { signal: ctx.signal });
          return real.load(step, ctx);
        },
      }),
    });
    const start = () =>
      bench.temporal.client.workflow.start<typeof pipelineRun>('pipelineRun', {
        workflowId: id,
        taskQueue: bench.temporal.taskQueue,
        args: [input],
      });
    const handle = await start();
    await until(() => loads > 0);
    await handle.terminate('a test');
    blocked = false;
    await start();
    expect(await bench.ended(runId)).toBe('completed');
    const states = [...(await bench.entities(runId)).values()].map(({ state }) => state);
    expect(states).toEqual(['completed', 'completed', 'completed']);
    await expectAllInvoices();
    await worker.stop();
  });
});

it('an entity whose workflow alone was terminated is failed, and the others go on', async () => {
  const steps = new ScriptedSteps(bench.installation.db, {
    extract: (entity) => (entity === 'stuck' ? { outcome: 'wait', until: '2999-01-01T00:00:00Z', reason: 'quota' } : { outcome: 'done' }),
  });
  const worker = await bench.worker({ steps: steps.over });
  const { runId, handle } = await bench.startPlan([
    { entity: 'good', dependsOn: [], priority: 'medium' },
    { entity: 'stuck', dependsOn: [], priority: 'medium' },
  ]);
  await until(async () => (await bench.entities(runId)).get('good')?.state === 'completed' && steps.order('extract').includes('stuck'));
  await bench.temporal.client.workflow.getHandle(`${handle.workflowId}/stuck`).terminate('a test');
  expect(await bench.ended(runId)).toBe('partial');
  expect((await bench.entities(runId)).get('stuck')).toMatchObject({ state: 'failed', error_code: 'workflow-terminated' });
  await worker.stop();
});

it('an entity whose check found something is failed with what it found, and the others go on', async () => {
  const scripted = new ScriptedSteps(bench.installation.db);
  const worker = await bench.worker({
    steps: (real) => {
      const steps = scripted.over(real);
      const faults = ['2 rows are missing', '1 line is too many', 'the counter says 5', 'and more'];
      const verify: typeof steps.verify = (input, ctx) =>
        input.entity === 'short' ? Promise.resolve({ ok: false, faults }) : steps.verify(input, ctx);
      return { ...steps, verify };
    },
  });
  const { runId } = await bench.startPlan([
    { entity: 'good', dependsOn: [], priority: 'medium' },
    { entity: 'short', dependsOn: [], priority: 'medium' },
  ]);
  expect(await bench.ended(runId)).toBe('partial');
  expect((await bench.entities(runId)).get('short')).toMatchObject({
    state: 'failed',
    error_type: 'reconcile_error',
    error_code: 'verify-failed',
    error_message: 'short does not add up: 2 rows are missing; 1 line is too many; the counter says 5',
    error_remedy: expect.stringContaining('./freshet show') as string,
  });
  await worker.stop();
});

/** The steps of the class as an object: spreading a class instance would leave its methods behind. */
function bindAll(real: Parameters<NonNullable<NonNullable<Parameters<Bench['worker']>[0]>['steps']>>[0]) {
  return {
    prepareRun: real.prepareRun.bind(real),
    extract: real.extract.bind(real),
    load: real.load.bind(real),
    close: real.close.bind(real),
    publish: real.publish.bind(real),
    verify: real.verify.bind(real),
    endEntity: real.endEntity.bind(real),
    endRun: real.endRun.bind(real),
  };
}
