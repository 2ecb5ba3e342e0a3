import { isCalendarDay } from '../domain/instant';
import { FreshetError } from '../domain/errors';
import { comparesEveryDay, type Comparison } from '../extract/comparison';
import { runEntity, type RunConfig } from './run-config';

/** What the run's row keeps of a comparison; `undefined` for runs of other kinds. */
export function comparisonOf(command: Readonly<Record<string, unknown>>): Comparison | undefined {
  const kept = command['reconcile'];
  return typeof kept === 'object' && kept !== null && 'fix' in kept ? (kept as Comparison) : undefined;
}

/**
 * The entities that a comparison is of; `undefined`: all that are switched `on`. Of single days only those whose records tell a time: all of them where none is named.
 * Errors: `config_error` codes `days-reversed`, `day-unreadable`, `compare-without-time`.
 */
export function comparedEntities(
  config: Pick<RunConfig, 'pipeline' | 'source' | 'definition'>,
  comparison: Comparison,
  { named, on }: { readonly named: readonly string[] | undefined; readonly on: readonly string[] },
): readonly string[] | undefined {
  checkDays(comparison);
  if (comparesEveryDay(comparison)) return named;
  const hasTime = (name: string): boolean => runEntity(config, name).definition.cursor?.kind === 'instant';
  const timeless = (named ?? []).filter((name) => !hasTime(name));
  const timed = on.filter(hasTime);
  if (timeless.length > 0 || timed.length === 0) throw withoutTime(config.pipeline.name, timeless, timed);
  return named ?? timed;
}

function checkDays({ from, to }: Comparison): void {
  for (const [flag, day] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    if (day !== null && !isDay(day)) throw unreadable(flag, day);
  }
  if (from === null || to === null || from <= to) return;
  throw new FreshetError('config_error', {
    code: 'days-reversed',
    message: `--from ${from} is after --to ${to}`,
    remedy: 'Give them the other way round; both days belong to what is compared. Nothing was begun.',
  });
}

function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  return year !== undefined && Number(year) > 0 && isCalendarDay(Number(year), Number(month), Number(day));
}

function unreadable(flag: string, day: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'day-unreadable',
    message: `${flag} ${day} is no day`,
    remedy: `Write it as ${flag} 2026-11-01; days are those of UTC. Nothing was begun.`,
  });
}

function withoutTime(pipeline: string, timeless: readonly string[], timed: readonly string[]): FreshetError {
  const what = timeless.length === 0 ? `Nothing in ${pipeline}` : timeless.join(' and ');
  return new FreshetError('config_error', {
    code: 'compare-without-time',
    message: `${what} ${timeless.length === 0 ? 'can' : 'cannot'} be compared by days: the source gives no time of change with its rows`,
    remedy: `Leave the days out, which compares all of it${timed.length === 0 ? '' : `, or name others: ${timed.join(', ')}`}. Nothing was begun.`,
  });
}
