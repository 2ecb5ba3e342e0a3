import type { CalendarSpecDescription, ScheduleDescription } from '@temporalio/client';
import { canonicalJson } from '../../config/canonical-json';
import { scheduleId, scheduleText, type Schedule } from '../../domain/schedule';
import { compileSchedule, type DesiredSchedule } from './compile-schedule';

/** One thing in which Temporal's schedule is not what the file wants. */
export interface Difference {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
}

/** Compares what is wanted with what Temporal says it has, in everything that decides when and what it starts. */
export function scheduleDifferences(desired: DesiredSchedule, found: ScheduleDescription): Difference[] {
  const wanted = compileSchedule(desired);
  const { action, policies, spec } = found;
  const rows: readonly (readonly [what: string, wanted: string, found: string])[] = [
    ['times', scheduleText(desired.schedule), timesText(found)],
    ['starts', `scheduledStart as ${scheduleId(desired.pipeline)}`, `${action.workflowType} as ${action.workflowId}`],
    ['task queue', wanted.action.taskQueue, action.taskQueue],
    ['input', canonicalJson(wanted.action.args), canonicalJson(action.args ?? [])],
    ['overlap', wanted.policies.overlap, policies.overlap ?? 'none'],
    ['catch-up window', `${wanted.policies.catchupWindow / 1000} s`, `${policies.catchupWindow / 1000} s`],
    ['pause on failure', 'no', policies.pauseOnFailure ? 'yes' : 'no'],
    ['limits', 'none', limits(spec, found.state.remainingActions)],
  ];
  return rows.filter(([, left, right]) => left !== right).map(([what, left, right]) => ({ what, wanted: left, found: right }));
}

function limits(spec: ScheduleDescription['spec'], remaining: number | undefined): string {
  const said = [
    spec.startAt === undefined ? '' : `from ${spec.startAt.toISOString()}`,
    spec.endAt === undefined ? '' : `until ${spec.endAt.toISOString()}`,
    (spec.jitter ?? 0) > 0 ? `jitter ${String(spec.jitter)} ms` : '',
    (spec.skip ?? []).length > 0 ? 'left out times' : '',
    remaining === undefined ? '' : `${remaining} starts left`,
  ].filter((text) => text !== '');
  return said.join(', ') || 'none';
}

/** Temporal's times in our words; what has none is shown as it is. */
export function timesText({ spec }: Pick<ScheduleDescription, 'spec'>): string {
  const schedule = scheduleIn(spec);
  return schedule === null
    ? `something else: ${JSON.stringify({ calendars: spec.calendars, intervals: spec.intervals, timezone: spec.timezone })}`
    : scheduleText(schedule);
}

function scheduleIn({ calendars = [], intervals = [], timezone }: ScheduleDescription['spec']): Schedule | null {
  const [calendar, ...more] = calendars;
  if (calendar !== undefined && more.length === 0 && intervals.length === 0) return dailyIn(calendar, timezone);
  const [interval, ...others] = intervals;
  const plain = interval !== undefined && others.length === 0 && calendars.length === 0 && (interval.offset ?? 0) === 0;
  return plain ? { kind: 'every', everyMs: Number(interval.every) } : null;
}

function dailyIn(calendar: CalendarSpecDescription, timezone: string | undefined): Schedule | null {
  const [hour, minute, second] = [calendar.hour, calendar.minute, calendar.second].map(single);
  const everyDay = isWhole(calendar.dayOfMonth, 1, 31) && isWhole(calendar.month, 'JANUARY', 'DECEMBER') && calendar.year.length === 0;
  if (
    typeof hour !== 'number' ||
    typeof minute !== 'number' ||
    second !== 0 ||
    !everyDay ||
    !isWhole(calendar.dayOfWeek, 'SUNDAY', 'SATURDAY')
  )
    return null;
  const two = (value: number): string => String(value).padStart(2, '0');
  return { kind: 'daily', time: `${two(hour)}:${two(minute)}`, timezone: timezone === undefined || timezone === '' ? 'UTC' : timezone };
}

interface Range<T> {
  readonly start: T;
  readonly end: T;
  readonly step: number;
}

function single(ranges: readonly Range<number>[]): number | null {
  const [range, ...more] = ranges;
  return range !== undefined && more.length === 0 && range.start === range.end ? range.start : null;
}

function isWhole<T>(ranges: readonly Range<T>[], first: T, last: T): boolean {
  const [range, ...more] = ranges;
  return range !== undefined && more.length === 0 && range.start === first && range.end === last && range.step === 1;
}
