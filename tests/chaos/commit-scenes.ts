import { claimQueued, enqueue } from '../../src/database/lane-queue';
import { recordSchedule } from '../../src/database/schedule-store';
import { monitorRound } from '../../src/monitor/monitor';
import { claimRequest } from '../../src/run/claim-request';
import { runLocal } from '../../src/run/run-local';
import { sources } from '../../src/sources';
import { NOTHING_EXPECTED } from '../../src/verify/freshness/limit';
import type { Installation } from '../support/installation';

/** Something that freshet does with PostgreSQL; what is lost on the way it must make good by itself. */
export interface Scene {
  readonly name: string;
  /** What was before; nothing is lost in it. */
  prepare(at: Installation): Promise<void>;
  /** Answers with a word on how it ended. */
  act(at: Installation): Promise<string>;
}

const DAY_MS = 86_400_000;
const LIMITS = { workerGoneAfter: 120_000, temporalGoneAfter: 120_000, stuckAfter: 1_800_000 };
const ROUNDS = 3;
const OLD_AT_ONCE = { ...NOTHING_EXPECTED, limit: { maxAge: 1, from: 'entity', alarmAfter: 1 } } as const;

async function run(at: Installation): Promise<string> {
  return (await at.run()).state;
}

async function completedRun(at: Installation): Promise<void> {
  const state = await run(at);
  if (state !== 'completed') throw new Error(`the scene needs a completed run, this one is ${state}`);
}

/** A run that ended in the middle of its details: the next one takes its extraction over, under a token above the earlier ones. */
async function cancelledRun(at: Installation): Promise<void> {
  const stop = new AbortController();
  at.sandbox.control.onRequest({ kind: 'detail', when: 'before' }, () => stop.abort());
  const { state } = await at.run({}, { ...at.ctx, signal: stop.signal });
  at.sandbox.control.clearHooks();
  if (state !== 'partial') throw new Error(`the scene needs a run that leaves an extraction open, this one is ${state}`);
}

/** Somebody takes a row away by hand: the next run's verify sets the counters right. */
async function rowRemovedByHand(at: Installation): Promise<void> {
  await completedRun(at);
  await at.db.query(`delete from zoho_books.json_items where id = (select min(id) from zoho_books.json_items)`);
}

async function schedule(at: Installation): Promise<string> {
  const [known] = await at.db.query<{ digest: string; body: string }>(
    `select c.digest, c.body::text as body from freshet.run r join freshet.config c on c.digest = r.config_digest limit 1`,
  );
  if (known === undefined) throw new Error('the scene needs a run');
  await recordSchedule(
    at.db,
    { environment: 'test', pipeline: 'zoho-books', schedule: { kind: 'every', everyMs: DAY_MS }, config: known, pausedReason: null },
    at.ctx,
  );
  return 'recorded';
}

async function scheduledDaysAgo(at: Installation): Promise<void> {
  await completedRun(at);
  await schedule(at);
  await at.db.query(`update freshet.schedule set since = now() - interval '3 days'`);
}

/** As every worker does it: a round that fails is made again. Missed times get their rows, a stale table its alarm and its notice. */
async function monitor(at: Installation): Promise<string> {
  const deps = {
    db: at.db,
    ctx: at.ctx,
    reportsFolder: at.loaded.settings.reports.path,
    temporal: () => Promise.resolve(null),
    maxAges: () => new Map([['zoho-books', { entities: new Map([['invoices', OLD_AT_ONCE]]), otherwise: NOTHING_EXPECTED }]]),
  };
  const options = { environment: 'test', limits: LIMITS, missedAfter: 1_000, webhookUrl: 'http://127.0.0.1:1/nobody' };
  for (let round = 1; ; round++) {
    try {
      const { failed, mended } = await monitorRound(deps, options);
      if (failed.length === 0 || round === ROUNDS) return mended ? 'through' : `not through: ${failed.join(', ')}`;
    } catch (error) {
      if (round === ROUNDS) throw error;
    }
  }
}

/** The same request twice, which are one, and another; each becomes a run when the lane is free. */
async function queued({ db, loaded, steps, ctx }: Installation): Promise<string> {
  const { request } = claimRequest(loaded, sources, { pipeline: 'zoho-books', actor: 'test' });
  for (const asked of [request, request, { ...request, kind: 'full' as const, command: { full: true } }]) await enqueue(db, asked, ctx);
  const states: string[] = [];
  for (
    let runs = await claimQueued(db, request.environment, ctx);
    runs.length > 0;
    runs = await claimQueued(db, request.environment, ctx)
  ) {
    for (const runId of runs) states.push(await runLocal(steps, { runId, plan: request.plan }, ctx));
  }
  return states.join(', ');
}

export const SCENES: readonly Scene[] = [
  { name: 'a first run', prepare: () => Promise.resolve(), act: run },
  { name: 'a run that takes an extraction over', prepare: cancelledRun, act: run },
  { name: 'a run that finds a row gone', prepare: rowRemovedByHand, act: run },
  { name: 'requests that wait for the lane', prepare: completedRun, act: queued },
  { name: 'a schedule being applied', prepare: completedRun, act: schedule },
  { name: 'a round of the monitor', prepare: scheduledDaysAgo, act: monitor },
];
