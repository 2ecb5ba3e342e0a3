import type { Database, Tx } from './database';

/** A reject that is to be loaded once more, and which of the files it goes into: one for each time of fetching. */
export interface ReplayedReject {
  readonly rejectId: string;
  readonly entity: string;
  /** Both from 1. */
  readonly part: number;
  readonly n: number;
  /** The mended record as JSON; `null`: as it was landed. */
  readonly record: string | null;
}

const CHUNK = 500;

/** Writes down what a replay is made of, before its run is claimed under the same key. */
export async function storeReplay(
  db: Database,
  { requestKey, actor }: { readonly requestKey: string; readonly actor: string },
  records: readonly ReplayedReject[],
): Promise<void> {
  for (let from = 0; from < records.length; from += CHUNK) {
    await db.query(
      `insert into freshet.replay_record (request_key, entity, part, n, reject_id, record, actor)
       select $1, r.entity, r.part, r.n, r."rejectId", r.record, $2
         from jsonb_to_recordset($3::jsonb) as r (entity text, part int, n int, "rejectId" bigint, record text)`,
      [requestKey, actor, JSON.stringify(records.slice(from, from + CHUNK))],
    );
  }
}

/** A replay that waited becomes the run of another key: its records go with it. */
export async function giveReplay(tx: Tx, from: string, to: string): Promise<void> {
  await tx.query(`update freshet.replay_record set request_key = $2 where request_key = $1`, [from, to]);
}

/** What is written down of a replay that is out of the queue without having begun. */
export async function dropQueuedReplay(db: Database, queuedId: string): Promise<void> {
  await db.query(
    `delete from freshet.replay_record y using freshet.lane_request q where q.id = $1 and y.request_key = q.request ->> 'replayKey'`,
    [queuedId],
  );
}

/** What is written down of a replay that did not begin, and does not wait. */
export async function dropReplay(db: Database, requestKey: string): Promise<void> {
  await db.query(
    `delete from freshet.replay_record y where y.request_key = $1 and not exists (select from freshet.run r where r.request_key = y.request_key)
        and not exists (select from freshet.lane_request q where q.state = 'waiting' and q.request ->> 'replayKey' = y.request_key)`,
    [requestKey],
  );
}

/** A record of a replay with where it was landed. */
export interface ReplaySource {
  readonly part: number;
  readonly record: string | null;
  readonly reject_id: string;
  readonly file: string;
  readonly offset: string;
  readonly length: string;
  readonly record_sha256: string;
  /** When it was fetched: ISO text in UTC. */
  readonly at: string;
}

/** SQL of when a reject `r` was fetched, as ISO text; rejects of earlier versions did not keep it, their page did. */
export const FETCHED = `to_char(coalesce(r.fetched_at,
    (select p.fetched_at from freshet.page p join freshet.batch b on b.extraction_id = p.extraction_id and b.n = p.batch_n
      where b.key = r.batch_key and r."offset" between p."offset" and p."offset" + p.length limit 1), r.created_at)
    at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** The records of an entity of a run, part by part, in their order. */
export async function readReplay(db: Database, runId: string, entity: string): Promise<ReplaySource[]> {
  return db.query<ReplaySource>(
    `select y.part, y.record, r.id as reject_id, r.file, r."offset", r.length, r.record_sha256, ${FETCHED} as at
       from freshet.run u join freshet.replay_record y on y.request_key = u.request_key join freshet.reject r on r.id = y.reject_id
      where u.id = $1 and y.entity = $2 order by y.part, y.n`,
    [runId, entity],
  );
}
