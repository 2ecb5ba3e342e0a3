import type { Database } from '../database/database';
import { readQueue, type QueueLine } from '../database/lane-queue';
import { LANES, type Lane } from '../domain/lane';
import { iso } from '../report/entity-facts';
import { readDoubts, type DoubtFacts } from './doubt-facts';
import { readPublishedStatus, type PublishedStatus } from './published-status';
import type { ScheduleFacts } from './schedules/schedule-facts';

export interface RunLine {
  readonly id: string;
  readonly pipeline: string;
  readonly lane: Lane;
  readonly state: string;
  /** Why a run was skipped, or ended otherwise than by its work. */
  readonly reason: string | null;
  readonly wait_reason: string | null;
  readonly wait_until: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
}

export interface EntityStatus {
  readonly pipeline: string;
  readonly entity: string;
  readonly table: string;
  readonly rows: number;
  readonly lines: number;
  /** Source clock: what changed before it is in the table. */
  readonly as_of: string | null;
  readonly newest: string | null;
  readonly last_good_run: string | null;
  /** In the active run; null without one. */
  readonly state: string | null;
  readonly wait_reason: string | null;
  readonly wait_until: string | null;
  /** Its typed table; null where none is made of it. */
  readonly published: PublishedStatus | null;
}

/** One lane of a pipeline: the run that has it, and who waits for it, by place. */
export interface LaneStatus {
  readonly lane: Lane;
  readonly active: RunLine | null;
  readonly queue: readonly QueueLine[];
}

export interface PipelineStatus {
  readonly pipeline: string;
  readonly active: RunLine | null;
  readonly lanes: readonly LaneStatus[];
  readonly last: RunLine | null;
  /** When it starts next by itself, and why not; null where schedules cannot be read yet. */
  readonly schedule: ScheduleFacts | null;
  readonly entities: readonly EntityStatus[];
  /** Reads that someone should look at. */
  readonly doubts: readonly DoubtFacts[];
}

const RUN = `r.id, r.pipeline, r.lane, r.state, r.reason, r.wait_reason, ${iso('r.wait_until')} as wait_until, ${iso('r.created_at')} as created_at,
  ${iso('r.started_at')} as started_at, ${iso('r.completed_at')} as completed_at`;
const ACTIVE = `r.parent_run_id is null and r.state in ('starting', 'running', 'paused')`;

const ENTITIES = `
  select pe.pipeline, pe.entity, pe.raw_schema || '.' || pe.raw_table as table, coalesce(o.live, 0) as rows, coalesce(o.lines, 0) as lines,
         ${iso('pe.as_of')} as as_of, ${iso('pe.newest')} as newest, pe.last_good_run, a.state, a.wait_reason, ${iso('a.wait_until')} as wait_until
    from freshet.pipeline_entity pe
    left join freshet.table_owner o on o.schema = pe.raw_schema and o."table" = pe.raw_table
    left join (select r.pipeline, re.entity, re.state, re.wait_reason, re.wait_until
                 from freshet.run r join freshet.run_entity re on re.run_id = r.id where ${ACTIVE}) a
           on a.pipeline = pe.pipeline and a.entity = pe.entity
   order by pe.pipeline, pe.number`;

/** Every pipeline of the settings or of the database, with its entities, runs and schedule; `configured` are the names in config/pipelines. */
export async function readStatus(
  db: Database,
  configured: readonly string[],
  schedules: ReadonlyMap<string, ScheduleFacts> = new Map(),
): Promise<PipelineStatus[]> {
  const rows = await db.query<Omit<EntityStatus, 'rows' | 'lines' | 'published'> & { rows: string; lines: string }>(ENTITIES);
  const published = await readPublishedStatus(db);
  const entities = rows.map((row) => ({
    ...row,
    rows: Number(row.rows),
    lines: Number(row.lines),
    published: published(row.pipeline, row.entity),
  }));
  const active = await db.query<RunLine>(`select ${RUN} from freshet.run r where ${ACTIVE} order by r.created_at desc`);
  const last = await db.query<RunLine>(
    `select distinct on (r.pipeline) ${RUN} from freshet.run r
      where r.parent_run_id is null and r.state not in ('starting', 'running', 'paused') order by r.pipeline, r.created_at desc`,
  );
  const queue = await readQueueIfThere(db);
  const doubts = await openDoubts(db);
  const names = [...new Set([...configured, ...schedules.keys(), ...[...entities, ...queue].map(({ pipeline }) => pipeline)])].sort();
  return names.map((pipeline) => ({
    pipeline,
    active: active.find((run) => run.pipeline === pipeline) ?? null,
    lanes: LANES.map((lane) => ({
      lane,
      active: active.find((run) => run.pipeline === pipeline && run.lane === lane) ?? null,
      queue: queue.filter((line) => line.pipeline === pipeline && line.lane === lane),
    })),
    last: last.find((run) => run.pipeline === pipeline) ?? null,
    schedule: schedules.get(pipeline) ?? null,
    entities: entities.filter((entity) => entity.pipeline === pipeline),
    doubts: doubts.filter((doubt) => doubt.pipeline === pipeline),
  }));
}

/** A database that only an older version has worked on knows of no acceptance yet. */
async function openDoubts(db: Database): Promise<DoubtFacts[]> {
  const [row] = await db.query<{ there: boolean }>(`select to_regclass('freshet.doubt_accepted') is not null as there`);
  return row?.there === true ? readDoubts(db, { environment: null, pipelines: [], all: false }) : [];
}

/** A database that only an older version has worked on has no queue yet. */
async function readQueueIfThere(db: Database): Promise<QueueLine[]> {
  const [row] = await db.query<{ there: boolean }>(`select to_regclass('freshet.lane_request') is not null as there`);
  return row?.there === true ? readQueue(db) : [];
}
