import { setTimeout as sleep } from 'node:timers/promises';
import { readRun } from '../../src/database/run-store';
import { cancelledError } from '../../src/domain/errors';
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

const PLAN: Plan = [
  { entity: 'contacts', dependsOn: [], priority: 'medium' },
  { entity: 'invoices', dependsOn: ['contacts'], priority: 'medium' },
];
/** Contracts §9: a cancel takes effect within 30 s; the chaos profile heartbeats five times a second. */
const SOON_MS = 30_000;

async function scripted(script: Script) {
  const steps = new ScriptedSteps(bench.installation.db, script);
  const worker = await bench.worker({ steps: steps.over });
  return { steps, worker, ...(await bench.startPlan(PLAN)) };
}

async function statuses(workflowIds: readonly string[]): Promise<string[]> {
  const described = workflowIds.map((id) => bench.temporal.client.workflow.getHandle(id).describe());
  return (await Promise.all(described)).map(({ status }) => status.name);
}

describe('a cancel', () => {
  it('ends a run that waits for its source, and every entity with it', async () => {
    const { runId, handle, worker, steps } = await scripted({
      extract: () => ({ outcome: 'wait', until: new Date(Date.now() + 3_600_000).toISOString(), reason: 'quota' }),
    });
    await until(() => steps.order('extract').length === 2);
    expect(await bench.cancel(runId)).toMatchObject({ kind: 'requested', runId });
    expect(await bench.ended(runId, SOON_MS)).toBe('cancelled');
    expect([...(await bench.entities(runId)).values()].map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect(await statuses([handle.workflowId, `${handle.workflowId}/contacts`])).toEqual(['CANCELLED', 'CANCELLED']);
    const { report_path: report } = (
      await bench.installation.db.query<{ report_path: string | null }>(`select report_path from freshet.run where id = $1`, [runId])
    )[0]!;
    expect(report).toContain(runId);
    expect(await bench.cancel(runId)).toEqual({ kind: 'final', runId, state: 'cancelled' });
    await worker.stop();
  });

  it('reaches a stage at work through its heartbeats; the entity ends only when the stage has', async () => {
    let stageOver = false;
    const { runId, worker, steps } = await scripted({
      load: async (_, ctx) => {
        await sleep(60_000, undefined, { signal: ctx.signal }).catch(() => undefined);
        await sleep(300);
        stageOver = true;
        throw cancelledError('loading');
      },
    });
    await until(() => steps.order('load').length === 1);
    await bench.cancel(runId);
    expect(await bench.ended(runId, SOON_MS)).toBe('cancelled');
    expect(stageOver).toBe(true);
    await worker.stop();
  });

  it('given to Temporal alone is written down with the run', async () => {
    const { runId, handle, worker, steps } = await scripted({
      extract: () => ({ outcome: 'wait', until: '2999-01-01T00:00:00Z', reason: 'quota' }),
    });
    await until(() => steps.order('extract').length === 2);
    await handle.cancel();
    expect(await bench.ended(runId, SOON_MS)).toBe('cancelled');
    expect((await readRun(bench.installation.db, runId)).cancel_requested_at).not.toBeNull();
    await worker.stop();
  });

  it('of a run without a workflow ends the row, and writes the report', async () => {
    const runId = await bench.installation.claim();
    expect(await bench.cancel(runId)).toEqual({ kind: 'ended', runId, state: 'cancelled' });
    expect([...(await bench.entities(runId)).values()].map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  it('of a run that does not exist says so', async () => {
    await expect(bench.cancel('202601010000-SYNC-00000000')).rejects.toMatchObject({ code: 'run-unknown' });
  });
});

describe('a cancel in the middle of an extraction', () => {
  it('takes effect although the source hangs, leaves no half state, and the next run is good', async () => {
    const { sandbox, db } = bench.installation;
    const worker = await bench.worker();
    const rule = sandbox.control.addFault({ match: { kind: 'detail' }, fault: 'hang', skip: 10 });
    const { runId } = await bench.start();
    await until(() => sandbox.control.faults().some(({ id, struck }) => id === rule && struck > 0));
    await bench.cancel(runId);
    expect(await bench.ended(runId, SOON_MS)).toBe('cancelled');
    sandbox.control.clearFaults();
    const next = await bench.start();
    expect(next.kind).toBe('claimed');
    expect(await bench.ended(next.runId)).toBe('completed');
    const [row] = await db.query<{ n: number }>(`select count(*)::int as n from zoho_books.json_invoices`);
    expect(row?.n).toBe(30);
    await worker.stop();
  });
});
