import type { SwitchedOff } from '../config/switches';
import { connectionLost, sqlstate } from '../database/database-error';
import type { Database } from '../database/database';
import { isFreshetError } from '../domain/errors';
import { expectedOf, type MaxAges } from '../monitor/max-ages';
import type { StageContext } from '../observability/stage-context';
import { iso } from '../report/entity-facts';
import { FOREIGN_PIPELINE } from '../run/file-source';
import type { DateChoice } from '../verify/freshness/date-column';
import { NOTHING_EXPECTED, type Expected, type LimitFrom } from '../verify/freshness/limit';
import { recommendation } from '../verify/freshness/recommendation';
import { daysOld, statusOf, type FreshnessStatus, type Judged, type TableFacts } from '../verify/freshness/status-of';
import { readTableDates, type TableDates } from '../verify/freshness/table-dates';
import { snapshot } from '../verify/snapshot';
import { whyUnwatched, type Unwatched } from './unwatched';

export interface TableFreshness {
  readonly pipeline: string;
  readonly entity: string;
  readonly table: string;
  readonly status: FreshnessStatus;
  /** Why it is not fresh; empty where it is. */
  readonly why: string;
  /** `read`: by asking the source; `load`: from files of other tools. */
  readonly filled_by: 'read' | 'load';
  /** Source clock: what changed before it is in the table. Of files: the time of the newest session loaded. */
  readonly as_of: string | null;
  /** Since the last read, or load, by the database's clock, in seconds. */
  readonly age_seconds: number | null;
  readonly max_age_seconds: number | null;
  readonly limit_from: LimitFrom | null;
  /** Why no limit is known, so that nobody is told when it grows old; `null`: there is one, or the table is switched off. */
  readonly unwatched: Unwatched | null;
  /** What is switched off, the key whose `false` it is, and its file; `null`: the table is read. */
  readonly switched_off: SwitchedOff | null;
  /** Without business dates by nature: date column, newest and days old are not applicable. */
  readonly master: boolean;
  readonly date_column: string | null;
  readonly date_field: string | null;
  readonly date_column_by: 'pipeline file' | 'order' | null;
  /** Greatest business date in the living rows. */
  readonly newest: string | null;
  readonly days_old: number | null;
  readonly newest_max_age_seconds: number | null;
  /** What a person does about it; empty where there is nothing to do. */
  readonly recommendation: string;
  readonly last_load: string | null;
  readonly last_good_run: string | null;
  /** The last comparison of every day with the source that came to its end; `null`: there was none. */
  readonly reconciled: LastReconciled | null;
}

export interface LastReconciled {
  readonly run_id: string;
  readonly at: string;
  /** What differed then, and what of it was left. */
  readonly differences: number;
  readonly left_over: number;
}

interface Row {
  readonly pipeline: string;
  readonly entity: string;
  readonly schema: string;
  readonly name: string;
  readonly as_of: string | null;
  readonly read_age: number | null;
  readonly loaded_at: string | null;
  readonly load_age: number | null;
  /** Of the newest file loaded; only where files are all that fills the table. */
  readonly file_at: string | null;
  readonly last_good_run: string | null;
  readonly active_run: string | null;
  readonly failed_run: string | null;
  readonly reconciled: LastReconciled | null;
}

const TABLES = `
  select pe.pipeline, pe.entity, pe.raw_schema as schema, pe.raw_table as name, pe.last_good_run,
         ${iso('pe.as_of')} as as_of, extract(epoch from $1::timestamptz - pe.as_of_db)::float8 as read_age,
         ${iso('l.committed_at')} as loaded_at, extract(epoch from $1::timestamptz - l.committed_at)::float8 as load_age,
         case when pe.pipeline = $2 then (select ${iso('max(p.fetched_at)')} from freshet.page p where p.extraction_id = l.extraction_id) end as file_at,
         (select r.id from freshet.run r where r.pipeline = pe.pipeline and r.parent_run_id is null and r.state in ('starting', 'running', 'paused')
           order by r.created_at desc limit 1) as active_run,
         (select case when e.state in ('failed', 'held', 'cancelled') then e.run_id end
            from freshet.run_entity e join freshet.run r on r.id = e.run_id
           where r.pipeline = pe.pipeline and e.entity = pe.entity and r.state not in ('starting', 'running', 'paused')
           order by r.created_at desc limit 1) as failed_run,
         (select jsonb_build_object('run_id', c.run_id, 'at', ${iso('c.compared_at')}, 'differences', c.missing + c.older + c.newer + c.extra,
                                    'left_over', c.left_over)
            from freshet.reconcile_result c
           where c.pipeline = pe.pipeline and c.entity = pe.entity and c.ended_at is not null and c.from_day is null and c.to_day is null
           order by c.compared_at desc limit 1) as reconciled
    from freshet.pipeline_entity pe
    left join lateral (select b.committed_at, b.extraction_id from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
                        where x.pipeline = pe.pipeline and x.entity = pe.entity and b.state = 'loaded' order by b.committed_at desc limit 1) l on true
   order by pe.pipeline, pe.number`;

/** How fresh every table is at `now`. A table that cannot be looked at hides no other. Errors: PostgreSQL itself does not answer. */
export async function readFreshness(db: Database, maxAges: MaxAges, ctx: StageContext): Promise<TableFreshness[]> {
  const now = ctx.now();
  const tables: TableFreshness[] = [];
  for (const row of await db.query<Row>(TABLES, [now.toISOString(), FOREIGN_PIPELINE])) {
    const expected = expectedOf(maxAges, row.pipeline, row.entity) ?? NOTHING_EXPECTED;
    tables.push(assembled({ row, expected, maxAges, now, look: await look(db, row, expected, ctx) }));
  }
  return tables;
}

interface Look {
  readonly dates: TableDates;
  /** What kept us from looking. */
  readonly trouble: { readonly why: string; readonly sqlstate: string | null } | null;
}

/** ms for one table. */
const LOOKS_FOR_MS = 30_000;
const WAITS_FOR_LOCK_MS = 1_000;
const UNSEEN: DateChoice = { kind: 'none', wished: null };

async function look(db: Database, { entity, schema, name }: Row, expected: Expected, ctx: StageContext): Promise<Look> {
  try {
    const dates = await snapshot(db, ctx, async (tx) => {
      await tx.query(`set local lock_timeout = ${WAITS_FOR_LOCK_MS}`);
      await tx.query(`set local statement_timeout = ${LOOKS_FOR_MS}`);
      return readTableDates(tx, { entity, schema, table: name }, expected);
    });
    return { dates, trouble: null };
  } catch (error) {
    if (!isFreshetError(error) || error.type !== 'database_error' || connectionLost(error) || sqlstate(error) === null) throw error;
    const why = error.message.replace(/^PostgreSQL: /, '');
    return {
      dates: { made: true, hasRows: true, choice: UNSEEN, newest: null, dateFault: null },
      trouble: { why, sqlstate: sqlstate(error) },
    };
  }
}

interface Assembly {
  readonly row: Row;
  readonly expected: Expected;
  readonly maxAges: MaxAges;
  readonly now: Date;
  readonly look: Look;
}

function assembled(assembly: Assembly): TableFreshness {
  const { row, expected, now, look: seen } = assembly;
  const { choice, newest } = seen.dates;
  const facts = factsOf(assembly);
  const judged = statusOf(facts, now);
  const unwatched = unwatchedOf(assembly);
  const column = choice.kind === 'column' ? choice : null;
  return {
    pipeline: row.pipeline,
    entity: row.entity,
    table: tableOf(row),
    ...judged,
    filled_by: facts.filledBy,
    as_of: facts.filledBy === 'load' ? later(row.as_of, row.file_at) : row.as_of,
    age_seconds: facts.age === null ? null : facts.age / 1000,
    max_age_seconds: expected.limit === null ? null : expected.limit.maxAge / 1000,
    limit_from: expected.limit?.from ?? null,
    unwatched,
    switched_off: expected.off,
    master: choice.kind === 'master',
    date_column: column?.column ?? null,
    date_field: column?.field ?? null,
    date_column_by: column?.by ?? null,
    newest,
    days_old: newest === null ? null : daysOld(newest, now),
    newest_max_age_seconds: expected.newestMaxAge === null ? null : expected.newestMaxAge / 1000,
    recommendation: advice(assembly, facts, { ...judged, watch: unwatched?.remedy ?? null }),
    last_load: row.loaded_at,
    last_good_run: row.last_good_run,
    reconciled: row.reconciled,
  };
}

function unwatchedOf({ row, expected, maxAges }: Assembly): Unwatched | null {
  return expected.limit === null && expected.off === null ? whyUnwatched(row.pipeline, maxAges) : null;
}

function factsOf({ row, expected, look: { dates, trouble } }: Assembly): TableFacts {
  const filledBy = row.pipeline === FOREIGN_PIPELINE ? 'load' : 'read';
  const age = filledBy === 'load' ? younger(row.read_age, row.load_age) : row.read_age;
  return {
    ...dates,
    off: expected.off?.what ?? null,
    asOf: row.as_of,
    filledBy,
    age: age === null ? null : age * 1000,
    maxAge: expected.limit?.maxAge ?? null,
    trouble: trouble?.why ?? null,
    newestMaxAge: expected.newestMaxAge,
  };
}

function advice(
  { row, expected, look: { trouble } }: Assembly,
  facts: TableFacts,
  { status, watch }: Judged & { watch: string | null },
): string {
  const { filledBy, age, maxAge, choice } = facts;
  return recommendation({
    status,
    pipeline: row.pipeline,
    entity: row.entity,
    table: tableOf(row),
    filledBy,
    filled: age !== null,
    choice,
    oldDates: age !== null && (maxAge === null || age <= maxAge),
    activeRun: row.active_run,
    failedRun: row.failed_run,
    lastGoodRun: row.last_good_run,
    sqlstate: trouble?.sqlstate ?? null,
    watch,
    off: expected.off,
  });
}

function tableOf({ schema, name }: Row): string {
  return `${schema}.${name}`;
}

/** ISO texts of one form compare as they are. */
function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}

function younger(a: number | null, b: number | null): number | null {
  return a === null || (b !== null && b < a) ? b : a;
}
