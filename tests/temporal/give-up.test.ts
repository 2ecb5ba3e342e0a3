import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { withPatience } from '../../src/activities/patience';
import { beginAttempt } from '../../src/database/attempt';
import { readRun } from '../../src/database/run-store';
import { recordSchedule } from '../../src/database/schedule-store';
import { FreshetError } from '../../src/domain/errors';
import { nextNominal, type Schedule } from '../../src/domain/schedule';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from './bench';
import { ScriptedSteps } from './scripted-steps';

const database = testDatabase();
const schedule: Schedule = { kind: 'every', everyMs: 3_600_000 };
const nominal = nextNominal(schedule, Date.parse('2027-03-01T10:30:00Z'));
let now = new Date(nominal + 30 * 60_000);
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url, now: () => now });
});
afterAll(() => bench.close());

it('a scheduled run that makes no progress keeps trying until its next nominal time, says how often it tried, and then ends with the last error', async () => {
  const { db, ctx } = bench.installation;
  let run = { runId: '', pipeline: '' };
  let claimed = (): void => undefined;
  const ready = new Promise<void>((resolve) => (claimed = resolve));
  const steps = new ScriptedSteps(db, {
    extract: async (entity, _slice, stage) => {
      await ready;
      await beginAttempt(db, { ...run, entity }, stage);
      throw new FreshetError('source_error', {
        code: 'answer-not-json',
        message: 'Zoho answered half a page',
        remedy: 'Look at what stands in between.',
      });
    },
  });
  const worker = await bench.worker({ steps: steps.over });
  const { runId } = await bench.startPlan([{ entity: 'invoices', dependsOn: [], priority: 'medium' }]);
  const { pipeline, environment } = await readRun(db, runId);
  run = { runId, pipeline };
  await recordSchedule(db, { environment, pipeline, schedule, config: { digest: 'd', body: '{}' }, pausedReason: null }, ctx);
  await db.query(`update freshet.run set scheduled_for = $2 where id = $1`, [runId, new Date(nominal).toISOString()]);
  claimed();

  const row = async () =>
    (
      await db.query<{ strikes: number; state: string; wait_reason: string | null; error_message: string | null }>(
        `select strikes, state, wait_reason, error_message from freshet.run_entity where run_id = $1`,
        [runId],
      )
    )[0]!;
  await until(async () => (await row()).strikes >= 3 && (await row()).wait_reason !== null);
  const trying = await row();
  expect(trying.wait_reason).toMatch(/^trying again, \d+ attempts without progress: Zoho answered half a page$/);
  expect(trying.state).not.toBe('failed');

  now = new Date(nominal + 3_600_000 + 100);
  expect(await bench.ended(runId)).toBe('failed');
  expect((await bench.entities(runId)).get('invoices')).toMatchObject({
    state: 'failed',
    error_type: 'source_error',
    error_code: 'answer-not-json',
    error_message: expect.stringMatching(/^Given up after \d+ s without progress: Zoho answered half a page$/) as string,
    error_remedy: 'Look at what stands in between.',
  });
  expect(Number((await row()).strikes)).toBeGreaterThanOrEqual(3);
  await worker.stop();
});

it('attempts that die one after the other without a word are given up as well, without another try, and the remedy is where to look', async () => {
  const { db, ctx } = bench.installation;
  const step = { runId: await bench.installation.claim(), entity: 'contacts' };
  const begun = Date.now() - 13 * 3_600_000;
  await db.query(`update freshet.run_entity set strikes = 6, progress_at = $3 where run_id = $1 and entity = $2`, [
    step.runId,
    step.entity,
    new Date(begun).toISOString(),
  ]);
  let tried = 0;
  const attempt = new MockActivityEnvironment(
    { attempt: 7, scheduledTimestampMs: begun },
    { logger: new DefaultLogger('ERROR', () => undefined) },
  );
  const run = attempt.run(() => withPatience({ db, input: step, ctx }, () => Promise.resolve((tried += 1))));
  await expect(run).rejects.toMatchObject({
    type: 'transient_error',
    code: 'no-progress',
    message: 'Given up after 13 h without progress: 7 attempts at contacts in a row came to nothing',
    remedy: expect.stringContaining('./freshet doctor') as string,
    retryable: false,
  });
  expect(tried).toBe(0);
});
