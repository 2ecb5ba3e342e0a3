import type { Tx } from '../../database/database';
import type { DeepEntity } from './deep-entity';
import { checkSql, type Findings } from './violation';

/** Invariants 1, 4 and 8 against landing. Needs `pg_temp.landed` and `pg_temp.newest` of the entity; `records` is how many are landed. */
export async function checkTarget(tx: Tx, findings: Findings, entity: DeepEntity, records: number): Promise<void> {
  await checkUnrecordedRejects(tx, findings, entity, records);
  if (entity.headers === null) return checkTableThere(tx, findings, entity, records);
  await checkRows(tx, findings, { ...entity, headers: entity.headers }, records);
  await checkStale(tx, findings, { ...entity, headers: entity.headers });
  if (entity.lines !== null) await checkLines(tx, findings, { ...entity, headers: entity.headers, lines: entity.lines });
}

type WithHeaders = DeepEntity & { readonly headers: string };

async function checkTableThere(tx: Tx, findings: Findings, entity: DeepEntity, records: number): Promise<void> {
  await checkSql(tx, findings, {
    invariant: 1,
    name: 'table-missing',
    entity: entity.label,
    where: `${entity.schema}.${entity.table}`,
    what: 'landed records, but their table does not exist',
    rows: records,
    sql: 'select id, file from pg_temp.newest',
  });
}

async function checkUnrecordedRejects(tx: Tx, findings: Findings, entity: DeepEntity, records: number): Promise<void> {
  await checkSql(tx, findings, {
    invariant: 1,
    name: 'reject-unrecorded',
    entity: entity.label,
    where: 'freshet.reject',
    what: 'landed records that cannot be stored, without a reject that says so',
    rows: records,
    sql: `select file, "offset", id from pg_temp.landed where row_hash is null and not rejected`,
  });
}

async function checkRows(tx: Tx, findings: Findings, entity: WithHeaders, records: number): Promise<void> {
  const about = { invariant: 1, entity: entity.label, where: entity.headers } as const;
  await checkSql(tx, findings, {
    ...about,
    name: 'row-missing',
    what: 'landed records without a row',
    rows: records,
    sql: `select n.id, n.file, n."offset" from pg_temp.newest n where not exists (select from ${entity.headers} t where t.id = n.id)`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'row-without-evidence',
    what: 'living rows that no loaded file in landing tells of',
    rows: entity.rows,
    sql: `select t.id, t.batch_no from ${entity.headers} t where t.deleted_at is null and not exists (select from pg_temp.newest n where n.id = t.id)`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'row-differs',
    what: 'living rows that are not the newest landed version of their record',
    rows: entity.rows,
    sql: `select t.id, n.file, n."offset", ${DIFFERENCES.map((column) => `case when t.${column} is distinct from n.${LANDED_NAME.get(column) ?? column} then t.${column}::text end as held_${column}`).join(', ')}
            from ${entity.headers} t join pg_temp.newest n on n.id = t.id
           where t.deleted_at is null and (${DIFFERENCES.map((column) => `t.${column} is distinct from n.${LANDED_NAME.get(column) ?? column}`).join(' or ')})`,
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'row-of-no-batch',
    what: 'rows whose batch_no is of no loaded batch',
    rows: entity.rows,
    sql: `select t.id, t.batch_no from ${entity.headers} t
           where not exists (select from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
                              where x.pipeline = $1 and x.entity = $2 and b.state = 'loaded' and b.batch_no = t.batch_no)
             and not exists (select from freshet.drawn_number d join freshet.pipeline_entity pe on pe.raw_schema = d.schema and pe.raw_table = d."table"
                              where pe.pipeline = $1 and pe.entity = $2 and d.batch_no = t.batch_no)`,
    values: [entity.pipeline, entity.entity],
  });
}

const DIFFERENCES = ['row_hash', 'source_hash', 'source_cursor', 'source_instant', 'source_version'] as const;
const LANDED_NAME = new Map<string, string>([
  ['source_cursor', 'cursor_text'],
  ['source_instant', 'instant'],
  ['source_version', 'version'],
]);

/** Invariant 8: what is held is never older than what was landed and loaded for that id. */
async function checkStale(tx: Tx, findings: Findings, entity: WithHeaders): Promise<void> {
  await checkSql(tx, findings, {
    invariant: 8,
    name: 'stale-overwrite',
    entity: entity.label,
    where: entity.headers,
    what: 'living rows that hold an older version than landing has',
    rows: entity.rows,
    sql: `select t.id, t.source_instant as held_instant, n.instant as newest_instant, t.source_version as held_version, n.version as newest_version, n.file
            from ${entity.headers} t join pg_temp.newest n on n.id = t.id
           where t.deleted_at is null
             and (t.source_version < n.version or (not n.undated and t.source_instant < n.instant)
                  or (t.source_hash <> n.source_hash and t.row_hash <> n.row_hash
                      and exists (select from pg_temp.landed l where l.id = t.id and l.source_hash = t.source_hash)))`,
  });
}

/** The set of a document is the array of its newest landed version that carries one: as many, and each with the same content. */
async function checkLines(tx: Tx, findings: Findings, entity: WithHeaders & { readonly lines: string }): Promise<void> {
  const sets = `select t.id, n.lines as landed_lines, coalesce(s.held, 0) as held_lines, n.lines_digest, s.digest, n.file
                  from ${entity.headers} t
                  join pg_temp.newest_set n on n.id = t.id
                  left join (select parent_id, count(*) as held, sha256(string_agg(row_hash, ''::bytea order by line_no)) as digest
                               from ${entity.lines} where deleted_at is null group by parent_id) s on s.parent_id = t.id
                 where t.deleted_at is null`;
  await checkSql(tx, findings, {
    invariant: 4,
    name: 'line-count',
    entity: entity.label,
    where: entity.lines,
    what: 'documents with another number of line items than their newest landed version',
    rows: entity.lineRows,
    sql: `select id, landed_lines, held_lines, file from (${sets}) d where landed_lines <> held_lines`,
  });
  await checkSql(tx, findings, {
    invariant: 1,
    name: 'line-differs',
    entity: entity.label,
    where: entity.lines,
    what: 'documents whose line items are not those of their newest landed version',
    rows: entity.lineRows,
    sql: `select id, landed_lines, file from (${sets}) d where landed_lines = held_lines and landed_lines > 0 and digest is distinct from lines_digest`,
  });
}
