import { MISSED, NOT_BEGUN } from '../database/born-final';
import type { Database } from '../database/database';
import type { StageContext } from '../observability/stage-context';
import { FOREIGN_PIPELINE } from '../run/file-source';
import type { AlarmFacts, ComparisonMade, MissedRun, RunAge, TableAge } from './alarm';
import { expectedOf, type MaxAges } from './max-ages';
import { withNewestDates } from './newest-dates';

/** A database, or a transaction in it. */
export type Queries = Pick<Database, 'query'>;

/** What the database says about everything that can raise an alarm. Precondition: a transaction. */
export async function readAlarmFacts(
  db: Queries,
  environment: string,
  maxAges: MaxAges,
  ctx: Pick<StageContext, 'log'>,
): Promise<AlarmFacts> {
  const { tables, undecided } = await withNewestDates(db, await readTables(db, maxAges), maxAges, ctx);
  return {
    tables,
    runs: await readRuns(db, environment),
    // Who switched a pipeline off after its time was missed does not wait for that run.
    missed: (await readMissed(db, environment)).filter(({ pipeline }) => (maxAges.get(pipeline)?.otherwise.off ?? null) === null),
    comparisons: await readComparisons(db, environment),
    worker: await newestBeat(db, environment, 'worker'),
    temporal: await newestBeat(db, environment, 'temporal'),
    undecided: [...undecided, ...[...maxAges].flatMap(([pipeline, limits]) => (limits === null ? [pipeline] : []))],
  };
}

async function readTables(db: Queries, maxAges: MaxAges): Promise<TableAge[]> {
  const rows = await db.query<{
    pipeline: string;
    entity: string;
    source: string;
    table: string;
    name: string;
    as_of_db: string | null;
    first_run: string | null;
  }>(
    `select pe.pipeline, pe.entity, pe.raw_schema as source, pe.raw_schema || '.' || pe.raw_table as table, pe.raw_table as name,
            case when pe.pipeline = $1
                 then greatest(pe.as_of_db, (select max(b.committed_at) from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
                                              where x.pipeline = pe.pipeline and x.entity = pe.entity and b.state = 'loaded'))
                 else pe.as_of_db end as as_of_db,
            (select min(r.created_at) from freshet.run r where r.pipeline = pe.pipeline) as first_run
       from freshet.pipeline_entity pe order by pe.pipeline, pe.number`,
    [FOREIGN_PIPELINE],
  );
  return rows.map(({ pipeline, entity, source, table, name, as_of_db: asOf, first_run: firstRun }) => ({
    pipeline,
    entity,
    source,
    table,
    name,
    asOf: date(asOf),
    firstRun: date(firstRun),
    maxAge: expectedOf(maxAges, pipeline, entity)?.limit?.alarmAfter ?? null,
  }));
}

async function readRuns(db: Queries, environment: string): Promise<RunAge[]> {
  const rows = await db.query<{ id: string; pipeline: string; progress_at: string; wait_until: string | null }>(
    `select r.id, r.pipeline,
            greatest(r.progress_at, (select max(re.progress_at) from freshet.run_entity re where re.run_id = r.id)) as progress_at,
            greatest(r.wait_until, (select max(re.wait_until) from freshet.run_entity re where re.run_id = r.id)) as wait_until
       from freshet.run r
      where r.environment = $1 and r.state in ('starting', 'running') order by r.created_at`,
    [environment],
  );
  return rows.map(({ id, pipeline, progress_at: progress, wait_until: wait }) => ({
    runId: id,
    pipeline,
    progressAt: new Date(progress),
    waitUntil: date(wait),
  }));
}

/** A nominal time that passed without a run, or whose run could not begin, is old news once a run of the pipeline has ended well. */
async function readMissed(db: Queries, environment: string): Promise<MissedRun[]> {
  const rows = await db.query<{ pipeline: string; scheduled_for: string; reason: string }>(
    `select m.pipeline, m.scheduled_for, concat_ws(': ', m.reason, m.error_message) as reason
       from freshet.run m
      where m.environment = $1 and m.scheduled_for is not null
        and ((m.state = 'skipped' and starts_with(m.reason, $2)) or (m.state = 'failed' and m.reason = $3))
        and not exists (select from freshet.run r
                         where r.pipeline = m.pipeline and r.environment = m.environment and r.state in ('completed', 'doubtful')
                           and r.created_at > m.scheduled_for)`,
    [environment, MISSED, NOT_BEGUN],
  );
  return rows.map((row) => ({ pipeline: row.pipeline, nominal: new Date(row.scheduled_for), reason: row.reason }));
}

async function readComparisons(db: Queries, environment: string): Promise<ComparisonMade[]> {
  const rows = await db.query<Omit<ComparisonMade, 'at' | 'new'> & { at: string; new: string }>(
    `select distinct on (c.name) c.name, o.ended_at as at, o.outcome, o.new_differences as new, o.message, o.remedy
       from freshet.comparison c join freshet.comparison_outcome o on o.environment = c.environment and o.comparison = c.name
      where c.environment = $1 order by c.name, o.id desc`,
    [environment],
  );
  return rows.map((row) => ({ ...row, at: new Date(row.at), new: Number(row.new) }));
}

async function newestBeat(db: Queries, environment: string, part: 'worker' | 'temporal'): Promise<Date | null> {
  const [row] = await db.query<{ seen: string | null }>(
    `select max(seen_at) as seen from freshet.heartbeat where environment = $1 and part = $2`,
    [environment, part],
  );
  return date(row?.seen ?? null);
}

function date(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
