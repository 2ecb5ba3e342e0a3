import { createHash, randomBytes } from 'node:crypto';
import { canonicalJson } from '../config/canonical-json';
import { FreshetError, isFreshetError, type ErrorType } from '../domain/errors';
import type { RunKind } from '../domain/ids';
import type { Lane } from '../domain/lane';
import type { StageContext } from '../observability/stage-context';
import { claimIn, type ClaimRequest } from './claim';
import { sqlstate } from './database-error';
import type { Database, Tx } from './database';
import { dropQueuedReplay, giveReplay } from './replay-records';

/** What became of a request that waited for its lane. */
export type QueuedState = 'waiting' | 'started' | 'withdrawn' | 'refused';

export interface Queued {
  readonly id: string;
  readonly state: QueuedState;
  /** Of a started one. */
  readonly runId: string | null;
  /** From 1; 0 for one that does not wait any more. */
  readonly place: number;
  /** The run that has the lane; `null`: it is free, and this one's turn comes at once. */
  readonly waitsFor: string | null;
}

/** One line of a lane's queue, for people and programs. */
export interface QueueLine {
  readonly id: string;
  readonly pipeline: string;
  readonly lane: Lane;
  readonly kind: RunKind;
  readonly place: number;
  /** How many asked for the same. */
  readonly asked: number;
  readonly actor: string;
  readonly command: Readonly<Record<string, unknown>>;
  readonly created_at: string;
}

const ID = /^queued-[0-9a-f]{8}$/;

/** Whether a text is the id of a queued request rather than of a run; capitals do not matter. */
export function isQueuedId(text: string): boolean {
  return ID.test(text.trim().toLowerCase());
}

/** Puts a request into its lane's queue, frozen as it is; one that waits there already counts for both. Returns its id. */
export async function enqueue(db: Database, request: ClaimRequest, ctx: StageContext): Promise<string> {
  const { config, targets, plan, account, command } = request;
  // Two replays are never the same: each is of the records that were written down under its key.
  const replayed = request.kind === 'replay' ? { replayKey: request.requestKey } : {};
  const body = canonicalJson({ plan, account, command, targets: Object.fromEntries(targets), retryOf: request.retryOf, ...replayed });
  const digest = createHash('sha256').update(`${request.kind} ${config.digest} ${body}`).digest('hex');
  return db.transaction({ site: 'claim.queue', ctx, repeatable: true }, async (tx) => {
    await tx.query(`insert into freshet.config (digest, body) values ($1, $2) on conflict do nothing`, [config.digest, config.body]);
    const [row] = await tx.query<{ id: string }>(
      `insert into freshet.lane_request (id, environment, pipeline, lane, kind, digest, config_digest, request, actor)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (environment, pipeline, lane, digest) where state = 'waiting' do update set asked = freshet.lane_request.asked + 1
       returning id`,
      [
        `queued-${randomBytes(4).toString('hex')}`,
        request.environment,
        request.pipeline,
        request.lane,
        request.kind,
        digest,
        config.digest,
        body,
        request.actor,
      ],
    );
    return row?.id ?? '';
  });
}

const ACTIVE = `
  select r.id from freshet.run r
   where r.pipeline = q.pipeline and r.lane = q.lane and r.parent_run_id is null and r.state in ('starting', 'running', 'paused')`;
const AHEAD = `
  select count(*)::int from freshet.lane_request a
   where a.environment = q.environment and a.pipeline = q.pipeline and a.lane = q.lane and a.state = 'waiting' and a.place <= q.place`;

/** How it stands with a queued request. Errors: `config_error` code `queued-unknown`; the error with which its claim was refused. */
export async function readQueued(db: Database, id: string): Promise<Queued> {
  const [row] = await db.query<{
    state: QueuedState;
    run_id: string | null;
    place: number;
    waits_for: string | null;
    error: Refusal | null;
  }>(
    `select q.state, q.run_id, q.error, case when q.state = 'waiting' then (${AHEAD}) else 0 end as place, (${ACTIVE}) as waits_for
       from freshet.lane_request q where q.id = $1`,
    [id],
  );
  if (row === undefined) throw unknown(id);
  if (row.error !== null) throw new FreshetError(row.error.type, row.error);
  return { id, state: row.state, runId: row.run_id, place: row.place, waitsFor: row.waits_for };
}

/** Every waiting request, by lane and place. */
export async function readQueue(db: Database): Promise<QueueLine[]> {
  return db.query<QueueLine>(
    `select q.id, q.pipeline, q.lane, q.kind, (${AHEAD}) as place, q.asked, q.actor, q.request -> 'command' as command,
            to_char(q.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_at
       from freshet.lane_request q where q.state = 'waiting' order by q.pipeline, q.lane, q.place`,
  );
}

/** Whether somebody waits for the lane, so that who is content to wait does not pass before them. */
export async function hasQueue(db: Database, { environment, pipeline, lane }: ClaimRequest): Promise<boolean> {
  const rows = await db.query(
    `select from freshet.lane_request where environment = $1 and pipeline = $2 and lane = $3 and state = 'waiting' limit 1`,
    [environment, pipeline, lane],
  );
  return rows.length > 0;
}

/** Takes a request out of the queue, for all who asked for it. Returns what it was before. Errors: `queued-unknown`. */
export async function withdraw(db: Database, id: string): Promise<Queued> {
  const before = await readQueued(db, id);
  const rows = await db.query(
    `update freshet.lane_request set state = 'withdrawn', ended_at = now() where id = $1 and state = 'waiting' returning id`,
    [id],
  );
  if (rows.length === 0) return readQueued(db, id);
  await dropQueuedReplay(db, id);
  return before;
}

const NEXT = `
  select distinct on (q.pipeline, q.lane) q.id from freshet.lane_request q
   where q.environment = $1 and q.state = 'waiting' and not exists (${ACTIVE}) order by q.pipeline, q.lane, q.place`;

/**
 * Claims the run of the first request of each lane that is free, in one transaction with the end of its waiting. From many processes at
 * once each request becomes one run. Returns the runs, whose workflows are still to be started.
 */
export async function claimQueued(db: Database, environment: string, ctx: StageContext): Promise<string[]> {
  const claimed: string[] = [];
  for (const { id } of await db.query<{ id: string }>(NEXT, [environment])) {
    try {
      const runId = await db.transaction({ site: 'claim.queued', ctx, repeatable: true }, (tx) => claimOne(tx, id));
      if (runId !== null) claimed.push(runId);
    } catch (error) {
      // 23505: in this moment another run took the lane.
      if (sqlstate(error) === '23505') continue;
      if (!isFreshetError(error) || error.retryable) throw error;
      await refuse(db, id, error);
    }
  }
  return claimed;
}

interface Row {
  readonly environment: string;
  readonly pipeline: string;
  readonly lane: Lane;
  readonly kind: RunKind;
  readonly config_digest: string;
  readonly body: string;
  readonly actor: string;
  readonly request: Pick<ClaimRequest, 'plan' | 'account' | 'command' | 'retryOf'> & {
    readonly targets: Readonly<Record<string, { readonly schema: string; readonly table: string }>>;
    readonly replayKey?: string;
  };
}

async function claimOne(tx: Tx, id: string): Promise<string | null> {
  const [row] = await tx.query<Row>(
    `select q.environment, q.pipeline, q.lane, q.kind, q.config_digest, c.body::text as body, q.actor, q.request
       from freshet.lane_request q join freshet.config c on c.digest = q.config_digest
      where q.id = $1 and q.state = 'waiting' for update of q skip locked`,
    [id],
  );
  if (row === undefined) return null;
  const { environment, pipeline, lane, kind, actor } = row;
  const { replayKey, ...request } = row.request;
  const requestKey = `queue/${id}`;
  const claim = await claimIn(tx, {
    ...request,
    ...{ environment, pipeline, lane, kind, actor },
    requestKey,
    config: { digest: row.config_digest, body: row.body },
    targets: new Map(Object.entries(request.targets)),
  });
  if (claim.kind === 'taken') return null;
  if (replayKey !== undefined) await giveReplay(tx, replayKey, requestKey);
  await tx.query(`update freshet.lane_request set state = 'started', run_id = $2, ended_at = now() where id = $1`, [id, claim.runId]);
  return claim.runId;
}

interface Refusal {
  readonly type: ErrorType;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** What no later try can mend ends the waiting, with what was wrong. */
async function refuse(db: Database, id: string, { type, code, message, remedy }: FreshetError): Promise<void> {
  const error: Refusal = { type, code, message, remedy };
  await db.query(`update freshet.lane_request set state = 'refused', error = $2, ended_at = now() where id = $1 and state = 'waiting'`, [
    id,
    JSON.stringify(error),
  ]);
  await dropQueuedReplay(db, id);
}

function unknown(id: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'queued-unknown',
    message: `No request ${id} is or was in a queue`,
    remedy: 'See with `./freshet status` which requests wait.',
    next: [{ kind: 'run-command', label: 'See who waits', command: './freshet status' }],
  });
}
