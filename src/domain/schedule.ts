import { offsetAt } from './instant';

/**
 * When a pipeline starts by itself, as plain data: it travels in workflow inputs and stands in `freshet.schedule`.
 * `daily`: at this local time of the zone. `every`: at whole multiples of the span since 1970 in UTC, as Temporal counts them.
 */
export type Schedule =
  { readonly kind: 'daily'; readonly time: string; readonly timezone: string } | { readonly kind: 'every'; readonly everyMs: number };

const DAY_MS = 86_400_000;

/**
 * Nominal times after `from`, up to and including `to`, ascending; all instants in ms since 1970. They are those of Temporal's server:
 * a local time that a day leaves out (clocks go forward) does not come, one that a day has twice comes twice.
 */
export function nominalTimes(schedule: Schedule, from: number, to: number): number[] {
  return schedule.kind === 'every' ? multiples(schedule.everyMs, from, to) : dailyTimes(schedule, from, to);
}

/** The first nominal time after an instant. */
export function nextNominal(schedule: Schedule, after: number): number {
  if (schedule.kind === 'every') return (Math.floor(after / schedule.everyMs) + 1) * schedule.everyMs;
  // Two days always hold one, unless clocks leave a time out: then three do.
  const next = dailyTimes(schedule, after, after + 3 * DAY_MS)[0];
  if (next === undefined) throw new RangeError(`no ${schedule.time} in ${schedule.timezone} within three days`);
  return next;
}

/** Local days (`2027-03-28`) between two instants that leave the schedule's time out, because clocks go forward over it. */
export function daysLeftOut(schedule: Schedule, from: number, to: number): string[] {
  if (schedule.kind === 'every') return [];
  return wallTimes(schedule, from, to)
    .filter((wall) => instantsOf(wall, schedule.timezone).length === 0 && wall > from && wall <= to)
    .map((wall) => new Date(wall).toISOString().slice(0, 10));
}

/**
 * Nominal times that nothing will serve any more: the next one has come too (a late start would be superseded by it), `graceMs` ago.
 * Which of them have a row already is PostgreSQL's to say (`recordMissed`).
 */
export function passedTimes(schedule: Schedule, { since, now, graceMs }: { since: number; now: number; graceMs: number }): number[] {
  return nominalTimes(schedule, since, now - graceMs).filter((time) => nextNominal(schedule, time) <= now - graceMs);
}

/** The workflow that serves a nominal time, as Temporal names it; also the request key of its run (contracts §1). */
export function scheduledWorkflowId(pipeline: string, nominal: number): string {
  return `${scheduleId(pipeline)}-${new Date(nominal).toISOString().slice(0, 19)}Z`;
}

/** Id of a pipeline's schedule in Temporal. */
export function scheduleId(pipeline: string): string {
  return `schedule/${pipeline}`;
}

/** `daily 02:00 Europe/Berlin`, `every 15m`. */
export function scheduleText(schedule: Schedule): string {
  if (schedule.kind === 'daily') return `daily ${schedule.time} ${schedule.timezone}`;
  const units = [
    ['d', DAY_MS],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ] as const;
  const [unit, size] = units.find(([, ms]) => schedule.everyMs % ms === 0) ?? units[4];
  return `every ${schedule.everyMs / size}${unit}`;
}

function multiples(everyMs: number, from: number, to: number): number[] {
  const times: number[] = [];
  for (let time = (Math.floor(from / everyMs) + 1) * everyMs; time <= to; time += everyMs) times.push(time);
  return times;
}

type Daily = Extract<Schedule, { kind: 'daily' }>;

function dailyTimes(schedule: Daily, from: number, to: number): number[] {
  return wallTimes(schedule, from, to)
    .flatMap((wall) => instantsOf(wall, schedule.timezone))
    .filter((time) => time > from && time <= to);
}

/** The schedule's local time on each local day that may touch the span, written as if local were UTC. */
function wallTimes({ time }: Daily, from: number, to: number): number[] {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const walls: number[] = [];
  for (let day = Math.floor(from / DAY_MS) * DAY_MS - DAY_MS; day <= to + DAY_MS; day += DAY_MS)
    walls.push(day + (hour * 60 + minute) * 60_000);
  return walls;
}

/** Every instant at which clocks of the zone show this time: none in a gap, two in a fold. */
function instantsOf(wall: number, zone: string): number[] {
  const offsets = [...new Set([offsetAt(wall - DAY_MS, zone), offsetAt(wall + DAY_MS, zone)])];
  return offsets
    .map((offset) => wall - offset)
    .filter((instant) => instant + offsetAt(instant, zone) === wall)
    .sort((a, b) => a - b);
}
