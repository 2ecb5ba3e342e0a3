import { FreshetError } from '../domain/errors';
import { FINAL_ENTITY_STATES } from '../domain/run';
import { defect } from '../observability/defects';
import type { StageContext } from '../observability/stage-context';
import type { Database, Tx } from './database';

/** What an attempt may write with: taken by `beginAttempt`, checked as the last statement of every writing transaction. */
export interface Fence {
  readonly runId: string;
  readonly entity: string;
  readonly entityNumber: number;
  readonly token: string;
  /** The extraction this attempt writes into; `null` before one is open. */
  readonly extractionId: string | null;
}

export interface FencedOptions {
  readonly site: string;
  readonly ctx: StageContext;
  readonly lockTimeoutMs?: number;
}

/** `freshet <run id> <entity's number> <token>`: who holds a lock can be told from pg_stat_activity, and ended. */
export function applicationName(fence: Pick<Fence, 'runId' | 'entityNumber' | 'token'>): string {
  return `freshet ${fence.runId} ${fence.entityNumber} ${fence.token}`;
}

/**
 * A writing transaction of an attempt. A zombie (stopped worker, closed run, extraction adopted by another run)
 * is refused at its last statement, so nothing of it is ever committed.
 */
export async function fenced<T>(db: Database, fence: Fence, options: FencedOptions, body: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await db.transaction({ ...options, applicationName: applicationName(fence) }, async (tx) => {
      const result = await body(tx);
      await checkToken(tx, fence);
      return result;
    });
  } catch (error) {
    // A zombie often trips over its successor's rows before it comes to the check; say what it is, not what it tripped over.
    const reason = options.ctx.signal.aborted ? null : await refusalNow(db, fence);
    throw reason === null ? error : superseded(fence, reason, error);
  }
}

async function refusalNow(db: Database, fence: Fence): Promise<string | null> {
  try {
    const [row] = await db.query<TokenRow>(TOKEN, [fence.runId, fence.entity, fence.extractionId]);
    return defect('token-check-off') ? null : refusal(row, fence);
  } catch {
    return null;
  }
}

const TOKEN = `
  select re.token, re.state, x.owner_run, x.state as extraction_state
    from freshet.run_entity re left join freshet.extraction x on x.id = $3
   where re.run_id = $1 and re.entity = $2`;

interface TokenRow {
  token: string;
  state: string;
  owner_run: string | null;
  extraction_state: string | null;
}

async function checkToken(tx: Tx, fence: Fence): Promise<void> {
  const [row] = await tx.query<TokenRow>(`${TOKEN} for update of re`, [fence.runId, fence.entity, fence.extractionId]);
  if (defect('token-check-off')) return;
  const reason = refusal(row, fence);
  if (reason !== null) throw superseded(fence, reason);
}

function superseded(fence: Fence, reason: string, cause?: unknown): FreshetError {
  return new FreshetError('cancelled', {
    code: 'attempt-superseded',
    message: `${fence.entity} of run ${fence.runId}: attempt ${fence.token} may not write any more, ${reason}`,
    remedy: 'Nothing to do: a newer attempt or run carries on; this one wrote nothing.',
    facts: { token: fence.token },
    retryable: false,
    cause,
  });
}

function refusal(row: TokenRow | undefined, fence: Fence): string | null {
  if (!row) return 'its run does not exist';
  if (row.token !== fence.token) return `attempt ${row.token} has begun`;
  if ((FINAL_ENTITY_STATES as readonly string[]).includes(row.state)) return `the entity is ${row.state}`;
  if (fence.extractionId !== null && row.owner_run !== fence.runId) return `run ${row.owner_run ?? 'none'} owns its extraction`;
  return null;
}
