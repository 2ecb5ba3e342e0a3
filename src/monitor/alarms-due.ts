import { counted } from '../domain/counted';
import { spanWords } from '../domain/span-words';
import { ageOf } from '../verify/freshness/status-of';
import { FOREIGN_PIPELINE } from '../run/file-source';
import type { Alarm, AlarmFacts, AlarmLimits, ComparisonMade, MissedRun, RunAge, TableAge } from './alarm';

const NOBODY = { pipeline: '', entity: '', source: '' };

/** Everything that is wrong at this moment. Pure: the same facts and the same `now` give the same alarms. */
export function alarmsDue(facts: AlarmFacts, limits: AlarmLimits, now: Date): Alarm[] {
  return [
    ...facts.tables.map((table) => stale(table, now) ?? oldDates(table, now)).filter((alarm) => alarm !== null),
    ...silent(facts.worker, limits.workerGoneAfter, now, {
      class: 'dead-worker',
      message: 'No worker is alive',
      remedy: 'Start one: ./freshet worker (or ./freshet up). Runs under way go on where they stopped.',
    }),
    ...silent(facts.temporal, limits.temporalGoneAfter, now, {
      class: 'temporal-gone',
      message: 'Temporal does not answer',
      remedy: 'Start it, or everything with ./freshet up. Nothing is lost; runs go on when it is back.',
    }),
    ...facts.runs.flatMap((run) => stuck(run, limits.stuckAfter, now)),
    ...newestMissed(facts.missed).map(missed),
    ...(facts.comparisons ?? []).flatMap(compared),
  ];
}

function stale({ pipeline, entity, source, table, asOf, firstRun, maxAge }: TableAge, now: Date): Alarm | null {
  const since = asOf ?? firstRun;
  if (maxAge === null || since === null || now.getTime() - since.getTime() <= maxAge) return null;
  const said =
    asOf === null
      ? `${table} was never read well; ${pipeline} ran first at ${utc(since)}`
      : `${table} shows the source as of ${utc(since)}; at most ${spanWords(maxAge)} are allowed`;
  const again = pipeline === FOREIGN_PIPELINE ? './freshet load' : `./freshet run ${pipeline}`;
  return { class: 'stale-table', pipeline, entity, source, message: said, remedy: `See why with ./freshet status, then ${again}`, since };
}

/** Read in time, and yet what it shows is old: the same cause as long as it lasts, whichever of the two figures tells it. */
function oldDates({ pipeline, entity, source, table, newest }: TableAge, now: Date): Alarm | null {
  if (newest === undefined) return null;
  const age = ageOf(newest.at, now);
  if (age <= newest.maxAge) return null;
  const message = `The newest ${newest.column} in ${table} is ${newest.at.slice(0, 10)}; at most ${spanWords(newest.maxAge)} are allowed`;
  const remedy = `Look in the source whether it has newer ${entity}; ./freshet freshness shows how the table stands`;
  return { class: 'stale-table', pipeline, entity, source, message, remedy, since: new Date(now.getTime() - age) };
}

function silent(seen: Date | null, limit: number, now: Date, alarm: Pick<Alarm, 'class' | 'message' | 'remedy'>): Alarm[] {
  if (seen === null || now.getTime() - seen.getTime() <= limit) return [];
  return [{ ...NOBODY, ...alarm, message: `${alarm.message} since ${utc(seen)}`, since: seen }];
}

/** A run that waits for something is as old as the end of its wait. */
function stuck({ runId, pipeline, progressAt, waitUntil }: RunAge, limit: number, now: Date): Alarm[] {
  const since = waitUntil !== null && waitUntil > progressAt ? waitUntil : progressAt;
  if (now.getTime() - since.getTime() <= limit) return [];
  const message = `Run ${runId} of ${pipeline} has made no progress since ${utc(since)}`;
  const remedy = `See it with ./freshet show ${runId}; ./freshet cancel ${runId} ends it, what is committed stays`;
  return [{ ...NOBODY, class: 'stuck-run', pipeline, message, remedy, since }];
}

function missed({ pipeline, nominal, reason }: MissedRun): Alarm {
  const message = `The run of ${pipeline} at ${utc(nominal)} did not take place: ${reason}`;
  const remedy = `Run it now with ./freshet run ${pipeline}; ./freshet schedule list shows when it comes next`;
  return { ...NOBODY, class: 'missed-schedule', pipeline, message, remedy, since: nominal };
}

/** What was accepted is no alarm; the next comparison that finds nothing new ends it, also one by hand. */
function compared({ name, at, outcome, new: fresh, message, remedy }: ComparisonMade): Alarm[] {
  const cause = { ...NOBODY, entity: name, since: at };
  if (outcome === 'different') {
    const found = `Comparison ${name} found ${counted(fresh, 'new difference')} at ${utc(at)}`;
    const next = `See them with ./freshet compare ${name}; those that are known: ./freshet compare accept ${name}`;
    return [{ ...cause, class: 'new-differences', message: found, remedy: next }];
  }
  if (outcome !== 'failed') return [];
  return [
    {
      ...cause,
      class: 'comparison-failed',
      message: `Comparison ${name} could not be made at ${utc(at)}: ${message ?? ''}`,
      remedy: remedy ?? `Make it by hand: ./freshet compare ${name}`,
    },
  ];
}

/** However many times were missed, a pipeline is one cause. */
function newestMissed(all: readonly MissedRun[]): MissedRun[] {
  const newest = new Map<string, MissedRun>();
  for (const one of all) {
    const known = newest.get(one.pipeline);
    if (known === undefined || known.nominal < one.nominal) newest.set(one.pipeline, one);
  }
  return [...newest.values()];
}

function utc(instant: Date): string {
  return `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
