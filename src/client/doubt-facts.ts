import type { Database } from '../database/database';
import { iso } from '../report/entity-facts';
import type { Doubt, DoubtsAccepted } from '../report/run-facts';

/** The doubts about one entity of one run. Times are ISO text in UTC. */
export interface DoubtFacts {
  readonly pipeline: string;
  readonly run_id: string;
  readonly entity: string;
  readonly at: string;
  /** `settled`: a later read of its kind, or a complete one, came through without a doubt, and nothing is owed. */
  readonly state: 'open' | 'accepted' | 'settled';
  readonly doubts: readonly Doubt[];
  /** Deletions were left out because of it, and are still to come. */
  readonly deletes_owed: boolean;
  readonly accepted: DoubtsAccepted | null;
  readonly settled_by: string | null;
}

export interface DoubtWish {
  /** `null`: of all. */
  readonly environment: string | null;
  /** Empty: of all. */
  readonly pipelines: readonly string[];
  readonly all: boolean;
}

/** Doubts of entities that came to their end, newest first. */
export async function readDoubts(db: Database, { environment, pipelines, all }: DoubtWish): Promise<DoubtFacts[]> {
  return db.query<DoubtFacts>(
    `select d.*, case when accepted is not null then 'accepted' when settled_by is not null then 'settled' else 'open' end as state
       from (select r.pipeline, re.run_id, re.entity, ${iso('re.completed_at')} as at, re.doubts, coalesce(x.deletes_owed, false) as deletes_owed,
                    (select json_build_object('by', a.actor, 'at', ${iso('a.accepted_at')}, 'because', a.because)
                       from freshet.doubt_accepted a where a.run_id = re.run_id and a.entity = re.entity) as accepted,
                    (select o.run_id from freshet.run_entity o
                       join freshet.run q on q.id = o.run_id
                       join freshet.extraction y on y.id = o.extraction_id
                      where q.pipeline = r.pipeline and o.entity = re.entity and o.state = 'completed' and o.doubts = '[]'
                        and o.completed_at > re.completed_at and not coalesce(x.deletes_owed, false)
                        and (y.read_kind = 'complete' or y.read_kind = x.read_kind)
                      order by o.completed_at limit 1) as settled_by
               from freshet.run_entity re
               join freshet.run r on r.id = re.run_id
               left join freshet.extraction x on x.id = re.extraction_id
              where ($1::text is null or r.environment = $1) and re.doubts <> '[]' and re.completed_at is not null
                and (cardinality($2::text[]) = 0 or r.pipeline = any ($2))) d
      where $3 or (accepted is null and settled_by is null)
      order by at desc`,
    [environment, pipelines, all],
  );
}
