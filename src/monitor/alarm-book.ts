import type { Tx } from '../database/database';
import type { StageContext } from '../observability/stage-context';
import type { Alarm } from './alarm';

export interface Booked {
  readonly raised: readonly Alarm[];
  readonly resolved: readonly { readonly class: string; readonly message: string }[];
}

export interface Booking {
  readonly environment: string;
  /** Everything that is wrong now; what is open and not among it is resolved. */
  readonly due: readonly Alarm[];
  /** Pipelines whose limits nobody knows now: their tables' alarms stay as they are. */
  readonly undecided: readonly string[];
  /** Whether there is somebody to tell: every open alarm that nobody heard of gets its notice, which is kept until it is sent. */
  readonly notify: boolean;
}

/** Opens and closes alarms, one for a cause, with their notices in the same transaction. Doing it again changes nothing. */
export async function bookAlarms(tx: Tx, booking: Booking, at: Date): Promise<Booked> {
  const { environment, due, notify } = booking;
  const now = at.toISOString();
  const raised: Alarm[] = [];
  for (const alarm of due) if (await raise(tx, environment, alarm, now)) raised.push(alarm);
  const resolved = await resolveOthers(tx, booking, now);
  await tellEnds(
    tx,
    resolved.map(({ id }) => id),
    now,
  );
  if (notify) await tellOpen(tx, environment, now);
  return { raised, resolved };
}

/** Says it in the log, once it is committed. */
export function tellBooked({ raised, resolved }: Booked, ctx: StageContext): void {
  for (const { class: kind, message, remedy } of raised) ctx.log('MO-010', { class: kind, message, remedy });
  for (const { class: kind, message } of resolved) ctx.log('MO-011', { class: kind, message });
}

async function raise(tx: Tx, environment: string, alarm: Alarm, now: string): Promise<boolean> {
  const rows = await tx.query(
    `insert into freshet.alarm (environment, class, pipeline, entity, source, message, remedy, since, raised_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (environment, class, pipeline, entity, source) where resolved_at is null do nothing returning id`,
    [environment, alarm.class, alarm.pipeline, alarm.entity, alarm.source, alarm.message, alarm.remedy, alarm.since.toISOString(), now],
  );
  return rows.length > 0;
}

function resolveOthers(
  tx: Tx,
  { environment, due, undecided }: Booking,
  now: string,
): Promise<{ id: string; class: string; message: string }[]> {
  const keys = due.map((alarm) => JSON.stringify([alarm.class, alarm.pipeline, alarm.entity, alarm.source]));
  return tx.query(
    `update freshet.alarm set resolved_at = $2
      where environment = $1 and resolved_at is null
        and not exists (select from jsonb_array_elements($3::jsonb) k
                         where k ->> 0 = class and k ->> 1 = pipeline and k ->> 2 = entity and k ->> 3 = source)
        and not (class = 'stale-table' and pipeline = any ($4))
      returning id, class, message`,
    [environment, now, `[${keys.join(',')}]`, undecided],
  );
}

/** Every open alarm without a notice gets one, also one that was raised while nobody could be told. */
async function tellOpen(tx: Tx, environment: string, now: string): Promise<void> {
  await tx.query(
    `insert into freshet.notice (alarm_id, kind, next_try_at)
     select a.id, 'raised', $2 from freshet.alarm a
      where a.environment = $1 and a.resolved_at is null
        and not exists (select from freshet.notice n where n.alarm_id = a.id and n.kind = 'raised')
      order by a.id on conflict do nothing`,
    [environment, now],
  );
}

/** Who may have heard of an alarm hears of its end: a notice that was tried may have arrived although no answer came. */
async function tellEnds(tx: Tx, resolved: readonly string[], now: string): Promise<void> {
  await tx.query(
    `insert into freshet.notice (alarm_id, kind, next_try_at)
     select n.alarm_id, 'resolved', $2 from freshet.notice n
      where n.alarm_id = any ($1::bigint[]) and n.kind = 'raised' and n.tries > 0
      order by n.alarm_id on conflict do nothing`,
    [resolved, now],
  );
}
