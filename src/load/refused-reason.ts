import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { SEQ } from './columns';
import { lineTable } from './load-target';
import type { MergeJob } from './merge-job';
import type { Reason } from './reason';
import { stageName } from './stage-table';

/** What pg tells of a refusal. */
interface Refusal {
  readonly message: string;
  readonly detail?: string;
  readonly constraint?: string;
  readonly column?: string;
  readonly table?: string;
  /** The domain whose check failed. */
  readonly dataType?: string;
}

const MAX_VALUE = 200;

/** Why PostgreSQL refused a staged row: its own sentence, the constraint's name, and the values that it looked at. */
export async function refusedReason(
  tx: Tx,
  job: MergeJob,
  { seq, error }: { readonly seq: number; readonly error: Error },
): Promise<Reason> {
  const refusal = ((error as { cause?: unknown }).cause ?? error) as Refusal;
  const { column, value } = keyIn(refusal) ?? (await staged(tx, job, { seq, refusal }));
  return {
    rule: 'postgres',
    field: column,
    message: `PostgreSQL refused the row: ${refusal.message}`,
    ...(value === null ? {} : { value: cut(value) }),
    ...(refusal.constraint === undefined ? {} : { constraint: refusal.constraint }),
  };
}

/** `Key (a, b)=(1, 2) already exists.`: of a unique, exclusion or foreign key constraint. */
function keyIn({ detail = '' }: Refusal): Found | null {
  const found = /^Key \((.*?)\)=\((.*)\) /s.exec(detail);
  return found === null ? null : { column: found[1]!, value: found[2]! };
}

interface Found {
  readonly column: string | null;
  readonly value: string | null;
}

/** The values in the staged row of the columns that the constraint names; of line items PostgreSQL's own words, since it does not say which. */
async function staged(tx: Tx, { target, pair }: MergeJob, { seq, refusal }: { seq: number; refusal: Refusal }): Promise<Found> {
  const columns = await columnsOf(tx, `${ident(target.schema, refusal.table ?? target.table)}`, refusal);
  const [row] = await tx.query<{ row: Readonly<Record<string, unknown>> }>(
    `select to_jsonb(s) as row from ${stageName(pair.header)} s where ${ident(SEQ)} = $1`,
    [seq],
  );
  const ofLines = refusal.table === lineTable(target.table);
  if (row === undefined || ofLines || columns.length === 0) return { column: columns[0] ?? null, value: refusal.detail ?? null };
  const values = columns.map((name) => (Object.hasOwn(row.row, name) ? JSON.stringify(row.row[name]) : 'null'));
  return { column: columns.join(', '), value: values.join(', ') };
}

async function columnsOf(tx: Tx, table: string, { column, constraint, dataType }: Refusal): Promise<string[]> {
  if (column !== undefined) return [column];
  const rows = await tx.query<{ name: string }>(
    `select a.attname::text as name from pg_catalog.pg_attribute a
      where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
        and (exists (select from pg_catalog.pg_constraint c where c.conrelid = a.attrelid and c.conname = $2 and a.attnum = any (c.conkey))
             or a.atttypid = (select t.oid from pg_catalog.pg_type t where t.typname = $3 and t.typtype = 'd' limit 1))
      order by a.attnum`,
    [table, constraint ?? null, dataType ?? null],
  );
  return rows.map(({ name }) => name);
}

function cut(text: string): string {
  return text.length <= MAX_VALUE ? text : `${[...text.slice(0, MAX_VALUE)].join('')}…`;
}
