import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { testDatabase } from '../support/database';
import { openBench, quietRuntime, workflowBundle } from '../temporal/bench';
import { HISTORIES, parseHistory, recordHistories, WAY_NAMES } from './record';

// RECORD_HISTORIES=1 npx jest tests/replay: after a workflow was changed in a way that running ones may not see. With a way's name: only that one.
const wish = process.env['RECORD_HISTORIES'];
if (wish !== undefined && (wish === '1' || WAY_NAMES.includes(wish))) {
  const database = testDatabase();
  it('records the histories', async () => {
    const bench = await openBench({ databaseUrl: database.url });
    await recordHistories(bench, wish === '1' ? undefined : wish).finally(() => bench.close());
  }, 300_000);
}

const files = readdirSync(HISTORIES).sort();
const read = (file: string): string => readFileSync(join(HISTORIES, file), 'utf8');

beforeAll(() => quietRuntime());

/** Children's ids hang on their parent's: a history is replayed under its own. */
async function replay(json: string): Promise<void> {
  const history = parseHistory(json);
  const id = history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId;
  await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, id ?? undefined);
}

describe('workflows that run today', () => {
  it.each(files)('go on with the code of this checkout: %s', async (file) => {
    await replay(read(file));
  });

  it('are recorded for each way a run can go', () => {
    const kinds = new Set(files.map((file) => file.split('.')[0]));
    expect([...kinds].sort()).toEqual(WAY_NAMES);
    const chain = files.filter((file) => file.startsWith('continued-as-new.invoices'));
    expect(chain.length).toBeGreaterThan(1);
    expect(chain.some((file) => read(file).includes('EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW'))).toBe(true);
  });
});

it('the replay notices code that asks for something else than the history did', async () => {
  const other = read('completed.pipeline.1.json').replaceAll('"endRun"', '"finishRun"');
  await expect(replay(other)).rejects.toBeInstanceOf(DeterminismViolationError);
});
