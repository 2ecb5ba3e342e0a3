import type { Database } from './database';

/** What was asked of an account on the current day in UTC, by which daily quotas are counted. */
export interface AccountCalls {
  /** For people: `organization 10234695 of www.zohoapis.eu`. */
  readonly account: string;
  /** Names the account in `freshet.api_day`. */
  readonly key: string;
  readonly today: number;
  readonly yesterday: number;
}

/** Requests by entity that a run made; a run of an older version made none that anybody counted. */
export async function requestsOfRun(db: Database, runId: string): Promise<ReadonlyMap<string, number>> {
  if (!(await isCounted(db))) return new Map();
  const rows = await db.query<{ entity: string; calls: string }>(`select entity, calls from freshet.api_run where run_id = $1`, [runId]);
  return new Map(rows.map(({ entity, calls }) => [entity, Number(calls)]));
}

/** Accounts that were asked today or yesterday, by the database's clock. */
export async function callsToday(db: Database): Promise<AccountCalls[]> {
  if (!(await isCounted(db))) return [];
  const rows = await db.query<{ key: string; account: string; today: string; yesterday: string }>(
    `select account as key, max(name) as account, coalesce(sum(calls) filter (where day = at), 0) as today,
            coalesce(sum(calls) filter (where day < at), 0) as yesterday
       from freshet.api_day, (select (now() at time zone 'UTC')::date as at) clock
      where day between at - 1 and at group by account order by 2, 1`,
  );
  return rows.map((row) => ({ ...row, today: Number(row.today), yesterday: Number(row.yesterday) }));
}

/** A database that only an older version has worked on counts nothing yet. */
async function isCounted(db: Database): Promise<boolean> {
  const [row] = await db.query<{ there: boolean }>(`select to_regclass('freshet.api_run') is not null as there`);
  return row?.there === true;
}
