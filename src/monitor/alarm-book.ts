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
  /** Whether somebody is to be told: a notice is kept until it is sent. */
  readonly notify: boolean;
}

/** Opens and closes alarms, one for a cause, with their notices in the same transaction. Doing it again changes nothing. */
export async function bookAlarms(tx: Tx, booking: Booking, at: Date): Promise<Booked> {
  const { environment, due, notify } = booking;
  const now = at.toISOString();
  const raised: Alarm[] = [];
  const open: string[] = [];
  for (const alarm of due) {
    const id = await raise(tx, environment, alarm, now);
    if (id === null) continue;
    raised.push(alarm);
    open.push(id);
  }
  const resolved = await resolveOthers(tx, booking, now);
  if (notify) {
    const closed = resolved.map(({ id }) => id);
    await writeNotices(tx, open, 'raised', now);
    await writeNotices(tx, closed, 'resolved', now);
  }
  return { raised, resolved };
}

/** Says it in the log, once it is committed. */
export function tellBooked({ raised, resolved }: Booked, ctx: StageContext): void {
  for (const { class: kind, message, remedy } of raised) ctx.log('MO-010', { class: kind, message, remedy });
  for (const { class: kind, message } of resolved) ctx.log('MO-011', { class: kind, message });
}

async function raise(tx: Tx, environment: string, alarm: Alarm, now: string): Promise<string | null> {
  const [row] = await tx.query<{ id: string }>(
    `insert into freshet.alarm (environment, class, pipeline, entity, source, message, remedy, since, raised_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (environment, class, pipeline, entity, source) where resolved_at is null do nothing returning id`,
    [environment, alarm.class, alarm.pipeline, alarm.entity, alarm.source, alarm.message, alarm.remedy, alarm.since.toISOString(), now],
  );
  return row?.id ?? null;
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

async function writeNotices(tx: Tx, alarms: readonly string[], kind: 'raised' | 'resolved', now: string): Promise<void> {
  await tx.query(`insert into freshet.notice (alarm_id, kind, next_try_at) select unnest($1::bigint[]), $2, $3 on conflict do nothing`, [
    alarms,
    kind,
    now,
  ]);
}
