import { testDatabase } from '../support/database';
import { registerSearchAttributes } from '../../src/client/doctor/temporal';
import { connectTemporal } from '../../src/client/temporal/connect-temporal';
import { marksKnown } from '../../src/client/temporal/marks-known';
import { startRunWorkflow } from '../../src/client/temporal/start-workflow';
import { workflowId } from '../../src/domain/ids';
import { documentOf, freshet } from '../cli/in-process';
import { openBench, until, type Bench } from './bench';

const database = testDatabase();
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url, sandbox: { counts: { contacts: 2, items: 2, invoices: 3 } } });
});
afterAll(() => bench.close());

it('runs and their entities are found by pipeline, kind, entity and state', async () => {
  const worker = await bench.worker();
  const { runId } = await bench.start();
  expect(await bench.ended(runId)).toBe('completed');
  const { client } = bench.temporal;
  const id = workflowId('zoho-books', runId);
  await until(async () => (await client.workflow.getHandle(id).describe()).status.name === 'COMPLETED');
  const marks = async (workflow: string): Promise<Record<string, unknown>> => {
    const { typedSearchAttributes } = await client.workflow.getHandle(workflow).describe();
    return Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
  };
  expect(await marks(id)).toMatchObject({ FreshetPipeline: 'zoho-books', FreshetKind: 'sync', FreshetStatus: 'completed' });
  expect(await marks(`${id}/invoices`)).toMatchObject({ FreshetPipeline: 'zoho-books', FreshetEntity: 'invoices', FreshetKind: 'sync' });
  // The pages of run and entity say where the rest stands, and how it ended.
  for (const workflow of [id, `${id}/invoices`])
    expect(await (await client.workflow.getHandle(workflow).describe()).staticDetails()).toContain(`./freshet show ${runId}`);
  const { currentDetails } = await client.workflow
    .getHandle(`${id}/invoices`)
    .query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('**invoices**: completed');
  await worker.stop();
});

it('a server that does not know them carries the run without; the command that the doctor names registers them once', async () => {
  const { client } = bench.temporal;
  const namespace = `bare-${runSuffix()}`;
  await client.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: { seconds: 86_400 as unknown as never } });
  const settings = { ...bench.installation.loaded.settings.temporal, namespace };
  const bare = await knownAtLast(() => connectTemporal(settings));
  try {
    const runId = await bench.installation.claim();
    await until(async () => (await startRunWorkflow({ db: bench.installation.db, temporal: bare }, runId).catch(() => null)) === 'started');
    const described = await bare.client.workflow.getHandle(workflowId('zoho-books', runId)).describe();
    expect(described.typedSearchAttributes.getAll().filter(({ key }) => key.name.startsWith('Freshet'))).toEqual([]);
    await bare.client.workflow.getHandle(workflowId('zoho-books', runId)).terminate();
    await bench.installation.db.query(`update freshet.run set state = 'cancelled' where id = $1`, [runId]);
    expect(await marksKnown(bare)).toBe(false);
    const { message, next } = await finding({ namespace });
    expect(message).toBe('search attributes are not registered: FreshetPipeline, FreshetEntity, FreshetKind, FreshetStatus');
    await finding({ namespace, words: next[0]!.command.split(' ').slice(1) });
    await until(() => marksKnown(bare));
    expect(await registerSearchAttributes(bare)).toEqual([]);
  } finally {
    await bare.close();
  }
});

/** What `./freshet doctor` finds about the search attributes of a namespace. */
async function finding({ namespace, words = ['doctor'] }: { namespace: string; words?: readonly string[] }): Promise<{
  message: string;
  next: { command: string }[];
}> {
  const before = process.env;
  process.env = { ...before, FRESHET_ENV: 'test', TEMPORAL_ADDRESS: bench.temporal.address, FRESHET_TEMPORAL_NAMESPACE: namespace };
  const { data } = documentOf(await freshet(...words, '--json', '--database-url', database.url));
  process.env = before;
  return data.findings.find(({ check }: { check: string }) => check === 'search-attributes');
}

function runSuffix(): string {
  return Math.random().toString(16).slice(2, 10);
}

/** A namespace that was just registered is not known at once. */
async function knownAtLast<T>(make: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await make();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
