import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { FreshetError } from '../../src/domain/errors';
import type { Plan } from '../../src/domain/plan';
import { FINAL_RUN_STATES } from '../../src/domain/run';
import { nextNominal, type Schedule } from '../../src/domain/schedule';
import type { scheduledStart } from '../../src/workflows/scheduled-start';
import { until, type Bench } from '../temporal/bench';
import { ScriptedSteps, type Script } from '../temporal/scripted-steps';

export const HISTORIES = join(__dirname, 'histories');

const PLAN: Plan = [
  { entity: 'contacts', dependsOn: [], priority: 'high' },
  { entity: 'items', dependsOn: [], priority: 'high' },
  { entity: 'invoices', dependsOn: ['contacts', 'items'], priority: 'medium' },
];

/** The ways a run can go, each with what makes it go so. */
const WAYS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  scheduled: recordScheduled,
  completed: (bench) => record(bench, 'completed', {}, {}),
  published: (bench) => record(bench, 'published', { publishes: (entity) => entity !== 'items' }, {}),
  'continued-as-new': (bench) =>
    record(
      bench,
      'continued-as-new',
      { extract: (entity, slice) => ({ outcome: entity !== 'invoices' || slice > 4 ? 'done' : slice % 2 ? 'loadable' : 'more' }) },
      { slicesPerHistory: 2 },
    ),
  partial: (bench) => record(bench, 'partial', { extract: (entity) => (entity === 'items' ? refused() : { outcome: 'done' }) }, {}),
  held: (bench) => record(bench, 'held', { extract: (entity) => (entity === 'items' ? overBudget() : { outcome: 'done' }) }, {}),
  failed: (bench) => record(bench, 'failed', { extract: refused }, {}),
  waited: (bench) =>
    record(bench, 'waited', { extract: (entity, slice) => (entity === 'items' && slice === 0 ? waitFor(1) : { outcome: 'done' }) }, {}),
  cancelled: (bench) =>
    record(
      bench,
      'cancelled',
      { extract: (entity) => (entity === 'items' ? waitFor(3_600_000) : { outcome: 'done' }) },
      {},
      async (runId, steps) => {
        await until(() => steps.order('extract').length === 3);
        await bench.cancel(runId);
      },
    ),
};

export const WAY_NAMES = Object.keys(WAYS).sort();

/**
 * Runs one run of each way, or of the one that is named, and keeps the histories of all its workflows. To be done again only when a
 * workflow is changed on purpose: old histories are what shows that running workflows go on.
 */
export async function recordHistories(bench: Bench, only?: string): Promise<void> {
  mkdirSync(HISTORIES, { recursive: true });
  for (const [name, recordWay] of Object.entries(WAYS)) {
    if (only !== undefined && name !== only) continue;
    for (const file of readdirSync(HISTORIES)) if (file.startsWith(`${name}.`)) rmSync(join(HISTORIES, file));
    await recordWay(bench);
  }
}

/** A scheduled start that becomes a run, and one that finds the lane taken until the next nominal time. */
async function recordScheduled(bench: Bench): Promise<void> {
  let free = false;
  const steps = new ScriptedSteps(bench.installation.db, {
    extract: async (_entity, _slice, ctx) => {
      await until(() => free || ctx.signal.aborted);
      return { outcome: 'done' };
    },
  });
  const worker = await bench.worker({ steps: steps.over });
  const started = await startScheduled(bench, 'started', { kind: 'every', everyMs: 86_400_000 });
  await until(() => steps.calls.length > 0);
  const superseded = await startScheduled(bench, 'superseded', { kind: 'every', everyMs: 3_000 });
  await superseded.result();
  free = true;
  await started.result();
  await worker.stop();
  for (const [name, handle] of Object.entries({ started, superseded }))
    writeFileSync(join(HISTORIES, `scheduled.${name}.1.json`), `${anonymous(await handle.fetchHistory())}\n`);
}

function startScheduled(bench: Bench, name: string, schedule: Schedule): Promise<WorkflowHandle<typeof scheduledStart>> {
  const { client, taskQueue } = bench.temporal;
  const nominal = new Date(schedule.kind === 'every' ? nextNominal(schedule, Date.now()) - schedule.everyMs : 0).toISOString();
  return client.workflow.start<typeof scheduledStart>('scheduledStart', {
    workflowId: `schedule/zoho-books-${name}-${nominal}`,
    taskQueue,
    args: [{ pipeline: 'zoho-books', schedule, nominal }],
  });
}

const waitFor = (ms: number) => ({
  outcome: 'wait' as const,
  until: new Date(Date.now() + ms).toISOString(),
  reason: 'the quota is used up',
});

function refused(): never {
  throw new FreshetError('auth_error', { code: 'token-refused', message: 'The token was refused', remedy: 'Make a new one.' });
}

/** An error that means: held. */
function overBudget(): never {
  const [code, message, remedy] = ['reject-budget', 'Too many records were refused', 'Mend the rules.'];
  throw new FreshetError('validation_error', { code, message, remedy, retryable: false });
}

async function record(
  bench: Bench,
  name: string,
  script: Script,
  limits: { slicesPerHistory?: number },
  meanwhile?: (runId: string, steps: ScriptedSteps) => Promise<void>,
): Promise<void> {
  const steps = new ScriptedSteps(bench.installation.db, script);
  const worker = await bench.worker({ steps: steps.over });
  const { runId, handle } = await bench.startPlan(PLAN, limits);
  await meanwhile?.(runId, steps);
  const state = await bench.ended(runId);
  if ((FINAL_RUN_STATES as readonly string[]).includes(name) && state !== name) throw new Error(`the run for ${name} ended ${state}`);
  await handle.result().catch(() => undefined);
  await worker.stop();
  const executions = bench.temporal.client.workflow.list({ query: `WorkflowId STARTS_WITH '${handle.workflowId}'` });
  const seen = new Map<string, number>();
  for await (const { workflowId, runId: execution } of executions) {
    const history = await bench.temporal.client.workflow.getHandle(workflowId, execution).fetchHistory();
    const what = workflowId === handle.workflowId ? 'pipeline' : workflowId.slice(handle.workflowId.length + 1);
    const nth = (seen.get(what) ?? 0) + 1;
    seen.set(what, nth);
    writeFileSync(join(HISTORIES, `${name}.${what}.${nth}.json`), `${anonymous(history)}\n`);
  }
}

const { History } = temporal.api.history.v1;

/** A recorded history as Temporal's own type; the SDK's reader needs all its packages to share one copy of protobufjs. */
export function parseHistory(json: string): temporal.api.history.v1.History {
  return History.fromObject(JSON.parse(json) as object);
}

/** Without what speaks of the machine it was recorded on. */
function anonymous(history: temporal.api.history.v1.IHistory): string {
  const hidden = new Map([
    ['identity', 'recorded'],
    ['stackTrace', ''],
  ]);
  const plain = History.toObject(History.fromObject(history), { enums: String, longs: String, bytes: String });
  const hide = (key: string, value: string): string => hidden.get(key) ?? (/^\d+@/.test(value) ? 'recorded' : value);
  return JSON.stringify(plain, (key, value: unknown) => (typeof value === 'string' ? hide(key, value) : value), 1);
}
