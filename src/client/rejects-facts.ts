import type { Database } from '../database/database';
import { FETCHED } from '../database/replay-records';
import { iso } from '../report/entity-facts';

/** Why a record was refused, as it is stored; the loader's own type has more to say of the rules. */
export interface StoredReason {
  readonly rule: string;
  readonly field: string | null;
  readonly message: string;
  readonly value?: string;
  readonly expected?: string;
  readonly constraint?: string;
  /** This rule alone would have let it pass. */
  readonly severity?: 'warning';
}

/** A refused record. Ids and places as text, instants as ISO text in UTC. */
export interface RejectFacts {
  readonly id: string;
  readonly pipeline: string;
  readonly entity: string;
  /** `load`; `extract`: its details could not be had; `held`: its whole batch waits; `publish`: it is loaded, and not in the typed table. */
  readonly stage: string;
  readonly run_id: string;
  readonly record_id: string | null;
  readonly file: string | null;
  readonly offset: string | null;
  readonly length: string | null;
  readonly record_sha256: string | null;
  readonly reasons: readonly StoredReason[];
  readonly created_at: string;
  readonly fetched_at: string;
  readonly closed_by_run: string | null;
  /** `good`, `again` (a newer reject stands for it), `loaded` (its held batch is in), `gone` (deleted at the source), `waits` (only for another table's row); `null` also where an earlier version closed it. */
  readonly closed_because: string | null;
}

/** Which rejects; what is empty lets everything through. */
export interface RejectFilter {
  readonly pipelines: readonly string[];
  readonly entities: readonly string[];
  readonly runs: readonly string[];
  readonly ids: readonly string[];
  /** Absent: of any. */
  readonly stages?: readonly string[];
  readonly open: boolean;
}

export const REJECT_STAGES = ['extract', 'load', 'held', 'publish'] as const;

const WHERE = `
  (cardinality($1::text[]) = 0 or r.pipeline = any ($1)) and (cardinality($2::text[]) = 0 or r.entity = any ($2))
  and (cardinality($3::text[]) = 0 or r.run_id = any ($3)) and (cardinality($4::bigint[]) = 0 or r.id = any ($4))
  and (not $5::boolean or r.closed_by_run is null) and (cardinality($6::text[]) = 0 or r.stage = any ($6))`;

/** Newest first; how many there are beyond the limit is in `total`. */
export async function readRejects(
  db: Database,
  { pipelines, entities, runs, ids, open, stages = [] }: RejectFilter,
  limit: number,
): Promise<{ readonly rejects: RejectFacts[]; readonly total: number }> {
  const given = [pipelines, entities, runs, ids, open, stages];
  const rejects = await db.query<RejectFacts>(
    `select r.id, r.pipeline, r.entity, r.stage, r.run_id, r.record_id, r.file, r."offset", r.length, r.record_sha256, r.reasons,
            ${iso('r.created_at')} as created_at, ${FETCHED} as fetched_at, r.closed_by_run, r.closed_because
       from freshet.reject r where ${WHERE} order by r.id desc limit $7`,
    [...given, limit],
  );
  if (rejects.length < limit) return { rejects, total: rejects.length };
  const [row] = await db.query<{ n: string }>(`select count(*) as n from freshet.reject r where ${WHERE}`, given);
  return { rejects, total: Number(row?.n ?? 0) };
}

export interface RejectReplay {
  readonly run_id: string;
  readonly state: string;
  readonly actor: string;
  readonly at: string;
  readonly mended: boolean;
}

/** The replays of a reject, newest first. */
export function readReplays(db: Database, id: string): Promise<RejectReplay[]> {
  return db.query<RejectReplay>(
    `select u.id as run_id, u.state, y.actor, ${iso('y.created_at')} as at, y.record is not null as mended
       from freshet.replay_record y join freshet.run u on u.request_key = y.request_key where y.reject_id = $1 order by y.created_at desc`,
    [id],
  );
}

/** Pipelines and entities of which there are rejects or warnings. */
export async function refusedNames(db: Database): Promise<{ readonly pipelines: readonly string[]; readonly entities: readonly string[] }> {
  const rows = await db.query<{ pipeline: string; entity: string }>(
    `select pipeline, entity from freshet.reject union select pipeline, entity from freshet.row_warning
      union select pipeline, entity from freshet.publish_warning order by 1, 2`,
  );
  return { pipelines: [...new Set(rows.map(({ pipeline }) => pipeline))], entities: [...new Set(rows.map(({ entity }) => entity))] };
}

/** Stored rows of an entity whose foreign key leads nowhere yet, by field. */
export interface WarnedRows {
  readonly pipeline: string;
  readonly entity: string;
  readonly field: string;
  readonly parent_entity: string;
  readonly rows: number;
  /** One of the values, for an example. */
  readonly value: string;
  readonly since: string;
}

export async function readWarnings(
  db: Database,
  { pipelines, entities }: Pick<RejectFilter, 'pipelines' | 'entities'>,
): Promise<WarnedRows[]> {
  const rows = await db.query<Omit<WarnedRows, 'rows'> & { rows: string }>(
    `select w.pipeline, w.entity, w.field, w.parent_entity, count(distinct w.record_id) as rows, min(w.value) as value, ${iso('min(w.since)')} as since
       from freshet.row_warning w
      where (cardinality($1::text[]) = 0 or w.pipeline = any ($1)) and (cardinality($2::text[]) = 0 or w.entity = any ($2))
      group by 1, 2, 3, 4 order by 1, 2, 3`,
    [pipelines, entities],
  );
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }));
}
