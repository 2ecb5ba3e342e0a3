import { connectionLost, sqlstate } from '../database/database-error';
import type { Database, Tx } from '../database/database';
import { ident } from '../database/identifier';
import { isFreshetError } from '../domain/errors';
import { OUTCOMES, type Outcome } from '../load/load-counts';
import type { StageContext } from '../observability/stage-context';
import { iso } from '../report/entity-facts';
import { snapshot } from '../verify/snapshot';
import type { TableFreshness } from './freshness-facts';

export interface ReportColumn {
  readonly name: string;
  readonly type: string;
  /** The source's name of it; `null`: freshet's own, or one that a person added. */
  readonly field: string | null;
}

/** One table on disk; bytes. `total` has what `table` and `indexes` have not: nothing. */
export interface Sizes {
  readonly table: number;
  readonly indexes: number;
  readonly total: number;
}

export interface LastLoad {
  readonly run: string;
  readonly at: string;
  /** What became of its records, by outcome. */
  readonly counts: Readonly<Record<Outcome, number>>;
}

export interface TableReport {
  readonly pipeline: string;
  readonly entity: string;
  readonly table: string;
  /** Living rows and line items, by the counters that every run verifies. */
  readonly rows: number;
  readonly lines: number;
  /** Soft-deleted rows, counted now; `null`: the table could not be read. */
  readonly deleted: number | null;
  /** With line items; `null`: there is no table. */
  readonly size: Sizes | null;
  readonly line_items_size: Sizes | null;
  readonly last_load: LastLoad | null;
  readonly rejects_open: number;
  /** Stored rows whose foreign keys lead nowhere yet. */
  readonly warnings: number;
  readonly columns: readonly ReportColumn[];
  readonly line_item_columns: readonly ReportColumn[];
  /** Why it could not be read; `null`: it could. */
  readonly trouble: string | null;
  readonly freshness: TableFreshness | null;
}

interface Row {
  readonly pipeline: string;
  readonly entity: string;
  readonly schema: string;
  readonly name: string;
  readonly live: string;
  readonly lines: string;
  readonly rejects: string;
  readonly warnings: string;
  readonly load: { readonly run: string; readonly at: string; readonly counts: Readonly<Record<Outcome, number>> } | null;
}

const TABLES = `
  select pe.pipeline, pe.entity, pe.raw_schema as schema, pe.raw_table as name, coalesce(o.live, 0) as live, coalesce(o.lines, 0) as lines,
         (select count(*) from freshet.reject j where j.pipeline = pe.pipeline and j.entity = pe.entity and j.closed_by_run is null) as rejects,
         (select count(*) from freshet.row_warning w where w.pipeline = pe.pipeline and w.entity = pe.entity) as warnings,
         (select jsonb_build_object('run', b.loaded_by_run, 'at', ${iso('b.committed_at')},
                                    'counts', jsonb_build_object(${OUTCOMES.map((name) => `'${name}', e.${name}`).join(', ')}))
            from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
            join freshet.run_entity e on e.run_id = b.loaded_by_run and e.entity = pe.entity
           where x.pipeline = pe.pipeline and x.entity = pe.entity and b.state = 'loaded' order by b.committed_at desc limit 1) as load
    from freshet.pipeline_entity pe
    left join freshet.table_owner o on o.schema = pe.raw_schema and o."table" = pe.raw_table
   order by pe.pipeline, pe.number`;

/** Every raw table. One that cannot be read hides no other. Errors: PostgreSQL itself does not answer. */
export async function readTableReports(db: Database, freshness: readonly TableFreshness[], ctx: StageContext): Promise<TableReport[]> {
  const fresh = new Map(freshness.map((table) => [`${table.pipeline} ${table.entity}`, table]));
  const reports: TableReport[] = [];
  for (const row of await db.query<Row>(TABLES)) {
    reports.push({
      pipeline: row.pipeline,
      entity: row.entity,
      table: `${row.schema}.${row.name}`,
      rows: Number(row.live),
      lines: Number(row.lines),
      rejects_open: Number(row.rejects),
      warnings: Number(row.warnings),
      last_load: row.load,
      freshness: fresh.get(`${row.pipeline} ${row.entity}`) ?? null,
      ...(await lookAt(db, row, ctx)),
    });
  }
  return reports;
}

type Look = Pick<TableReport, 'deleted' | 'size' | 'line_items_size' | 'columns' | 'line_item_columns' | 'trouble'>;

const LOOKS_FOR_MS = 30_000;
const WAITS_FOR_LOCK_MS = 1_000;
const NOTHING: Look = { deleted: null, size: null, line_items_size: null, columns: [], line_item_columns: [], trouble: null };

async function lookAt(db: Database, { schema, name }: Row, ctx: StageContext): Promise<Look> {
  try {
    return await snapshot(db, ctx, async (tx) => {
      await tx.query(`set local lock_timeout = ${WAITS_FOR_LOCK_MS}`);
      await tx.query(`set local statement_timeout = ${LOOKS_FOR_MS}`);
      const header = await describe(tx, schema, name);
      if (header === null) return NOTHING;
      const lines = await describe(tx, schema, `${name}_line_items`);
      const [deleted] = await tx.query<{ n: string }>(`select count(*) as n from ${ident(schema, name)} where deleted_at is not null`);
      return {
        deleted: Number(deleted?.n ?? 0),
        size: header.size,
        line_items_size: lines?.size ?? null,
        columns: header.columns,
        line_item_columns: lines?.columns ?? [],
        trouble: null,
      };
    });
  } catch (error) {
    if (!isFreshetError(error) || error.type !== 'database_error' || connectionLost(error) || sqlstate(error) === null) throw error;
    return { ...NOTHING, trouble: error.message.replace(/^PostgreSQL: /, '') };
  }
}

interface Described {
  readonly size: Sizes;
  readonly columns: readonly ReportColumn[];
}

async function describe(tx: Tx, schema: string, table: string): Promise<Described | null> {
  const [row] = await tx.query<{ table: string; indexes: string; total: string; columns: ReportColumn[] }>(
    `select pg_table_size(t.oid) as table, pg_indexes_size(t.oid) as indexes, pg_total_relation_size(t.oid) as total,
            (select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'field', c.field) order by a.attnum), '[]')
               from pg_catalog.pg_attribute a
               left join freshet.raw_column c on c.schema = $1 and c."table" = $2 and c.name = a.attname
              where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped) as columns
       from pg_catalog.pg_class t join pg_catalog.pg_namespace n on n.oid = t.relnamespace
      where n.nspname = $1 and t.relname = $2 and t.relkind in ('r', 'p', 'f', 'v', 'm')`,
    [schema, table],
  );
  if (row === undefined) return null;
  const size = { table: Number(row.table), indexes: Number(row.indexes), total: Number(row.total) };
  return { size, columns: row.columns };
}
