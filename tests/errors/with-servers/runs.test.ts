import { ActivityFailure, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { withPatience } from '../../../src/activities/patience';
import { followRun } from '../../../src/client/follow-run';
import { startRun } from '../../../src/client/temporal/start-run';
import { openDatabase } from '../../../src/database/database';
import { endRun, requestCancel } from '../../../src/database/run-store';
import { claimRequest } from '../../../src/run/claim-request';
import { sources } from '../../../src/sources';
import { failureFacts } from '../../../src/workflows/failure-facts';
import { documentOf, freshet } from '../../cli/in-process';
import { testDatabase } from '../../support/database';
import { openBench, type Bench, type BenchWorker } from '../../temporal/bench';
import { refusal, remedy, withVariables, type Told } from '../remedies/remedy';

/** Runs that a worker carries, and what is to be typed when one does not come through. */
const database = testDatabase();
let bench: Bench;
let restore: () => void;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url, sandbox: { counts: { contacts: 2, items: 2, invoices: 3 } } });
  restore = withVariables(bench.installation.loaded.variables);
});
afterAll(async () => {
  restore();
  await bench.close();
});

type Document = ReturnType<typeof documentOf>;
const typed = async (words: readonly string[]): Promise<Document> => documentOf(await freshet(...words, '--json'));

describe('without a worker, the doctor says that there is none, and everything else that a run needs', () => {
  async function examined(words: readonly string[]): Promise<void> {
    const { data } = await typed(words);
    const checks = data.findings as { check: string; verdict: string }[];
    const verdictOf = (name: string): unknown => checks.find(({ check }) => check === name)?.verdict;
    expect([verdictOf('worker'), verdictOf('postgres'), verdictOf('temporal'), verdictOf('sources')]).toEqual([
      'problem',
      'ok',
      'ok',
      'ok',
    ]);
  }

  /** A step that has stood still for longer than the run's patience. */
  async function overdue(attempt: number, body: () => Promise<unknown>): Promise<Told> {
    const { db, ctx, claim } = bench.installation;
    const step = { runId: await claim(), entity: 'contacts' };
    const begun = Date.now() - 13 * 3_600_000;
    await db.query(`update freshet.run_entity set strikes = 6, progress_at = $2 where run_id = $1`, [
      step.runId,
      new Date(begun).toISOString(),
    ]);
    const logger = new DefaultLogger('ERROR', () => undefined);
    const activity = new MockActivityEnvironment({ attempt, scheduledTimestampMs: begun }, { logger });
    const error = await refusal(() => activity.run(() => withPatience({ db, input: step, ctx }, body)));
    await endRun(db, { runId: step.runId, state: 'cancelled' }, ctx);
    return error;
  }

  remedy('no-progress', './freshet doctor', 'tells what is missing', async (follow) => {
    await follow(await overdue(7, () => Promise.resolve()), examined);
  });

  remedy('unexpected', './freshet doctor', 'tells what is missing', async (follow) => {
    await follow(await overdue(1, () => Promise.reject(new TypeError('nobody foresaw it'))), examined);
  });

  remedy('step-overdue', './freshet doctor', 'tells what is missing', async (follow) => {
    const timeout = new TimeoutFailure('too late', undefined, TimeoutType.SCHEDULE_TO_CLOSE);
    const failure = new ActivityFailure('failed', 'extract', '1', 'TIMEOUT', 'worker', timeout);
    await follow(failureFacts(failure, 60_000), examined);
  });
});

describe('with a worker', () => {
  let faults: readonly string[] = [];
  let worker: BenchWorker;
  beforeAll(async () => {
    worker = await bench.worker({
      steps: (real) =>
        Object.assign(Object.create(real) as typeof real, {
          verify: (...[input, ctx]: Parameters<typeof real.verify>) =>
            faults.length === 0 ? real.verify(input, ctx) : Promise.resolve({ ok: false, faults }),
        }),
    });
  });
  afterAll(() => worker.stop());

  /** Somebody’s table stands where items would go; `body` meets the run that fails for it, and the table is gone afterwards. */
  async function inTheWay(words: readonly string[], body: (error: Told) => Promise<void>): Promise<void> {
    const { db } = bench.installation;
    await db.query('create schema if not exists zoho_books');
    await db.query('drop table if exists zoho_books.json_items');
    await db.query('create table zoho_books.json_items (mine text)');
    const { error } = await typed(['run', 'zoho-books', ...words]);
    await db.query('drop table zoho_books.json_items');
    await body(error);
  }
  const completed = async (words: readonly string[]): Promise<void> =>
    expect(await typed(words)).toMatchObject({ exit_code: 0, data: { state: 'completed' } });

  remedy('run-failed', './freshet retry …', 'takes it up again, and it completes', (follow) =>
    inTheWay(['--entity', 'items'], (error) => follow(error, completed)),
  );

  remedy('run-partial', './freshet retry …', 'reads what is missing', (follow) =>
    inTheWay(['--entity', 'contacts,items'], (error) => follow(error, completed)),
  );

  remedy('run-cancelled', './freshet retry …', 'reads the rest', async (follow) => {
    const { claim, db, ctx, steps } = bench.installation;
    const runId = await claim();
    await requestCancel(db, runId);
    expect(await refusal(() => steps.extract({ runId, entity: 'contacts' }, ctx))).toMatchObject({ code: 'cancel-requested' });
    await endRun(db, { runId, state: 'cancelled' }, ctx);
    await db.query(`update freshet.run set report_path = '/nowhere' where id = $1`, [runId]);
    await follow((await typed(['follow', runId])).error, completed);
  });

  remedy('verify-failed', './freshet show …', 'shows the ledger of that run', async (follow) => {
    faults = ['2 rows are missing'];
    const { data: run } = await typed(['run', 'zoho-books', '--entity', 'items']);
    faults = [];
    const [{ error_code: code, error_remedy: text }] = run.entities;
    const { data } = await follow({ code, remedy: text }, typed);
    expect(data).toMatchObject({ id: run.id, entities: [{ entity: 'items', ledger: { fetched: 2 } }] });
  });

  remedy('database-unreachable', './freshet follow …', 'goes on with the run that was followed', async (follow) => {
    const { data: run } = await typed(['run', 'zoho-books', '--entity', 'items']);
    const away = openDatabase({ url: 'postgresql://me@127.0.0.1:1/x', poolSize: 1 });
    const error = await refusal(() => followRun(away, { runId: run.id, show: () => undefined, awayWithinMs: 1 }));
    await away.close();
    expect((await follow(error, typed)).data).toMatchObject({ id: run.id, state: 'completed' });
  });

  describe('a start that nobody confirms', () => {
    async function unconfirmed(): Promise<Told> {
      const { request } = claimRequest(bench.installation.loaded, sources, { pipeline: 'zoho-books', actor: 'test' });
      const { client } = bench.temporal;
      const start = (): Promise<never> => Promise.reject(Object.assign(new Error('No connection established'), { code: 14 }));
      const deaf = Object.assign(Object.create(client) as typeof client, { workflow: { start } });
      return refusal(() => startRun({ ...bench.deps, temporal: { ...bench.temporal, client: deaf } }, request));
    }
    const runOf = (line: string): string => line.split(' ').at(-1)!;

    remedy('start-unconfirmed', './freshet show …', 'shows the run, which waits for its start', async (follow) => {
      const { data } = await follow(await unconfirmed(), typed);
      expect(data.state).toBe('starting');
      await typed(['cancel', data.id]);
      await bench.ended(data.id);
    });

    remedy('start-unconfirmed', './freshet cancel …', 'ends it', async (follow) => {
      const runId = await follow(await unconfirmed(), async (words, line) => {
        expect(await typed(words)).toMatchObject({ exit_code: 0 });
        return runOf(line);
      });
      expect(await bench.ended(runId)).toBe('cancelled');
    });
  });
});
