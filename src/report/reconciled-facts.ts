import type { Database } from '../database/database';
import { iso } from './entity-facts';
import type { Reconciled, ReconciledDay } from './run-facts';

/** Days that a report spells out; the table `freshet.reconcile_day` has them all. */
export const DAYS_SHOWN = 100;

const SUMS = ['at_source', 'here', 'missing', 'older', 'newer', 'extra', 'moving'] as const;
const CLASSES = ['missing', 'older', 'newer', 'extra'] as const;

type Texts<Names extends string> = Readonly<Record<Names, string>>;

type ResultRow = Pick<Reconciled, 'fix' | 'from_day' | 'to_day' | 'compared_at'> &
  Texts<(typeof SUMS)[number] | 'days_total'> & {
    readonly entity: string;
    readonly deleted: string | null;
    readonly left_over: string | null;
  };

type DayRow = Pick<ReconciledDay, 'day' | 'samples'> & Texts<(typeof CLASSES)[number]> & { readonly entity: string };

/** What a run's comparisons found, by entity. */
export async function readReconciled(db: Database, runId: string): Promise<ReadonlyMap<string, Reconciled>> {
  const results = await db.query<ResultRow>(
    `select entity, fix, from_day, to_day, ${SUMS.join(', ')}, deleted, left_over, ${iso('compared_at')} as compared_at,
            (select count(*) from freshet.reconcile_day d where d.run_id = r.run_id and d.entity = r.entity) as days_total
       from freshet.reconcile_result r where run_id = $1`,
    [runId],
  );
  if (results.length === 0) return new Map();
  const days = await db.query<DayRow>(
    `select entity, day, ${CLASSES.join(', ')}, samples
       from (select *, row_number() over (partition by entity order by day desc) as place from freshet.reconcile_day where run_id = $1) d
      where place <= $2 order by entity, day`,
    [runId, DAYS_SHOWN],
  );
  return new Map(
    results.map(({ entity, deleted, left_over: left, days_total: total, ...row }) => [
      entity,
      {
        ...row,
        ...numbers(row, SUMS),
        deleted: deleted === null ? null : Number(deleted),
        left_over: left === null ? null : Number(left),
        days: days.filter((day) => day.entity === entity).map(({ entity: _, ...day }) => ({ ...day, ...numbers(day, CLASSES) })),
        days_total: Number(total),
      },
    ]),
  );
}

function numbers<Names extends string>(row: Texts<Names>, names: readonly Names[]): Record<Names, number> {
  return Object.fromEntries(names.map((name) => [name, Number(row[name])])) as Record<Names, number>;
}
