import type { Wait } from '../domain/wait-words';
import type { Database } from './database';

export interface WaitOfEntity extends Wait {
  readonly runId: string;
  readonly entity: string;
  /** The attempt that was told to wait; an older one changes nothing. */
  readonly token: string;
}

/** Writes down that an entity waits for its source, and whether the whole run does. */
export async function beginWait(db: Database, wait: WaitOfEntity): Promise<void> {
  await db.query(`update freshet.run_entity set wait_reason = $3, wait_until = $4 where run_id = $1 and entity = $2 and token = $5`, [
    wait.runId,
    wait.entity,
    wait.wait_reason,
    wait.wait_until,
    wait.token,
  ]);
  await noteRunWait(db, wait.runId);
}

/** An entity is at work with its source: neither it nor its run waits, also where only others did. The time it waited is no standstill. */
export async function endWait(db: Database, runId: string, entity: string): Promise<void> {
  await db.query(
    `with ended as (update freshet.run_entity set wait_reason = null, wait_until = null, progress_at = now()
                     where run_id = $1 and entity = $2 and wait_until is not null)
     update freshet.run set wait_reason = null, wait_until = null where id = $1 and wait_until is not null`,
    [runId, entity],
  );
}

/** A run waits while every entity at work does, and until the first of them goes on. To be asked whenever one begins to wait or ends. */
export async function noteRunWait(db: Database, runId: string): Promise<void> {
  await db.query(
    `update freshet.run r set wait_reason = w.reason, wait_until = w.until
       from (select (array_agg(wait_reason order by wait_until))[1] as reason, min(wait_until) as until
               from freshet.run_entity where run_id = $1 and state in ('extracting', 'loading', 'publishing', 'verifying')
             having bool_and(wait_until is not null)) w
      where r.id = $1 and r.state = 'running' and r.wait_until is distinct from w.until`,
    [runId],
  );
}
