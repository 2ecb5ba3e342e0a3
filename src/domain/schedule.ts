import { offsetAt } from './zone-offset';

/**
 * When a pipeline starts by itself, as plain data: it travels in workflow inputs and stands in `freshet.schedule`.
 * `daily`: at this local time of the zone. `every`: at whole multiples of the span since 1970 in UTC, as Temporal counts them.
 */
export type Schedule =
  { readonly kind: 'daily'; readonly time: string; readonly timezone: string } | { readonly kind: 'every'; readonly everyMs: number };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * Nominal times after `from`, up to and including `to`, ascending; all instants in ms since 1970. They are those of Temporal's server:
 * a local time that a day leaves out (clocks go forward) does not come, one that a day has twice may come twice.
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
    .filter((wall) => timesOfDay(wall, schedule.timezone).length === 0 && wall > from && wall <= to)
    .map((wall) => new Date(wall).toISOString().slice(0, 10));
}

/** The workflow that serves a nominal time, as Temporal names it; also the request key of its run (contracts §1). */
export function scheduledWorkflowId(pipeline: string, nominal: number): string {
  return `${scheduleId(pipeline)}-${new Date(nominal).toISOString().slice(0, 19)}Z`;
}

/** Request key of a run that serves a nominal time after it was written down as missed: final is final, so it is a run of its own. */
export function lateRequestKey(requestKey: string): string {
  return `${requestKey}/late`;
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
    ['h', HOUR_MS],
    ['m', MINUTE_MS],
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
    .flatMap((wall) => timesOfDay(wall, schedule.timezone))
    .filter((time) => time > from && time <= to);
}

/** The schedule's local time on each local day that may touch the span, written as if local were UTC. */
function wallTimes({ time }: Daily, from: number, to: number): number[] {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const walls: number[] = [];
  for (let day = Math.floor(from / DAY_MS) * DAY_MS - DAY_MS; day <= to + DAY_MS; day += DAY_MS)
    walls.push(day + (hour * 60 + minute) * MINUTE_MS);
  return walls;
}

/**
 * The server's times of one local day, going from one to the next as it does (measured: decision 0003). Usually one. None where clocks
 * leave the hour out. It looks for a repeated hour by comparing whole hours, so the one before a fold may come twice as well.
 */
function timesOfDay(wall: number, zone: string): number[] {
  const local = (instant: number): number => instant + offsetAt(instant, zone);
  const first = serverInstant(wall, zone);
  if (hourOf(local(first)) !== hourOf(wall)) return [];
  const hour = Math.floor(wall / HOUR_MS) * HOUR_MS;
  const jumps = serverInstant(hour + HOUR_MS, zone) - serverInstant(hour, zone) > HOUR_MS;
  const inSecondCopy = hourOf(local(first - HOUR_MS)) === hourOf(wall);
  return jumps && !inSecondCopy ? [first, first + HOUR_MS] : [first];
}

/** The instant that the server takes a local time for: with the offset that a clock set to UTC would meet, corrected once. */
function serverInstant(wall: number, zone: string): number {
  const guess = offsetAt(wall, zone);
  return guess === 0 ? wall : wall - offsetAt(wall - guess, zone);
}

function hourOf(wall: number): number {
  return Math.floor(wall / HOUR_MS) % 24;
}

/** The zone in which people think of its times. */
export function zoneOf(schedule: Schedule | null): string {
  return schedule?.kind === 'daily' ? schedule.timezone : 'UTC';
}
