import type { Plan } from '../../src/domain/plan';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from './bench';
import { ScriptedSteps, type Script } from './scripted-steps';

const database = testDatabase();
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url });
});
afterAll(() => bench.close());

const PLAN: Plan = [{ entity: 'invoices', dependsOn: [], priority: 'medium' }];

async function started(script: Script, limits: { slicesPerHistory?: number } = {}, plan: Plan = PLAN) {
  const steps = new ScriptedSteps(bench.installation.db, script);
  const worker = await bench.worker({ steps: steps.over });
  return { steps, worker, ...(await bench.startPlan(plan, limits)) };
}

const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString();

describe('a source that asks for a pause', () => {
  it('is left alone by a durable sleep that a wake ends at once', async () => {
    const { runId, handle, steps, worker } = await started({
      extract: (_, slice) =>
        slice === 0
          ? { outcome: 'wait', until: inFuture(3_600_000), reason: 'waiting for Zoho Books: its calls of the day are used up' }
          : { outcome: 'done' },
    });
    const child = bench.temporal.client.workflow.getHandle(`${handle.workflowId}/invoices`);
    await until(async () => {
      const history = await child.fetchHistory().catch(() => null);
      return history?.events?.some((event) => event.timerStartedEventAttributes) ?? false;
    });
    // An activity that waits would be lost with its worker; a timer is not.
    await worker.stop();
    const again = await bench.worker({ steps: steps.over });
    expect(steps.order('extract')).toHaveLength(1);
    await child.signal('wake');
    expect(await bench.ended(runId)).toBe('completed');
    expect(steps.order('extract')).toHaveLength(2);
    await again.stop();
  });

  it('is asked again when the pause is over, and never in a tight loop when clocks differ', async () => {
    const { runId, steps, worker } = await started({
      extract: (_, slice) => (slice < 2 ? { outcome: 'wait', until: inFuture(-60_000), reason: 'clock behind' } : { outcome: 'done' }),
    });
    const begun = Date.now();
    expect(await bench.ended(runId)).toBe('completed');
    expect(steps.order('extract')).toHaveLength(3);
    expect(Date.now() - begun).toBeGreaterThan(1_800);
    await worker.stop();
  });
});

describe('an entity that cannot be asked for before another one is loaded', () => {
  const plan: Plan = [
    { entity: 'locations', dependsOn: [], priority: 'medium' },
    { entity: 'orders', dependsOn: ['locations'], priority: 'medium' },
  ];

  it('goes on the moment that one has ended, however long the pause was to be', async () => {
    let release = (): void => undefined;
    const waits = new Promise<void>((resolve) => (release = resolve));
    const { runId, steps, worker } = await started(
      {
        extract: (entity, slice) => {
          if (entity === 'locations' || slice > 0) return { outcome: 'done' };
          release();
          return { outcome: 'wait', until: inFuture(3_600_000), reason: 'locations of this run', upstream: 'locations' };
        },
        load: async (entity) => (entity === 'locations' ? waits : undefined),
      },
      {},
      plan,
    );
    expect(await bench.ended(runId)).toBe('completed');
    expect(steps.order('extract').filter((entity) => entity === 'orders')).toHaveLength(2);
    await worker.stop();
  });

  it('does not ask in a tight loop where that one has ended and the answer stays the same', async () => {
    const { runId, steps, worker } = await started(
      {
        extract: (entity, slice) =>
          entity === 'orders' && slice < 3
            ? { outcome: 'wait', until: inFuture(0), reason: 'locations of this run', upstream: 'locations' }
            : { outcome: 'done' },
      },
      {},
      plan,
    );
    const begun = Date.now();
    expect(await bench.ended(runId)).toBe('completed');
    expect(steps.order('extract').filter((entity) => entity === 'orders')).toHaveLength(4);
    expect(Date.now() - begun).toBeGreaterThan(1_800);
    await worker.stop();
  });
});

describe('a long extraction', () => {
  it('continues as new after enough slices, forgets nothing about its upstreams, and ends completed', async () => {
    let release = (): void => undefined;
    const enough = new Promise<void>((resolve) => (release = resolve));
    const plan: Plan = [
      { entity: 'contacts', dependsOn: [], priority: 'medium' },
      { entity: 'invoices', dependsOn: ['contacts'], priority: 'medium' },
    ];
    const { runId, handle, steps, worker } = await started(
      {
        extract: (entity, slice) => {
          if (entity === 'contacts') return { outcome: 'done' };
          if (slice === 7) release();
          return { outcome: slice < 10 ? 'more' : 'done' };
        },
        // The upstream ends while the downstream is in its third history.
        load: async (entity) => (entity === 'contacts' ? enough : undefined),
      },
      { slicesPerHistory: 3 },
      plan,
    );
    expect(await bench.ended(runId)).toBe('completed');
    expect(steps.order('extract').filter((entity) => entity === 'invoices')).toHaveLength(11);
    const executions: string[] = [];
    const query = `WorkflowId = '${handle.workflowId}/invoices'`;
    await until(async () => {
      executions.length = 0;
      for await (const { status } of bench.temporal.client.workflow.list({ query })) executions.push(status.name);
      return executions.length === 4 && !executions.includes('RUNNING');
    });
    expect(executions.sort()).toEqual(['COMPLETED', 'CONTINUED_AS_NEW', 'CONTINUED_AS_NEW', 'CONTINUED_AS_NEW']);
    await worker.stop();
  });
});

describe('Temporal’s Web UI', () => {
  it('shows where the run and each of its entities are, and finds them by pipeline, kind, entity and state', async () => {
    const { runId, handle, worker } = await started({
      extract: (_, slice) =>
        slice === 0
          ? { outcome: 'wait', until: inFuture(3_600_000), reason: 'waiting for Zoho Books: its calls of the day are used up' }
          : { outcome: 'done' },
    });
    const { client } = bench.temporal;
    const child = client.workflow.getHandle(`${handle.workflowId}/invoices`);
    const details = async (of: typeof child): Promise<string> =>
      (await of.query<{ currentDetails?: string }>('__temporal_workflow_metadata').catch(() => null))?.currentDetails ?? '';
    await until(async () => (await details(child)).includes('waiting for Zoho Books until'));
    expect(await details(handle as typeof child)).toContain('| ▶ | invoices | working |');
    await child.signal('wake');
    expect(await bench.ended(runId)).toBe('completed');
    await worker.stop();
  });
});
