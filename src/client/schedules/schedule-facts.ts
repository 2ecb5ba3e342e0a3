import type { ScheduleDescription } from '@temporalio/client';
import { readAppliedSchedules, type AppliedSchedule } from '../../database/schedule-store';
import { daysLeftOut, nextNominal, scheduleText, type Schedule } from '../../domain/schedule';
import { pausedReason, type ScheduleDeps } from './apply-schedules';
import { listPipelines } from '../../config/pipeline';
import type { ErrorView } from '../envelope';
import { desiredOrBroken } from './desired-schedules';
import { scheduleDifferences, timesText } from './schedule-differences';

/** How a pipeline's schedule stands, in words that need no Temporal. */
export type ScheduleStanding = 'scheduled' | 'paused' | 'not applied' | 'changed' | 'no schedule' | 'file broken';

/** When a pipeline starts next by itself, and why not. Instants are ISO text in UTC. */
export interface ScheduleFacts {
  readonly pipeline: string;
  readonly standing: ScheduleStanding;
  /** `daily 02:00 Europe/Berlin`; what Temporal has, else what the file wants. */
  readonly times: string | null;
  readonly timezone: string | null;
  /** Tables are compared with their source behind the first start so long (ms) after the last time; `fix`: what differs is fetched. */
  readonly compared: { readonly every: number; readonly fix: boolean } | null;
  /** The next nominal times; empty while nothing will start. */
  readonly next: readonly string[];
  readonly why_not: string | null;
  /** Everything that is wrong with its file. */
  readonly mistake: ErrorView | null;
  readonly paused_since: string | null;
  /** Local days of the next year that leave the time out, because clocks go forward over it. */
  readonly days_left_out: readonly string[];
}

const SHOWN = 3;
const YEAR_MS = 366 * 86_400_000;

/** The schedules of every pipeline of the files, of Temporal and of PostgreSQL. `schedules: null`: Temporal is not asked. */
export async function readScheduleFacts(
  deps: Pick<ScheduleDeps, 'db' | 'loaded'> & { readonly schedules: ScheduleDeps['schedules'] | null },
  now: Date,
): Promise<ScheduleFacts[]> {
  const { db, loaded, schedules } = deps;
  const applied = new Map((await readAppliedSchedules(db, loaded.settings.environment)).map((row) => [row.pipeline, row]));
  const names = [...new Set([...listPipelines(loaded.root), ...applied.keys()])].sort();
  return Promise.all(
    names.map(async (pipeline) => {
      const found = schedules === null ? null : await schedules.find(pipeline);
      const known = { pipeline, ...desiredOrBroken(loaded, pipeline), applied: applied.get(pipeline), asked: schedules !== null, found };
      return factsOf(known, now);
    }),
  );
}

interface Known extends ReturnType<typeof desiredOrBroken> {
  readonly pipeline: string;
  readonly applied: AppliedSchedule | undefined;
  /** Whether Temporal was asked; without, `found` says nothing. */
  readonly asked: boolean;
  readonly found: ScheduleDescription | null;
}

function factsOf(known: Known, now: Date): ScheduleFacts {
  const { pipeline, desired, applied, found } = known;
  const schedule = applied?.schedule ?? desired?.schedule ?? null;
  const paused = found === null ? (applied?.paused_reason ?? null) : pausedReason(found);
  const { standing, why } = standingOf(known, paused);
  const starts = isThere(known) && paused === null;
  const ourTimes = schedule === null ? null : scheduleText(schedule);
  return {
    pipeline,
    standing,
    times: found === null ? ourTimes : timesText(found),
    timezone: found?.spec.timezone || zoneOf(schedule),
    compared: known.compared,
    next: starts ? nextTimes(found, schedule, now) : [],
    why_not: why,
    mistake: known.broken,
    paused_since: paused === null ? null : (applied?.paused_at ?? null),
    days_left_out: schedule === null ? [] : daysLeftOut(schedule, now.getTime(), now.getTime() + YEAR_MS),
  };
}

function isThere({ asked, found, applied }: Known): boolean {
  return asked ? found !== null : applied !== undefined;
}

const APPLY = './freshet schedule apply';

function standingOf(known: Known, paused: string | null): { standing: ScheduleStanding; why: string | null } {
  const { pipeline, desired, broken, applied } = known;
  const there = isThere(known);
  if (paused !== null && there) return { standing: 'paused', why: `paused: ${paused} (./freshet schedule resume ${pipeline})` };
  if (broken !== null)
    return { standing: 'file broken', why: `its file has a mistake at ${broken.where ?? pipeline} (./freshet config validate)` };
  if (!there && desired === null) return { standing: 'no schedule', why: 'its file names no schedule' };
  if (!there)
    return { standing: 'not applied', why: applied === undefined ? `not applied yet (${APPLY})` : `gone from Temporal (${APPLY})` };
  if (isAsTheFileSays(known)) return { standing: 'scheduled', why: null };
  return { standing: 'changed', why: 'its file says otherwise (./freshet schedule diff)' };
}

function isAsTheFileSays({ desired, applied, found }: Known): boolean {
  if (desired === null || (found !== null && scheduleDifferences(desired, found).length > 0)) return false;
  return applied === undefined || scheduleText(applied.schedule) === scheduleText(desired.schedule);
}

function zoneOf(schedule: Schedule | null): string | null {
  if (schedule === null) return null;
  return schedule.kind === 'daily' ? schedule.timezone : 'UTC';
}

/** What the server says, where it was asked. */
function nextTimes(found: ScheduleDescription | null, schedule: Schedule | null, now: Date): string[] {
  if (found !== null) return found.info.nextActionTimes.slice(0, SHOWN).map((time) => time.toISOString());
  const times: string[] = [];
  for (let at = now.getTime(); schedule !== null && times.length < SHOWN; times.push(new Date(at).toISOString()))
    at = nextNominal(schedule, at);
  return times;
}
