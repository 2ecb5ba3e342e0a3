import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import { DELETED_BY } from '../extract/undo-deletes';
import { iso } from '../report/entity-facts';

/** What one run deleted of one entity. Times are ISO text in UTC. */
export interface DeletesFacts {
  readonly pipeline: string;
  /** The path by which the run was asked for; `null`: by the pipeline's name. */
  readonly file: string | null;
  readonly run_id: string;
  readonly entity: string;
  readonly at: string;
  readonly table: string;
  readonly deleted: number;
  /** Of these: still deleted, and untouched since; the others came back, or were deleted again. */
  readonly left: number;
}

export interface DeletesWish {
  readonly environment: string;
  /** Empty: of all. */
  readonly pipelines: readonly string[];
  /** Absent: of all. */
  readonly runId?: string;
  readonly limit: number;
}

interface Row {
  readonly pipeline: string;
  readonly file: string | null;
  readonly run_id: string;
  readonly entity: string;
  readonly at: string;
  readonly raw_schema: string;
  readonly raw_table: string;
  readonly deleted: string;
}

/** Entities of runs that deleted rows, newest first. */
export async function readDeletes(db: Database, { environment, pipelines, runId, limit }: DeletesWish): Promise<DeletesFacts[]> {
  const rows = await db.query<Row>(
    `select r.pipeline, r.command ->> 'file' as file, re.run_id, re.entity, ${iso('re.completed_at')} as at, pe.raw_schema, pe.raw_table, re.deleted
       from freshet.run_entity re
       join freshet.run r on r.id = re.run_id
       join freshet.pipeline_entity pe on pe.pipeline = r.pipeline and pe.entity = re.entity
      where re.deleted > 0 and re.completed_at is not null and r.environment = $1
        and (cardinality($2::text[]) = 0 or r.pipeline = any ($2)) and ($3::text is null or re.run_id = $3)
      order by re.completed_at desc limit $4`,
    [environment, pipelines, runId ?? null, limit],
  );
  return Promise.all(
    rows.map(async ({ raw_schema: schema, raw_table: table, deleted, ...row }) => ({
      ...row,
      table: `${schema}.${table}`,
      deleted: Number(deleted),
      left: await stillDeleted(db, { schema, table, runId: row.run_id }),
    })),
  );
}

async function stillDeleted(
  db: Database,
  of: { readonly schema: string; readonly table: string; readonly runId: string },
): Promise<number> {
  const [made] = await db.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [ident(of.schema, of.table)]);
  if (made?.there !== true) return 0;
  const [row] = await db.query<{ n: string }>(`select count(*) as n from ${ident(of.schema, of.table)} t where ${DELETED_BY}`, [of.runId]);
  return Number(row?.n ?? 0);
}
