import type { Tx } from '../../database/database';
import type { DeepEntity } from './deep-entity';
import { checkSql, type Findings } from './violation';

/**
 * Invariant 5: the watermark is never ahead of the data, and no listed record was lost. Needs `pg_temp.landed` of the entity.
 * A listed record counts as met when it is loaded, rejected, vanished, or set aside as undetailed.
 */
export async function checkWatermark(tx: Tx, findings: Findings, entity: DeepEntity): Promise<void> {
  const about = { invariant: 5, entity: entity.label, values: [entity.pipeline, entity.entity] } as const;
  const [counts] = await tx.query<{ history: string; queue: string; marks: string }>(
    `select (select count(*) from freshet.watermark where pipeline = $1 and entity = $2) as marks,
            (select count(*) from freshet.watermark_history where pipeline = $1 and entity = $2) as history,
            (select count(*) from freshet.detail_queue q join freshet.extraction x on x.id = q.extraction_id where x.pipeline = $1 and x.entity = $2) as queue`,
    about.values,
  );
  const [marks, history, queue] = [Number(counts?.marks ?? 0), Number(counts?.history ?? 0), Number(counts?.queue ?? 0)];
  await checkSql(tx, findings, {
    ...about,
    name: 'watermark-ahead',
    where: 'freshet.watermark',
    what: 'watermarks later than every record that is loaded, rejected, vanished or set aside',
    rows: marks,
    sql: `select w.partition, w.text, w.sort, m.greatest from freshet.watermark w cross join lateral (${greatestMet()}) m
           where w.pipeline = $1 and w.entity = $2 and w.sort > coalesce(m.greatest, w.sort - 1)`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'carrier-missing',
    where: 'freshet.watermark',
    what: 'watermarks whose own record was never loaded in that version, nor rejected, vanished or set aside',
    rows: marks,
    sql: `select w.partition, w.text, w.carrier_id from freshet.watermark w
           where w.pipeline = $1 and w.entity = $2 and w.carrier_id is not null
             and not exists (select from pg_temp.landed l where l.id = w.carrier_id and (l.cursor_sort >= w.sort or l.cursor_sort is null))
             and not exists (select from freshet.detail_queue q join freshet.extraction x on x.id = q.extraction_id
                              where x.pipeline = w.pipeline and x.entity = w.entity and q.record_id = w.carrier_id and q.state in ('vanished', 'undetailed'))`,
  });
  await checkHistory(tx, findings, { ...about, rows: history });
  await checkQueue(tx, findings, { ...about, rows: queue });
}

function greatestMet(): string {
  return `select greatest((select max(l.cursor_sort) from pg_temp.landed l),
                          (select max(q.cursor_sort) from freshet.detail_queue q join freshet.extraction x on x.id = q.extraction_id
                            where x.pipeline = w.pipeline and x.entity = w.entity and q.state in ('vanished', 'undetailed'))) as greatest`;
}

interface About {
  readonly invariant: 5;
  readonly entity: string;
  readonly values: readonly string[];
  readonly rows: number;
}

async function checkHistory(tx: Tx, findings: Findings, about: About): Promise<void> {
  await checkSql(tx, findings, {
    ...about,
    name: 'watermark-backwards',
    where: 'freshet.watermark_history',
    what: 'moves of the watermark backwards that were no reset',
    sql: `select * from (select n, partition, text, sort, reason, question, lag(sort) over w as sort_before, lag(question) over w as question_before
                           from freshet.watermark_history where pipeline = $1 and entity = $2 window w as (partition by partition order by n)) h
           where h.sort < h.sort_before and h.reason not like 'reset%' and h.question = h.question_before`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'watermark-unrecorded',
    where: 'freshet.watermark_history',
    what: 'watermarks that are not what their history ends with',
    sql: `select w.partition, w.text, w.sort, h.sort as sort_in_history from freshet.watermark w
            left join lateral (select * from freshet.watermark_history h
                                where (h.pipeline, h.entity, h.partition) = (w.pipeline, w.entity, w.partition) order by n desc limit 1) h on true
           where w.pipeline = $1 and w.entity = $2 and h.sort is distinct from w.sort`,
  });
}

/** The queue of a closed extraction is empty, and what it calls done was landed and loaded. */
async function checkQueue(tx: Tx, findings: Findings, about: About): Promise<void> {
  await checkSql(tx, findings, {
    ...about,
    name: 'queue-left',
    where: 'freshet.detail_queue',
    what: 'listed records of closed extractions whose detail was never asked for',
    sql: `select q.extraction_id, q.record_id from freshet.detail_queue q join freshet.extraction x on x.id = q.extraction_id
           where x.pipeline = $1 and x.entity = $2 and x.state = 'complete' and q.state = 'queued'`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'listed-lost',
    where: 'freshet.detail_queue',
    what: 'listed records of closed extractions that are called done but were never loaded nor rejected',
    sql: `select q.extraction_id, q.record_id from freshet.detail_queue q join freshet.extraction x on x.id = q.extraction_id
           where x.pipeline = $1 and x.entity = $2 and x.state = 'complete' and q.state = 'done'
             and not exists (select from pg_temp.landed l where l.extraction_id = q.extraction_id and l.id = q.record_id)
             and not exists (select from freshet.reject r where r.pipeline = $1 and r.entity = $2 and r.stage = 'load' and r.record_id = q.record_id)`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'undetailed-unrecorded',
    where: 'freshet.reject',
    what: 'records whose detail could not be had, without a reject that says so',
    sql: `select q.extraction_id, q.record_id from freshet.detail_queue q join freshet.extraction x on x.id = q.extraction_id
           where x.pipeline = $1 and x.entity = $2 and q.state = 'undetailed'
             and not exists (select from freshet.reject r where r.pipeline = $1 and r.entity = $2 and r.stage = 'extract' and r.record_id = q.record_id)`,
  });
}
