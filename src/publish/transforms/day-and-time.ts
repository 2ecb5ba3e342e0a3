import type { TransformOf } from '../../config/schema/publish-transform';
import { instantCell } from '../../json/time-cell';
import { doesNotFit } from '../mapping/does-not-fit';
import { shown } from '../mapping/findings';
import type { Cell } from '../mapping/mapping';
import type { RowPlan } from '../mapping/row-plan';
import { dayReader, timeOfDay } from './date';

/** A day and the time of that day, which a source keeps in two fields, as one instant. Where one of them is missing there is none. */
export function dayAndTime(plan: RowPlan, settings: TransformOf<'day_and_time'>, path: string): void {
  const { columns, zone: ofSource } = plan.surroundings;
  const zone = settings.zone ?? ofSource;
  const day = columns.value(settings.day, { path: `${path}.day` });
  const time = columns.value(settings.time, { path: `${path}.time` });
  if (day.type !== 'date' && day.type !== 'text') throw doesNotFit(`${path}.day`, `${settings.day} is ${day.type}, and no day`);
  if (time.type !== 'bigint' && time.type !== 'text')
    throw doesNotFit(`${path}.time`, `${settings.time} is ${time.type}, and no time of day`);
  const { at } = plan.add(settings.into, 'timestamptz', { path: `${path}.into` });
  const readDay = dayReader(undefined, zone);
  const severity = settings.invalid === 'reject' ? 'error' : 'warning';
  plan.steps.push((source, cells, { findings }) => {
    const [onDay, atTime] = [day.read(source), time.read(source)];
    if (onDay === undefined || atTime === undefined) return;
    const made = joined(onDay, atTime, (text) => readDay(text), zone);
    cells[at] = made ?? null;
    if (made !== undefined) return;
    const message = `${settings.day} is ${shown(onDay)} and ${settings.time} is ${shown(atTime)}, which is no instant`;
    findings.add({ rule: 'day_and_time', field: settings.into, severity, message });
  });
}

function joined(day: Cell, time: Cell, readDay: (text: string) => Cell, zone: string): Cell {
  if (typeof day !== 'string' || typeof time !== 'string' || time === '') return null;
  const read = readDay(day);
  if (typeof read !== 'string') return read;
  const clock = timeOfDay(time);
  return clock === undefined ? undefined : instantCell(`${read}T${clock}`, zone);
}
