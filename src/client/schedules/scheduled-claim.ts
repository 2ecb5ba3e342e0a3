import type { ScheduledAnswer, ScheduledClaim, ScheduledClaims } from '../../activities/scheduled';
import type { LoadedSettings } from '../../config/load-settings';
import type { PipelineSettings } from '../../config/schema/pipeline-file';
import { MISSED, NOT_BEGUN, recordBornFinal, type BornFinal } from '../../database/born-final';
import { claimRun } from '../../database/claim';
import type { Database } from '../../database/database';
import { readRun, requestCancel } from '../../database/run-store';
import { isFreshetError } from '../../domain/errors';
import { isFinalRun } from '../../domain/run';
import { lateRequestKey, nextNominal } from '../../domain/schedule';
import type { StageContext } from '../../observability/stage-context';
import { safeText } from '../../observability/safe-facts';
import { claimRequest } from '../../run/claim-request';
import { leftOut } from '../../run/left-out';
import type { Sources } from '../../run/run-config';
import { workflowInput } from '../temporal/start-workflow';

export interface ScheduledClaimDeps {
  readonly db: Database;
  /** The worker's project. Its pipeline files are read anew at each claim: a run begins with the settings current at its start. */
  readonly loaded: LoadedSettings;
  readonly sources: Sources;
  /** Whether Temporal knows the search attributes of runs; absent: it does not. */
  readonly marksKnown?: () => Promise<boolean>;
}

/** What the activity of `scheduledStart` does: every nominal time ends as a run, or as a row that says why there is none. */
export function scheduledClaims(deps: ScheduledClaimDeps): ScheduledClaims {
  return {
    async claim(input, ctx) {
      if (input.comparison === true) return claimComparison(deps, input, ctx);
      const answer = (await known(deps, input)) ?? (await notNow(deps, input, ctx)) ?? (await claimNow(deps, input, ctx));
      // Stopped in the moment of its claim: whoever starts the run's workflow after all finds that it is to end.
      if (input.stopped !== undefined && answer.kind === 'claimed') await requestCancel(deps.db, answer.run.runId);
      return answer.kind === 'claimed' && wantsComparisons(deps, input) !== null ? { ...answer, compares: true } : answer;
    },
  };
}

/** The nominal time has its row already. One that was written down as missed may still be served, late, by a run of its own. */
async function known(deps: ScheduledClaimDeps, { requestKey }: ScheduledClaim): Promise<ScheduledAnswer | null> {
  const [row] = await deps.db.query<{ id: string; missed: boolean }>(
    `select id, state = 'skipped' and starts_with(reason, $3) as missed from freshet.run where request_key in ($1, $2) order by request_key desc limit 1`,
    [requestKey, lateRequestKey(requestKey), MISSED],
  );
  return row === undefined || row.missed ? null : standing(deps, row.id);
}

async function keyToClaim(db: Database, requestKey: string): Promise<string> {
  const rows = await db.query(`select from freshet.run where request_key = $1`, [requestKey]);
  return rows.length === 0 ? requestKey : lateRequestKey(requestKey);
}

async function standing({ db, marksKnown }: ScheduledClaimDeps, runId: string): Promise<ScheduledAnswer> {
  const { state, kind } = await readRun(db, runId);
  if (isFinalRun(state)) return { kind: 'ended', runId, state };
  const marked = (await marksKnown?.()) ?? false;
  return { kind: 'claimed', run: await workflowInput(db, runId), ...(marked ? { markedAs: kind } : {}) };
}

/** A start that was stopped, or whose next nominal time has come, is not made any more. */
async function notNow(deps: ScheduledClaimDeps, input: ScheduledClaim, ctx: StageContext): Promise<ScheduledAnswer | null> {
  if (input.stopped !== undefined) return record(deps, input, { state: 'skipped', reason: `stopped: ${input.stopped}` }, ctx);
  if (untilNext(input, ctx) > 0) return null;
  const active = await activeRun(deps.db, input.pipeline);
  const why = active === null ? 'it began too late' : `${active} was still running`;
  return record(deps, input, { state: 'skipped', reason: `superseded: ${why} when the next scheduled time came` }, ctx);
}

async function claimNow(deps: ScheduledClaimDeps, input: ScheduledClaim, ctx: StageContext): Promise<ScheduledAnswer> {
  const { db, loaded, sources } = deps;
  try {
    const { pipeline, nominal } = input;
    const requestKey = await keyToClaim(db, input.requestKey);
    const { request } = claimRequest(loaded, sources, { pipeline, requestKey, actor: 'schedule', mustBeSetUp: 'whole' });
    const claim = await claimRun(db, { ...request, scheduledFor: nominal }, ctx);
    if (claim.kind === 'taken') return { kind: 'taken', activeRunId: claim.activeRunId, waitMs: untilNext(input, ctx) };
    if (claim.kind === 'claimed') return await standing(deps, claim.runId);
    // Somebody wrote the row in this moment: the claim of another attempt, or that the time was missed.
    return (await known(deps, input)) ?? (await claimNow(deps, input, ctx));
  } catch (error) {
    // What another attempt cannot mend (a broken pipeline file) ends the nominal time with a row; the rest is tried again.
    if (!isFreshetError(error) || error.retryable || error.type === 'cancelled') throw error;
    const left = leftOut(error);
    if (left !== null) return record(deps, input, { state: 'skipped', reason: safeText(left.reason) }, ctx);
    const facts = { type: error.type, message: safeText(`${error.message} (${error.remedy})`) };
    return record(deps, input, { state: 'failed', reason: NOT_BEGUN, error: facts }, ctx);
  }
}

/** The comparison that follows a scheduled run: its own run, under a key of its own. Left out where it is not due, or where its time is over. */
async function claimComparison(deps: ScheduledClaimDeps, input: ScheduledClaim, ctx: StageContext): Promise<ScheduledAnswer> {
  const { db, loaded, sources } = deps;
  const { pipeline, requestKey } = input;
  const [begun] = await db.query<{ id: string }>(`select id from freshet.run where request_key = $1`, [requestKey]);
  if (begun !== undefined) return standing(deps, begun.id);
  const wanted = wantsComparisons(deps, input);
  if (wanted === null || untilNext(input, ctx) <= 0 || !(await isDue(db, pipeline, { everyMs: wanted.every, ctx })))
    return { kind: 'not-due' };
  const compare = { fix: wanted.fix, from: null, to: null };
  const { request } = claimRequest(loaded, sources, { pipeline, requestKey, actor: 'schedule', compare });
  const claim = await claimRun(db, request, ctx);
  return claim.kind === 'taken'
    ? { kind: 'taken', activeRunId: claim.activeRunId, waitMs: untilNext(input, ctx) }
    : standing(deps, claim.runId);
}

/** `null`: none; also where the file is broken, which the run itself tells. */
function wantsComparisons(
  { loaded, sources }: ScheduledClaimDeps,
  { pipeline }: ScheduledClaim,
): NonNullable<PipelineSettings['reconcile']> | null {
  try {
    return claimRequest(loaded, sources, { pipeline, actor: 'schedule' }).resolved.pipeline.reconcile ?? null;
  } catch (error) {
    if (isFreshetError(error)) return null;
    throw error;
  }
}

/** Whether the last comparison of every entity and every day that came through began longer ago. */
async function isDue(db: Database, pipeline: string, { everyMs, ctx }: { everyMs: number; ctx: StageContext }): Promise<boolean> {
  const [last] = await db.query(
    `select from freshet.run
      where pipeline = $1 and kind = 'reconcile' and state in ('completed', 'doubtful', 'partial') and not command ? 'entities'
        and command #>> '{reconcile,from}' is null and command #>> '{reconcile,to}' is null and created_at > $2
      limit 1`,
    [pipeline, new Date(ctx.now().getTime() - everyMs).toISOString()],
  );
  return last === undefined;
}

function untilNext({ schedule, nominal }: ScheduledClaim, ctx: StageContext): number {
  return nextNominal(schedule, Date.parse(nominal)) - ctx.now().getTime();
}

async function activeRun(db: Database, pipeline: string): Promise<string | null> {
  const [row] = await db.query<{ id: string }>(
    `select id from freshet.run where pipeline = $1 and lane = 'sync' and parent_run_id is null and state in ('starting', 'running', 'paused')`,
    [pipeline],
  );
  return row?.id ?? null;
}

async function record(
  deps: ScheduledClaimDeps,
  { pipeline, requestKey, nominal }: ScheduledClaim,
  end: Pick<BornFinal, 'state' | 'reason' | 'error'>,
  ctx: StageContext,
): Promise<ScheduledAnswer> {
  const { environment } = deps.loaded.settings;
  const { runId, state } = await recordBornFinal(deps.db, { requestKey, pipeline, environment, scheduledFor: nominal, ...end }, ctx);
  return isFinalRun(state) ? { kind: 'ended', runId, state } : standing(deps, runId);
}
