import type { Tx } from '../../database/database';
import { linesOfDeleted, orphanLines } from '../line-sql';
import type { DeepEntity } from './deep-entity';
import { checkSql, type Findings } from './violation';

/** Invariant 3: no key twice, also where somebody dropped the constraint; no table with two owners. */
export async function checkDuplicates(tx: Tx, findings: Findings, entity: DeepEntity): Promise<void> {
  const about = { invariant: 3, entity: entity.label } as const;
  if (entity.headers !== null) {
    await checkSql(tx, findings, {
      ...about,
      name: 'duplicate-id',
      where: entity.headers,
      what: 'ids that stand in the table more than once',
      rows: entity.rows,
      sql: `select id, count(*) as times from ${entity.headers} group by id having count(*) > 1`,
    });
  }
  if (entity.lines !== null) {
    await checkSql(tx, findings, {
      ...about,
      name: 'duplicate-line',
      where: entity.lines,
      what: 'line items that stand in the table more than once',
      rows: entity.lineRows,
      sql: `select parent_id, line_no, count(*) as times from ${entity.lines} group by parent_id, line_no having count(*) > 1`,
    });
  }
  await checkSql(tx, findings, {
    ...about,
    name: 'two-owners',
    where: 'freshet.table_owner',
    what: 'owners of a table that another entity writes too',
    rows: 1,
    sql: `select o.schema, o."table", o.pipeline, o.entity, pe.pipeline as also_pipeline, pe.entity as also_entity
            from freshet.table_owner o join freshet.pipeline_entity pe on pe.raw_schema = o.schema and pe.raw_table = o."table"
           where o.schema = $1 and o."table" = $2 and (o.pipeline, o.entity) <> (pe.pipeline, pe.entity)`,
    values: [entity.schema, entity.table],
  });
}

/** Invariant 4, as far as the tables alone tell it: every line has its header, every set counts from 1 without a gap. */
export async function checkLineSets(tx: Tx, findings: Findings, entity: DeepEntity): Promise<void> {
  if (entity.headers === null || entity.lines === null) return;
  const about = { invariant: 4, entity: entity.label, where: entity.lines, rows: entity.lineRows } as const;
  await checkSql(tx, findings, {
    ...about,
    name: 'orphan-line',
    what: 'line items without their document',
    sql: orphanLines(entity.headers, entity.lines),
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'line-of-deleted',
    what: 'living line items of deleted documents',
    sql: linesOfDeleted(entity.headers, entity.lines),
  });
  await checkSql(tx, findings, {
    ...about,
    name: 'line-gap',
    what: 'documents whose line items do not count 1, 2, 3 … without a gap',
    sql: `select parent_id, count(*) as lines, min(line_no) as first, max(line_no) as last from ${entity.lines} where deleted_at is null
           group by parent_id having min(line_no) <> 1 or max(line_no) <> count(*)`,
  });
}
