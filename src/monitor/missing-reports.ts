import type { Database } from '../database/database';
import { FINAL_RUN_STATES } from '../domain/run';
import type { StageContext } from '../observability/stage-context';
import { REPORT_OFF, writeReport } from '../report/write-report';

/** A run that never began (`skipped`) has no folder; whoever ended the others may have died before the report was whole. */
const REPORTED = FINAL_RUN_STATES.filter((state) => state !== 'skipped');
const AT_ONCE = 20;

export interface ReportsWanted {
  readonly environment: string;
  /** Who ends a run writes its report within this time; ms. */
  readonly graceMs: number;
}

/**
 * Writes the reports of ended runs that have none, or half of one: `report_path` is stored when the last file is there. Returns their ids.
 * A folder that cannot be written keeps no other run from its report; the next round tries again.
 */
export async function writeMissingReports(
  { db, reportsFolder, ctx }: { readonly db: Database; readonly reportsFolder: string; readonly ctx: StageContext },
  { environment, graceMs }: ReportsWanted,
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select id from freshet.run r
      where environment = $1 and state = any ($2) and report_path is null and completed_at < $3 and not ${REPORT_OFF}
      order by completed_at desc limit $4`,
    [environment, REPORTED, new Date(ctx.now().getTime() - graceMs).toISOString(), AT_ONCE],
  );
  const written: string[] = [];
  for (const { id } of rows) {
    try {
      await writeReport({ db, folder: reportsFolder }, { runId: id }, ctx);
      written.push(id);
    } catch (error) {
      ctx.log('MO-012', { run: id, error });
    }
  }
  return written;
}
