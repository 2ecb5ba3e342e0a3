import { escapeLiteral } from 'pg';
import type { Tx } from '../database/database';
import { sqlstate } from '../database/database-error';
import { ident } from '../database/identifier';
import { LINE_MERGE_COLUMNS, LINES, MERGE_COLUMNS, SEQ, type StandardColumn } from './columns';
import { recordChange } from './ddl';
import { lineTable } from './load-target';
import { NOTHING_MERGED, type MergedCounts, type MergeJob, type Numbered } from './merge-job';
import { duplicatesSql, lateSql, type LateBy } from './merge-sql';
import { stageName } from './stage-table';
import { hashIndexSql, keySql, type TableName } from './table-sql';

const UNIQUE_VIOLATION = '23505';

/** The first load of a table: the stage pair becomes the target, without being written again; losers of their id leave it. */
export async function moveIntoPlace(
  tx: Tx,
  job: MergeJob,
  { numbers, lateBy }: { numbers: Numbered; lateBy: LateBy },
): Promise<MergedCounts> {
  const { pair, staged, target } = job;
  const header = await rename(tx, pair.header, { schema: target.schema, table: target.table });
  const lines = pair.lines === null ? null : await rename(tx, pair.lines, { schema: target.schema, table: lineTable(target.table) });
  const gone = await addKeys(tx, header, lines);
  const late =
    numbers.lateBefore === null
      ? 0
      : await countOf(tx, `${header} s where ${lateSql(lateBy).replaceAll('$2', '$1')}`, [numbers.lateBefore]);
  await finish(tx, job, {
    name: header,
    table: target.table,
    stageOnly: [SEQ, LINES],
    constants: headerConstants(job, numbers),
    lines: false,
  });
  await tx.query(hashIndexSql(header));
  if (lines !== null) {
    const own = { stageOnly: [SEQ], constants: lineConstants(numbers), lines: true };
    await finish(tx, job, { name: lines, table: lineTable(target.table), ...own });
  }
  return {
    ...NOTHING_MERGED,
    inserted: staged.rows - gone.rows,
    found_late: late,
    duplicate: gone.rows,
    lines_added: staged.lines - gone.lines,
  };
}

/** Before its key is made, whose name comes from the table's. */
async function rename(tx: Tx, from: string, { schema, table }: { schema: string; table: string }): Promise<TableName> {
  await tx.query(`alter table ${stageName(from)} set schema ${ident(schema)}`);
  await tx.query(`alter table ${ident(schema, from)} rename to ${ident(table)}`);
  return ident(schema, table);
}

/** Looking for copies of an id costs as much as the key itself, and mostly there are none: the key finds out. Answers with what had to go. */
async function addKeys(tx: Tx, header: TableName, lines: TableName | null): Promise<{ rows: number; lines: number }> {
  const addKey = (): Promise<unknown> => tx.query(`alter table ${header} add ${keySql(false)}`);
  const gone = { rows: 0, lines: 0 };
  if (!(await isUnique(tx, addKey))) {
    await tx.query(duplicatesSql(header, null));
    const losers = (name: TableName): string =>
      `with gone as (delete from ${name} s using merge_duplicate d where s.${ident(SEQ)} = d.seq returning 1) select count(*) as n from gone`;
    gone.rows = Number((await tx.query<{ n: string }>(losers(header)))[0]?.n);
    if (lines !== null) gone.lines = Number((await tx.query<{ n: string }>(losers(lines)))[0]?.n);
    await addKey();
  }
  if (lines !== null) await tx.query(`alter table ${lines} add ${keySql(true)}`);
  return gone;
}

async function isUnique(tx: Tx, addKey: () => Promise<unknown>): Promise<boolean> {
  await tx.query('savepoint keyed');
  try {
    await addKey();
  } catch (error) {
    if (sqlstate(error) !== UNIQUE_VIOLATION) throw error;
    await tx.query('rollback to savepoint keyed');
    return false;
  }
  await tx.query('release savepoint keyed');
  return true;
}

async function countOf(tx: Tx, what: string, values: readonly unknown[]): Promise<number> {
  const [row] = await tx.query<{ n: string }>(`select count(*) as n from ${what}`, values);
  return Number(row?.n);
}

type Constants = readonly (StandardColumn & { readonly value: string })[];

function headerConstants(job: MergeJob, { epoch, batchNo }: Numbered): Constants {
  const values: Readonly<Record<string, string>> = {
    data_source: `'json'`,
    created_at: 'statement_timestamp()',
    updated_at: 'statement_timestamp()',
    session_id: job.session === null ? 'null' : escapeLiteral(job.session),
    import_timestamp: `${escapeLiteral(job.importedAt)}::timestamptz`,
    run_id: escapeLiteral(job.target.runId),
    batch_no: batchNo,
    source_epoch: String(epoch),
    deleted_at: 'null',
  };
  return MERGE_COLUMNS.map((column) => ({ ...column, value: values[column.name]! }));
}

function lineConstants({ batchNo }: Numbered): Constants {
  return LINE_MERGE_COLUMNS.map((column) => ({ ...column, value: column.name === 'batch_no' ? batchNo : 'null' }));
}

interface Finish {
  readonly name: TableName;
  readonly table: string;
  readonly stageOnly: readonly string[];
  readonly constants: Constants;
  readonly lines: boolean;
}

/** A column added with a constant default costs no pass over the rows [K]; the default goes at once, the values stay. */
async function finish(tx: Tx, { target, pair }: MergeJob, { name, table, stageOnly, constants, lines }: Finish): Promise<void> {
  const drops = stageOnly.map((column) => `drop column ${ident(column)}`);
  const adds = constants.map(({ name: column, sql, value }) => `add column ${ident(column)} ${sql} default ${value}`);
  await tx.query(`alter table ${name} ${[...drops, ...adds].join(', ')}`);
  await tx.query(`alter table ${name} ${constants.map(({ name: column }) => `alter column ${ident(column)} drop default`).join(', ')}`);
  const columns = lines ? (pair.shape.lines ?? []) : pair.shape.header;
  await recordChange(tx, target, table, { created: columns.map(({ name: column, type }) => ({ name: column, type })) });
}
