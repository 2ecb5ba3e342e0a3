import { thawSettings } from '../config/freeze';
import type { Database } from '../database/database';
import type { Patience } from '../domain/give-up';
import type { Schedule } from '../domain/schedule';

interface Row {
  readonly body: unknown;
  readonly scheduled_for: string | null;
  readonly schedule: Schedule | null;
}

/** How long a run keeps trying: its frozen settings, and for one that serves a nominal time the schedule it came from. */
export async function readPatience(db: Database, runId: string): Promise<{ readonly patience: Patience; readonly nominal: number }> {
  const [row] = await db.query<Row>(
    `select c.body, (extract(epoch from r.scheduled_for) * 1000)::bigint as scheduled_for,
            case when r.scheduled_for is not null then s.spec end as schedule
       from freshet.run r join freshet.config c on c.digest = r.config_digest
       left join freshet.schedule s on s.environment = r.environment and s.pipeline = r.pipeline
      where r.id = $1`,
    [runId],
  );
  if (row === undefined) return { patience: { configuredMs: null, schedule: null }, nominal: 0 };
  const configuredMs = thawSettings(row.body).settings.sync_pipeline.give_up_after ?? null;
  return { patience: { configuredMs, schedule: row.schedule }, nominal: Number(row.scheduled_for ?? 0) };
}
