import { isFreshetError } from '../domain/errors';
import type { Database } from '../database/database';
import { createHttpClient } from '../http/http-client';
import type { StageContext } from '../observability/stage-context';

export interface NoticeDeps {
  readonly db: Database;
  readonly ctx: StageContext;
  /** Where notices are posted; a secret, because most such addresses hold a token. */
  readonly url: string;
}

interface Notice {
  readonly id: string;
  readonly kind: 'raised' | 'resolved';
  readonly tries: number;
  readonly alarm: Readonly<Record<string, unknown>>;
}

const FIRST_AGAIN_MS = 15_000;
const LONGEST_AGAIN_MS = 3_600_000;
const ANSWER_WITHIN_MS = 10_000;
const AT_ONCE = 20;

/**
 * Posts the notices whose time has come, oldest first, each with the same `Idempotency-Key` however often it is tried. One that fails stays
 * and is tried again later, at most an hour apart, as long as its alarm stands. Returns how many went out. The body: kind, class, environment, pipeline, entity,
 * source, message, remedy, since, raised_at, resolved_at.
 */
export async function sendNotices({ db, ctx, url }: NoticeDeps, environment: string): Promise<number> {
  let sent = 0;
  const http = createHttpClient({ timeouts: { total: ANSWER_WITHIN_MS } });
  try {
    for (const { id } of await pending(db, environment, ctx.now())) {
      const notice = await lease(db, id, ctx.now());
      if (notice === null) continue;
      const failure = await post(http, url, notice, ctx);
      if (failure === null) sent += 1;
      else ctx.log('NO-001', { notice: notice.id, reason: failure });
      await db.query(`update freshet.notice set sent_at = $2, last_error = $3 where id = $1`, [
        id,
        failure === null ? ctx.now().toISOString() : null,
        failure,
      ]);
    }
  } finally {
    await http.close();
  }
  return sent;
}

/** Still to be sent. That an alarm was raised is no news any more once it is resolved. */
const WAITING = `n.sent_at is null and (n.kind = 'resolved' or a.resolved_at is null)`;

export interface WaitingNotices {
  readonly count: number;
  /** When the oldest was written; ISO. */
  readonly since: string;
  /** The next try of the first of them; ISO. */
  readonly next_try_at: string;
  /** Why the one that was tried last did not go out; `null`: none was tried yet. */
  readonly last_error: string | null;
}

/** The notices that did not go out yet; `null`: there are none. */
export async function waitingNotices(db: Database, environment: string): Promise<WaitingNotices | null> {
  const [row] = await db.query<{ count: number; since: string; next: string; last_error: string | null }>(
    `select count(*)::int as count, min(case n.kind when 'raised' then a.raised_at else a.resolved_at end) as since, min(n.next_try_at) as next,
            (array_agg(n.last_error order by n.next_try_at desc) filter (where n.last_error is not null))[1] as last_error
       from freshet.notice n join freshet.alarm a on a.id = n.alarm_id where a.environment = $1 and ${WAITING}`,
    [environment],
  );
  if (row === undefined || row.count === 0) return null;
  const { count, since, next, last_error } = row;
  return { count, since: new Date(since).toISOString(), next_try_at: new Date(next).toISOString(), last_error };
}

function pending(db: Database, environment: string, now: Date): Promise<{ id: string }[]> {
  return db.query<{ id: string }>(
    `select n.id from freshet.notice n join freshet.alarm a on a.id = n.alarm_id
      where a.environment = $1 and ${WAITING} and n.next_try_at <= $2 order by n.id limit ${AT_ONCE}`,
    [environment, now.toISOString()],
  );
}

/** Whoever raises the time of the next try has the notice until then: two processes do not send it both. */
async function lease(db: Database, id: string, now: Date): Promise<Notice | null> {
  const [row] = await db.query<Notice>(
    `update freshet.notice n
        set tries = n.tries + 1,
            next_try_at = $2::timestamptz + make_interval(secs => least(${FIRST_AGAIN_MS / 1000} * power(2, least(n.tries, 20)), ${LONGEST_AGAIN_MS / 1000}))
       from freshet.alarm a
      where n.id = $1 and a.id = n.alarm_id and ${WAITING} and n.next_try_at <= $2
      returning n.id, n.kind, n.tries,
                jsonb_build_object('class', a.class, 'environment', a.environment, 'pipeline', a.pipeline, 'entity', a.entity, 'source', a.source,
                  'message', a.message, 'remedy', a.remedy, 'since', a.since, 'raised_at', a.raised_at, 'resolved_at', a.resolved_at) as alarm`,
    [id, now.toISOString()],
  );
  return row ?? null;
}

/** Why it did not go out, or null. Never the address: it may be a secret. */
async function post(http: ReturnType<typeof createHttpClient>, url: string, notice: Notice, ctx: StageContext): Promise<string | null> {
  try {
    const { status } = await http.request(
      {
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', 'idempotency-key': `freshet-notice-${notice.id}` },
        body: JSON.stringify({ kind: notice.kind, ...notice.alarm }),
        maxBytes: 64 * 1024,
      },
      ctx,
    );
    return status >= 200 && status < 300 ? null : `the webhook answered with status ${status}`;
  } catch (error) {
    if (!isFreshetError(error)) throw error;
    // Its sentence names host and path, and the path of a webhook is its password.
    return `the webhook got no answer (${error.code})`;
  }
}
