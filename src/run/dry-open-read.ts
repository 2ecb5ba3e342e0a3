import type { Database } from '../database/database';
import { counted } from '../domain/counted';
import type { Position } from '../extract/position';

/** A read that an earlier run left open, and what of it a run would do again. */
export interface OpenRead {
  /** A list that was read in part begins anew. */
  readonly listsAgain: boolean;
  readonly words: string;
}

export async function openReadFacts(db: Database, id: string): Promise<OpenRead> {
  const [row] = await db.query<{ owner_run: string | null; position: Position; queued: string; unloaded: string }>(
    `select x.owner_run, x.position,
            (select count(*) from freshet.detail_queue q where q.extraction_id = x.id and q.state = 'queued') as queued,
            (select coalesce(sum(p.records), 0) from freshet.page p
               left join freshet.batch b on b.extraction_id = p.extraction_id and b.n = p.batch_n
              where p.extraction_id = x.id and b.state is distinct from 'loaded') as unloaded
       from freshet.extraction x where x.id = $1`,
    [id],
  );
  const [queued, unloaded] = [Number(row?.queued ?? 0), Number(row?.unloaded ?? 0)];
  const left = [
    ...(queued === 0 ? [] : [`${counted(queued, 'detail')} to fetch`]),
    ...(unloaded === 0 ? [] : [`${counted(unloaded, 'record')} to load`]),
  ];
  const what = left.length === 0 ? '' : `: ${left.join(', ')}`;
  return {
    listsAgain: row?.position.phase === 'list',
    words: `goes on with the read that ${row?.owner_run ?? 'a run'} left open${what}`,
  };
}
