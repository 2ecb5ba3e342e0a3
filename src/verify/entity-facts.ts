import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { LEDGER_COLUMNS, type Ledger, type LedgerColumn } from '../domain/ledger';

/** Which entity of which run is verified, and where its rows are. */
export interface VerifySubject {
  readonly runId: string;
  readonly pipeline: string;
  readonly entity: string;
  readonly target: { readonly schema: string; readonly table: string };
}

/** What PostgreSQL says of an entity of a run; counts are numbers below 2^53. */
export interface EntityFacts {
  readonly ledger: Ledger;
  readonly extractionComplete: boolean;
  /** Reject rows of this run by stage. */
  readonly loadRejects: number;
  readonly extractRejects: number;
  readonly pageRecords: number;
  readonly batchRecords: number;
  /** Sum of all outcomes over the batches that this run loaded. */
  readonly batchOutcomes: number;
  readonly owner: { readonly live: number; readonly lines: number } | null;
  /** Quoted tables that exist. */
  readonly headers: string | null;
  readonly lines: string | null;
  /** Numbers of the batches that this run loaded. */
  readonly batchNos: readonly string[];
}

const OUTCOMES = ['inserted', 'updated', 'revived', 'unchanged', 'stale', 'skipped', 'duplicate', 'rejected'] as const;

/** `null` when the run has no such entity. */
export async function entityFacts(tx: Tx, subject: VerifySubject): Promise<EntityFacts | null> {
  const { runId, pipeline, entity, target } = subject;
  const [row] = await tx.query<Record<LedgerColumn | 'loads' | 'extracts' | 'page_records', string> & { complete: boolean }>(
    `select ${LEDGER_COLUMNS.map((column) => `re.${column}`).join(', ')},
            coalesce(x.state = 'complete' and x.owner_run = re.run_id, false) as complete,
            (select count(*) from freshet.reject j where j.run_id = re.run_id and j.entity = re.entity and j.stage = 'load') as loads,
            (select count(*) from freshet.reject j where j.run_id = re.run_id and j.entity = re.entity and j.stage = 'extract') as extracts,
            (select coalesce(sum(p.records), 0) from freshet.page p where p.run_id = re.run_id and p.entity = re.entity) as page_records
       from freshet.run_entity re left join freshet.extraction x on x.id = re.extraction_id
      where re.run_id = $1 and re.entity = $2`,
    [runId, entity],
  );
  if (!row) return null;
  const batches = await batchFacts(tx, { runId, pipeline, entity });
  const [owner] = await tx.query<{ live: string; lines: string }>(
    `select live, lines from freshet.table_owner where schema = $1 and "table" = $2`,
    [target.schema, target.table],
  );
  return {
    ledger: Object.fromEntries(LEDGER_COLUMNS.map((column) => [column, Number(row[column])])) as Record<LedgerColumn, number>,
    extractionComplete: row.complete,
    loadRejects: Number(row.loads),
    extractRejects: Number(row.extracts),
    pageRecords: Number(row.page_records),
    ...batches,
    owner: owner === undefined ? null : { live: Number(owner.live), lines: Number(owner.lines) },
    headers: await existing(tx, target.schema, target.table),
    lines: await existing(tx, target.schema, `${target.table}_line_items`),
  };
}

type BatchFacts = Pick<EntityFacts, 'batchRecords' | 'batchOutcomes' | 'batchNos'>;

async function batchFacts(tx: Tx, { runId, pipeline, entity }: Omit<VerifySubject, 'target'>): Promise<BatchFacts> {
  const outcomes = OUTCOMES.map((outcome) => `coalesce((b.counts ->> '${outcome}')::bigint, 0)`).join(' + ');
  const rows = await tx.query<{ records: string; outcomes: string; batch_no: string | null }>(
    `select b.records, ${outcomes} as outcomes, b.batch_no
       from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
      where b.loaded_by_run = $1 and x.pipeline = $2 and x.entity = $3 and b.state = 'loaded'`,
    [runId, pipeline, entity],
  );
  return {
    batchRecords: rows.reduce((sum, row) => sum + Number(row.records), 0),
    batchOutcomes: rows.reduce((sum, row) => sum + Number(row.outcomes), 0),
    batchNos: rows.flatMap(({ batch_no }) => (batch_no === null ? [] : [batch_no])),
  };
}

async function existing(tx: Tx, schema: string, table: string): Promise<string | null> {
  const found = await tx.query(`select from pg_catalog.pg_tables where schemaname = $1 and tablename = $2`, [schema, table]);
  return found.length === 0 ? null : ident(schema, table);
}
