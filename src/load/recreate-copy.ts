import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { FreshetError } from '../domain/errors';
import { KEPT_SCHEMA, type Exchange } from './recreate-swap';
import type { Recast } from './recreate-types';
import { fieldSql } from './table-sql';
import type { TablePlan } from './table-state';

/** Makes the incoming table after the live one, with other types and more columns, and copies every row. Answers with their number. */
export async function fillShadow(
  tx: Tx,
  { schema, table, incoming }: Exchange,
  { plan, recasts }: { readonly plan: TablePlan; readonly recasts: readonly Recast[] },
): Promise<number> {
  const [live, shadow] = [ident(schema, table), ident(KEPT_SCHEMA, incoming)];
  await tx.query(`create table ${shadow} (like ${live} including all)`);
  const changes = [
    ...recasts
      .filter(({ column, to }) => column.type !== to)
      .map(({ column, to }) => `alter column ${ident(column.name)} type ${to} using null::${to}`),
    ...plan.missing.map((column) => `add column ${fieldSql(column)}`),
  ];
  if (changes.length > 0) await tx.query(`alter table ${shadow} ${changes.join(', ')}`);
  await copyRows(tx, { live, shadow }, recasts);
  await keepIdentities(tx, live, shadow);
  const rows = await compare(tx, { live, shadow });
  await tx.query(`analyze ${shadow}`);
  return rows;
}

interface Pair {
  readonly live: string;
  readonly shadow: string;
}

async function copyRows(tx: Tx, { live, shadow }: Pair, recasts: readonly Recast[]): Promise<void> {
  const values = new Map(recasts.map(({ column, sql }) => [column.name, sql]));
  const columns = await tx.query<{ name: string }>(
    `select attname as name from pg_catalog.pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [live],
  );
  const names = columns.map(({ name }) => ident(name)).join(', ');
  const selected = columns.map(({ name }) => values.get(name) ?? ident(name)).join(', ');
  await tx.query(`insert into ${shadow} (${names}) overriding system value select ${selected} from ${live}`);
}

/** A column that counts goes on where it was. */
async function keepIdentities(tx: Tx, live: string, shadow: string): Promise<void> {
  const columns = await tx.query<{ name: string }>(
    `select attname as name from pg_catalog.pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity <> ''`,
    [live],
  );
  for (const { name } of columns) {
    const [row] = await tx.query<{ from: string; to: string }>(
      `select pg_get_serial_sequence($1, $3) as "from", pg_get_serial_sequence($2, $3) as "to"`,
      [live, shadow, name],
    );
    if (row !== undefined) await tx.query(`select setval($1::regclass, last_value, is_called) from ${row.from}`, [row.to]);
  }
}

async function compare(tx: Tx, { live, shadow }: Pair): Promise<number> {
  const [row] = await tx.query<{ live: string; shadow: string; same: boolean }>(
    `select l.n as live, s.n as shadow, l = s as same
       from (select count(*) as n, count(deleted_at) as deleted, max(batch_no) as newest from ${live}) l,
            (select count(*) as n, count(deleted_at) as deleted, max(batch_no) as newest from ${shadow}) s`,
  );
  if (row?.same === true) return Number(row.shadow);
  throw new FreshetError('reconcile_error', {
    code: 'rows-not-written',
    message: `${live} has rows: ${row?.live ?? '?'}; the table that was to take its place: ${row?.shadow ?? '?'}`,
    remedy: 'Nothing was changed. Report this with the table’s statements.',
    where: live,
    retryable: false,
  });
}
