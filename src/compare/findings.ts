import type { Tx } from '../database/database';
import { ACCEPTED } from './accepted-sql';
import { DIFFERENCE_CLASSES, type DifferenceClass } from './comparison';
import { DIFFERENCES, duplicates } from './difference-sql';

export interface Finding {
  readonly class: DifferenceClass;
  /** Rows; keys for what stands more than once. */
  readonly count: number;
  /** Of them those of which everything was accepted. */
  readonly accepted: number;
  readonly new: number;
}

export interface ColumnFinding {
  readonly differing: number;
  readonly accepted: number;
}

/** An example of a difference. */
export interface Sample {
  readonly class: DifferenceClass;
  readonly key: string;
  /** Left name of the column that differs; `null`: the row as a whole. */
  readonly column: string | null;
  /** The value there; of a key that stands twice, or of rows without one: how many. */
  readonly left: string | null;
  readonly right: string | null;
  readonly accepted: boolean;
}

/** Keys that stand twice and rows without a key are differences like all others. */
export async function addKeyFindings(tx: Tx, nullKeys: { readonly left: number; readonly right: number }): Promise<void> {
  for (const side of ['left', 'right'] as const) {
    await tx.query(`insert into ${DIFFERENCES} (class, k, l) select 'duplicate_${side}', k, array[n::text] from ${duplicates(side)}`);
    if (nullKeys[side] > 0)
      await tx.query(`insert into ${DIFFERENCES} (class, k, l) values ('null_key_${side}', '', array[$1::text])`, [String(nullKeys[side])]);
  }
}

/** One for each class, also for those of which there are none: programs find them all. */
export async function readFindings(tx: Tx, nullKeys: { readonly left: number; readonly right: number }): Promise<Finding[]> {
  const rows = await tx.query<{ class: DifferenceClass; n: string; a: string }>(
    `select class, count(*)::text as n, count(*) filter (where accepted)::text as a
       from (select d.class,
                    (select count(*) from ${ACCEPTED} a where a.class = d.class and a.k = d.k) = case when d.class = 'differs' then cardinality(array_positions(d.x, true)) else 1 end as accepted
               from ${DIFFERENCES} d) f
      group by class`,
  );
  const found = new Map(rows.map((row) => [row.class, row]));
  return DIFFERENCE_CLASSES.map((name) => {
    const row = found.get(name);
    const times = name === 'null_key_left' ? nullKeys.left : name === 'null_key_right' ? nullKeys.right : Number(row?.n ?? 0);
    const accepted = Number(row?.a ?? 0) === Number(row?.n ?? 0) ? times : Number(row?.a ?? 0);
    return { class: name, count: times, accepted, new: times - accepted };
  });
}

/** How many rows differ in each column. */
export async function readColumnFindings(tx: Tx, columns: readonly string[]): Promise<ColumnFinding[]> {
  if (columns.length === 0) return [];
  const sums = columns.map((_, index) => `count(*) filter (where x[${index + 1}])::text as n${index}`);
  const [row = {}] = await tx.query<Record<string, string>>(`select ${sums.join(', ')} from ${DIFFERENCES} where class = 'differs'`);
  const accepted = await tx.query<{ field: string; n: string }>(
    `select field, count(*)::text as n from ${ACCEPTED} where class = 'differs' group by field`,
  );
  const byField = new Map(accepted.map(({ field, n }) => [field, Number(n)]));
  return columns.map((name, index) => ({ differing: Number(row[`n${index}`] ?? 0), accepted: byField.get(name) ?? 0 }));
}

const CUT = 200;

/** The first of each class by key, and of what differs the first of each column; what is new comes before what was accepted. */
export async function readSamples(tx: Tx, columns: readonly string[], found: readonly ColumnFinding[], limit: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const [index, column] of columns.entries()) {
    if ((found[index]?.differing ?? 0) === 0) continue;
    const at = `[${index + 1}]`;
    samples.push(
      ...(await tx.query<Sample>(
        `select 'differs' as class, left(k, ${CUT}) as key, $1::text as "column", left(l${at}, ${CUT}) as "left", left(r${at}, ${CUT}) as "right", accepted
           from (select k, l, r, exists (select from ${ACCEPTED} a where a.class = 'differs' and a.k = d.k and a.field = $1) as accepted
                   from ${DIFFERENCES} d where class = 'differs' and x${at}) f
          order by accepted, k limit $2`,
        [column, limit],
      )),
    );
  }
  for (const name of DIFFERENCE_CLASSES) if (name !== 'differs') samples.push(...(await rowSamples(tx, name, limit)));
  return samples;
}

function rowSamples(tx: Tx, name: DifferenceClass, limit: number): Promise<Sample[]> {
  return tx.query<Sample>(
    `select class, left(k, ${CUT}) as key, null as "column", case when class ~ '(duplicate|key)_left' then times end as "left",
            case when class ~ '(duplicate|key)_right' then times end as "right", accepted
       from (select class, k, case when class !~ '^missing' then l[1] end as times, exists (select from ${ACCEPTED} a where a.class = d.class and a.k = d.k) as accepted from ${DIFFERENCES} d where class = $1) f
      order by accepted, k limit $2`,
    [name, limit],
  );
}
