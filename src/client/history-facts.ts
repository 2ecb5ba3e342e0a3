import type { Database } from '../database/database';
import { iso } from '../report/entity-facts';

/** A run as the history lists it. Instants are ISO text in UTC with microseconds; counts are sums over its entities. */
export interface HistoryRun {
  readonly id: string;
  readonly pipeline: string;
  readonly kind: string;
  readonly lane: string;
  readonly state: string;
  readonly actor: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly scheduled_for: string | null;
  /** Why it ended as it did, where that is stored: an error, or the reason of a skipped run. */
  readonly reason: string | null;
  readonly entities: number;
  readonly fetched: number;
  /** Rows inserted, updated, revived, deleted or brought back. */
  readonly changed: number;
  readonly rejected: number;
  readonly report_path: string | null;
}

/** Which runs; what is absent or empty lets everything through. */
export interface HistoryFilter {
  readonly pipelines: readonly string[];
  readonly states: readonly string[];
  readonly kinds: readonly string[];
  /** Only runs claimed at this instant (ISO, UTC) or later. */
  readonly since: string | null;
  readonly order: 'newest' | 'oldest';
  readonly limit: number;
}

const WHERE = `
  (cardinality($1::text[]) = 0 or r.pipeline = any ($1)) and (cardinality($2::text[]) = 0 or r.state = any ($2))
  and (cardinality($3::text[]) = 0 or r.kind = any ($3)) and ($4::timestamptz is null or r.created_at >= $4)`;

const runs = (direction: 'asc' | 'desc'): string => `
  with chosen as (select r.* from freshet.run r where ${WHERE} order by r.created_at ${direction}, r.id ${direction} limit $5)
  select r.id, r.pipeline, r.kind, r.lane, r.state, r.actor, ${iso('r.created_at')} as created_at, ${iso('r.started_at')} as started_at,
         ${iso('r.completed_at')} as completed_at, ${iso('r.scheduled_for')} as scheduled_for, coalesce(r.error_message, r.reason) as reason,
         e.entities, e.fetched, e.changed, e.rejected, r.report_path
    from chosen r
    cross join lateral (select count(*) as entities, coalesce(sum(re.fetched), 0) as fetched,
                               coalesce(sum(re.inserted + re.updated + re.revived + re.undone + re.deleted), 0) as changed,
                               coalesce(sum(re.rejected + re.undetailed), 0) as rejected
                          from freshet.run_entity re where re.run_id = r.id) e
   order by r.created_at ${direction}, r.id ${direction}`;

type Counts = 'entities' | 'fetched' | 'changed' | 'rejected';

/** The runs that a filter lets through, in its order, and how many there are beyond its limit. */
export async function readHistory(db: Database, filter: HistoryFilter): Promise<{ runs: HistoryRun[]; total: number }> {
  const given = [filter.pipelines, filter.states, filter.kinds, filter.since];
  const rows = await db.query<Omit<HistoryRun, Counts> & Record<Counts, string>>(runs(filter.order === 'newest' ? 'desc' : 'asc'), [
    ...given,
    filter.limit,
  ]);
  const [counted] = await db.query<{ n: string }>(`select count(*) as n from freshet.run r where ${WHERE}`, given);
  return {
    runs: rows.map((row) => ({
      ...row,
      entities: Number(row.entities),
      fetched: Number(row.fetched),
      changed: Number(row.changed),
      rejected: Number(row.rejected),
    })),
    total: Number(counted?.n ?? 0),
  };
}

/** Names of the pipelines that ever ran here. */
export async function ranPipelines(db: Database): Promise<string[]> {
  return (await db.query<{ pipeline: string }>(`select distinct pipeline from freshet.run order by 1`)).map(({ pipeline }) => pipeline);
}
