import type { Database } from '../database/database';
import { iso } from './entity-facts';

const CHUNK = 2_000;

interface Event {
  readonly at: string;
  readonly n: string;
  readonly line: Readonly<Record<string, unknown>>;
}

/** What happened in the run, oldest first, one JSON object a line: pages as they landed, batches as they were loaded. Read in chunks, so that its size does not matter. */
export async function* timeline(db: Database, runId: string): AsyncGenerator<Uint8Array> {
  let after = '0';
  for (;;) {
    const events = await db.query<Event>(EVENTS, [runId, after, CHUNK]);
    const last = events[events.length - 1];
    if (!last) return;
    yield Buffer.from(events.map(({ at, line }) => `${JSON.stringify({ at, ...line })}\n`).join(''));
    after = last.n;
  }
}

const EVENTS = `
  select n, at, line from (
    select row_number() over (order by moment, kind, a, b) as n, ${iso('moment')} as at, line
      from (
        select p.landed_at as moment, 'page' as kind, p.entity as a, p.seq as b,
               json_build_object('event', 'page', 'entity', p.entity, 'page', p.seq, 'kind', p.kind, 'pass', p.pass, 'listed', p.listed,
                                 'records', p.records, 'bytes', p.bytes) as line
          from freshet.page p where p.run_id = $1
        union all
        select b.committed_at, 'batch', x.entity, b.n,
               json_build_object('event', 'loaded', 'entity', x.entity, 'batch', b.n, 'batch_no', b.batch_no, 'records', b.records, 'counts', b.counts)
          from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
         where b.loaded_by_run = $1 and b.committed_at is not null) events) numbered
   where n > $2::bigint order by n limit $3`;
