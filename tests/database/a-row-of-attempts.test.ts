import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { withPatience } from '../../src/activities/patience';
import { beginAttempt } from '../../src/database/attempt';
import { claimRun } from '../../src/database/claim';
import { openDatabase, type Database } from '../../src/database/database';
import { beginWait, endWait } from '../../src/database/run-wait';
import { FreshetError } from '../../src/domain/errors';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const ctx = testContext();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 3 });
});
afterAll(() => db.close());

async function claimed(pipeline: string): Promise<string> {
  const claim = await claimRun(
    db,
    {
      requestKey: pipeline,
      pipeline,
      lane: 'sync',
      kind: 'sync',
      environment: 'test',
      config: { digest: 'digest', body: '{}' },
      plan: ['contacts', 'invoices'].map((entity) => ({ entity, dependsOn: [], priority: 'medium' })),
      account: 'zoho-books test 1',
      targets: new Map(['contacts', 'invoices'].map((entity) => [entity, { schema: pipeline, table: `json_${entity}` }])),
      command: {},
      actor: 'test',
    },
    ctx,
  );
  if (claim.kind === 'taken') throw new Error('taken');
  return claim.runId;
}

describe('attempts in a row that come to nothing', () => {
  /** One attempt at a step, as a worker makes it; answers with its strikes. */
  async function attempt(pipeline: string, runId: string, { progress, fails }: { progress?: string; fails?: boolean } = {}) {
    const step = { runId, entity: 'invoices' };
    let strikes = -1;
    const made = new MockActivityEnvironment({ attempt: 1 }, { logger: new DefaultLogger('ERROR', () => undefined) }).run(() =>
      withPatience({ db, input: step, ctx }, async () => {
        strikes = (await beginAttempt(db, { ...step, pipeline }, ctx)).strikes;
        if (progress !== undefined) {
          await db.query(
            `update freshet.run_entity set progress_mark = $2, progress_at = now() where run_id = $1 and entity = 'invoices'`,
            [runId, progress],
          );
        }
        if (fails === true) throw new FreshetError('source_error', { code: 'answer-not-json', message: 'half a page', remedy: 'Look.' });
      }),
    );
    await made.catch(() => undefined);
    return strikes;
  }

  it('are not the steps that pass without a page: nothing new, no batch to load, closed', async () => {
    const runId = await claimed('passing');
    const strikes = [];
    for (let step = 0; step < 4; step++) strikes.push(await attempt('passing', runId));
    expect(strikes).toEqual([0, 0, 0, 0]);
  });

  it('are counted from the first that failed, and from nought again after one that passes or stores something', async () => {
    const runId = await claimed('failing');
    const strikes = [await attempt('failing', runId)];
    for (let failed = 0; failed < 3; failed++) strikes.push(await attempt('failing', runId, { fails: true }));
    strikes.push(await attempt('failing', runId), await attempt('failing', runId, { fails: true }));
    strikes.push(await attempt('failing', runId, { fails: true, progress: 'list:1:2:3' }), await attempt('failing', runId));
    expect(strikes).toEqual([0, 0, 1, 2, 3, 0, 1, 0]);
  });
});

it('a run is not said to wait once one of its entities goes to work, although another one waits on', async () => {
  const runId = await claimed('waiting');
  const waits = async () => (await db.query(`select wait_reason from freshet.run where id = $1`, [runId]))[0];
  await db.query(`update freshet.run set state = 'running' where id = $1`, [runId]);
  await db.query(`update freshet.run_entity set state = 'extracting' where run_id = $1 and entity = 'contacts'`, [runId]);
  const wait = { wait_reason: 'waiting for Zoho Books', wait_until: new Date(Date.now() + 3_600_000).toISOString() };
  await beginWait(db, { runId, entity: 'contacts', token: '0', ...wait });
  expect(await waits()).toEqual({ wait_reason: wait.wait_reason });

  await endWait(db, runId, 'invoices');
  expect(await waits()).toEqual({ wait_reason: null });
  expect(await db.query(`select wait_reason from freshet.run_entity where run_id = $1 and entity = 'contacts'`, [runId])).toEqual([
    { wait_reason: wait.wait_reason },
  ]);
});
