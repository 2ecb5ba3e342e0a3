import type { Database } from '../database/database';

export type WatchedPart = 'worker' | 'temporal';

/** A sign of life. `instance` tells workers apart; the rows of one environment are compared with each other only. */
export interface Heart {
  readonly environment: string;
  readonly part: WatchedPart;
  readonly instance?: string;
}

export async function beat(db: Database, { environment, part, instance = '' }: Heart, now: Date): Promise<void> {
  await db.query(
    `insert into freshet.heartbeat (environment, part, instance, seen_at) values ($1, $2, $3, $4)
     on conflict (environment, part, instance) do update set seen_at = greatest(freshet.heartbeat.seen_at, excluded.seen_at)`,
    [environment, part, instance, now.toISOString()],
  );
}

/** A part that stops as asked takes its sign of life along: nobody shall miss it. */
export async function fallSilent(db: Database, { environment, part, instance = '' }: Heart): Promise<void> {
  await db.query(`delete from freshet.heartbeat where environment = $1 and part = $2 and instance = $3`, [environment, part, instance]);
}

/** Once one worker lives, those that died are no news any more. */
export async function forgetDeadWorkers(db: Pick<Database, 'query'>, environment: string, deadBefore: Date): Promise<void> {
  await db.query(
    `delete from freshet.heartbeat dead
      where environment = $1 and part = 'worker' and seen_at < $2
        and exists (select from freshet.heartbeat alive where alive.environment = $1 and alive.part = 'worker' and alive.seen_at >= $2)`,
    [environment, deadBefore.toISOString()],
  );
}
