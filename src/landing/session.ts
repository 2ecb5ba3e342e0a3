import type { Database } from '../database/database';
import type { LandingStore } from './landing-store';

/** `sync_session_2025-07-12_10-30-15`, of an instant as ISO text in UTC. */
export function sessionName(iso: string): string {
  return `sync_session_${iso.slice(0, 19).replace('T', '_').replace(/:/g, '-')}`;
}

/** The run's landing session: a folder of its own, taken by exclusive mkdir; one second later on a clash. Repeatable. */
export async function takeSession(deps: { readonly db: Database; readonly landing: LandingStore }, runId: string): Promise<string> {
  const [clock] = await deps.db.query<{ now: string }>(
    `select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now`,
  );
  const start = Date.parse(clock?.now ?? '');
  for (let second = 0; ; second++) {
    const name = sessionName(new Date(start + second * 1000).toISOString());
    if (!(await deps.landing.claim(`sync_sessions/${name}`))) continue;
    const [row] = await deps.db.query<{ session_id: string }>(
      `update freshet.run set session_id = coalesce(session_id, $2) where id = $1 returning session_id`,
      [runId, name],
    );
    if (row?.session_id !== name) await deps.landing.remove(`sync_sessions/${name}`);
    return row?.session_id ?? name;
  }
}
