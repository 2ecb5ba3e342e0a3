import { escapeLiteral } from 'pg';
import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { LINE_MERGE_COLUMNS, LINES, MERGE_COLUMNS, SEQ, type StandardColumn } from './columns';
import { recordChange } from './ddl';
import { lineTable } from './load-target';
import { NOTHING_MERGED, type MergedCounts, type MergeJob, type Numbered } from './merge-job';
import { lateSql, type LateBy } from './merge-sql';
import { stageName } from './stage-table';
import { hashIndexSql, keyColumns } from './table-sql';

/** The first load of a table: losers of their id leave the stage pair, the rest becomes the target, without being written again. */
export async function moveIntoPlace(
  tx: Tx,
  job: MergeJob,
  { numbers, lateBy }: { numbers: Numbered; lateBy: LateBy },
): Promise<MergedCounts> {
  const header = stageName(job.pair.header);
  const lines = job.pair.lines === null ? null : stageName(job.pair.lines);
  const duplicate = await dropDuplicates(tx, header, lines);
  const [kept] = await tx.query<{ n: string; late: string }>(
    `select count(*) as n, count(*) filter (where ${lateSql(lateBy).replaceAll('$2', '$1')}) as late from ${header} s`,
    [numbers.lateBefore],
  );
  const [lineCount] = lines === null ? [] : await tx.query<{ n: string }>(`select count(*) as n from ${lines}`);
  await move(tx, job, {
    from: job.pair.header,
    to: job.target.table,
    stageOnly: [SEQ, LINES],
    constants: headerConstants(job, numbers),
    lines: false,
  });
  if (job.pair.lines !== null) {
    const constants = lineConstants(numbers);
    await move(tx, job, { from: job.pair.lines, to: lineTable(job.target.table), stageOnly: [SEQ], constants, lines: true });
  }
  return {
    ...NOTHING_MERGED,
    inserted: Number(kept?.n ?? 0),
    found_late: Number(kept?.late ?? 0),
    duplicate,
    lines_added: Number(lineCount?.n ?? 0),
  };
}

async function dropDuplicates(tx: Tx, header: string, lines: string | null): Promise<number> {
  const seq = ident(SEQ);
  const gone = await tx.query(`delete from ${header} s using merge_duplicate d where s.${seq} = d.seq returning 1`);
  if (lines !== null && gone.length > 0) await tx.query(`delete from ${lines} s using merge_duplicate d where s.${seq} = d.seq`);
  return gone.length;
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

interface Move {
  readonly from: string;
  readonly to: string;
  readonly stageOnly: readonly string[];
  readonly constants: Constants;
  readonly lines: boolean;
}

/** A column added with a constant default costs no pass over the rows [K]; the default goes at once, the values stay. */
async function move(tx: Tx, { target, pair }: MergeJob, { from, to, stageOnly, constants, lines }: Move): Promise<void> {
  const stage = stageName(from);
  const drops = stageOnly.map((name) => `drop column ${ident(name)}`);
  const adds = constants.map(({ name, sql, value }) => `add column ${ident(name)} ${sql} default ${value}`);
  await tx.query(`alter table ${stage} ${[...drops, ...adds].join(', ')}`);
  await tx.query(`alter table ${stage} ${constants.map(({ name }) => `alter column ${ident(name)} drop default`).join(', ')}`);
  await tx.query(`alter table ${stage} set schema ${ident(target.schema)}`);
  await tx.query(`alter table ${ident(target.schema, from)} rename to ${ident(to)}`);
  // After the renaming, so that the key's name comes from the table's final name.
  await tx.query(`alter table ${ident(target.schema, to)} add primary key (${keyColumns(lines)})`);
  if (!lines) await tx.query(hashIndexSql(ident(target.schema, to)));
  const columns = lines ? (pair.shape.lines ?? []) : pair.shape.header;
  await recordChange(tx, target, to, { created: columns.map(({ name, type }) => ({ name, type })) });
}
