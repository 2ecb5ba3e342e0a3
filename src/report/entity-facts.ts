import { requestsOfRun } from '../database/api-calls';
import type { Database } from '../database/database';
import { LEDGER_COLUMNS, type Ledger, type LedgerColumn } from '../domain/ledger';
import type { BadFile, BatchFacts, EntityFacts, RejectFacts, RunHead } from './run-facts';

/** SQL: an instant as ISO text in UTC. */
export function iso(column: string): string {
  return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** Rejects that a report spells out; the table `freshet.reject` has them all. */
export const REJECTS_SHOWN = 20;

/** What other tables say of an entity is read beside. */
type Beside = 'reconciled' | 'published';

type EntityRow = Omit<EntityFacts, Beside | 'ledger' | 'batches' | 'rejects' | 'rejects_total' | 'bad_files' | 'pages' | 'requests'> &
  Record<LedgerColumn, string> & { readonly pages: string; readonly rejects_total: string };

/** The entities of a run with ledger, batches and rejects. Precondition: the run exists. */
export async function readEntityFacts(db: Database, run: Pick<RunHead, 'id' | 'pipeline'>): Promise<Omit<EntityFacts, Beside>[]> {
  const rows = await db.query<EntityRow>(ENTITIES, [run.id, run.pipeline]);
  const batches = await db.query<BatchFacts & { extraction_id: string; records: string; bytes: string }>(BATCHES, [run.id]);
  const rejects = await db.query<RejectFacts & { entity: string }>(REJECTS, [run.id, REJECTS_SHOWN]);
  const bad = await db.query<BadFile & { entity: string }>(BAD_FILES, [run.id, FILES_SHOWN]);
  const requests = await requestsOfRun(db, run.id);
  return rows.map((row) => ({
    ...withoutLedger(row),
    requests: requests.get(row.entity) ?? 0,
    ledger: ledgerOf(row),
    batches: batches.filter(({ extraction_id }) => extraction_id === row.extraction_id).map(batchOf),
    rejects: rejects.filter(({ entity }) => entity === row.entity).map(rejectOf),
    bad_files: bad.filter(({ entity }) => entity === row.entity).map(({ entity: _, ...file }) => file),
  }));
}

const ENTITIES = `
  select re.entity, re.state, re.doubts,
         (select json_build_object('by', a.actor, 'at', ${iso('a.accepted_at')}, 'because', a.because)
            from freshet.doubt_accepted a where a.run_id = re.run_id and a.entity = re.entity) as doubts_accepted, re.held_reason, re.skipped_reason, re.error_type, re.error_code, re.error_message, re.error_remedy,
         re.wait_reason, ${iso('re.wait_until')} as wait_until, re.pages, re.read_kind, re.read_complete, re.full_reason,
         x.from_text as read_from, re.extraction_id, x.state as extraction_state,
         ${iso('re.started_at')} as started_at, ${iso('re.completed_at')} as completed_at,
         pe.raw_schema || '.' || pe.raw_table as table,
         (select count(*) from freshet.reject j where j.run_id = re.run_id and j.entity = re.entity) as rejects_total,
         ${LEDGER_COLUMNS.map((column) => `re.${column}`).join(', ')}
    from freshet.run_entity re
    left join freshet.extraction x on x.id = re.extraction_id
    left join freshet.pipeline_entity pe on pe.pipeline = $2 and pe.entity = re.entity
   where re.run_id = $1 order by re.entity`;

/** What another run did with a batch later must not change this run's report. */
const BATCHES = `
  select extraction_id, key, n, case when state = 'loaded' and loaded_by_run is distinct from $1 then 'published' else state end as state,
         file, sha256, records, bytes,
         case when loaded_by_run = $1 then batch_no end as batch_no,
         case when loaded_by_run = $1 then counts end as counts,
         case when loaded_by_run = $1 then ${iso('committed_at')} end as committed_at
    from freshet.batch where run_id = $1 or loaded_by_run = $1 order by extraction_id, n`;

const REJECTS = `
  select entity, id, stage, record_id, file, "offset", length, reasons
    from (select *, row_number() over (partition by entity order by id) as place from freshet.reject where run_id = $1) r
   where place <= $2 order by id`;

/** Bad files that a report spells out; the table `freshet.load_file` has them all. */
const FILES_SHOWN = 50;

const BAD_FILES = `
  select re.entity, f.path, f.code, f.message, f.remedy from freshet.load_file f join freshet.run_entity re on re.extraction_id = f.extraction_id
   where re.run_id = $1 and f.state = 'bad' order by re.entity, f.n limit $2`;

function ledgerOf(row: Record<LedgerColumn, string>): Ledger {
  return Object.fromEntries(LEDGER_COLUMNS.map((column) => [column, Number(row[column])])) as Record<LedgerColumn, number>;
}

function withoutLedger(row: EntityRow): Omit<EntityFacts, Beside | 'ledger' | 'batches' | 'rejects' | 'bad_files' | 'requests'> {
  const ledger = new Set<string>(LEDGER_COLUMNS);
  const rest = Object.fromEntries(Object.entries(row).filter(([name]) => !ledger.has(name))) as unknown as EntityRow;
  return { ...rest, pages: Number(row.pages), rejects_total: Number(row.rejects_total) };
}

function batchOf({ extraction_id: _, ...batch }: BatchFacts & { extraction_id: string }): BatchFacts {
  return { ...batch, records: Number(batch.records), bytes: Number(batch.bytes) };
}

function rejectOf({ entity: _, ...reject }: RejectFacts & { entity: string }): RejectFacts {
  return reject;
}
