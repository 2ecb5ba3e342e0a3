import type { EntityFacts, Reconciled } from './run-facts';
import { count, counted } from './words';

/** Names of the classes of differences, as people read them. */
export const CLASS_WORDS = [
  ['missing', 'missing here'],
  ['older', 'older here'],
  ['newer', 'newer here'],
  ['extra', 'not at the source'],
] as const;

export function differencesOf({ missing, older, newer, extra }: Reconciled): number {
  return missing + older + newer + extra;
}

/** `15,743 missing here, 2 older here`; `equal`. */
export function differenceWords(found: Pick<Reconciled, (typeof CLASS_WORDS)[number][0]>): string {
  const told = CLASS_WORDS.filter(([name]) => found[name] > 0).map(([name, words]) => `${count(found[name])} ${words}`);
  return told.length === 0 ? 'equal' : told.join(', ');
}

/** What a comparison found and what became of it, in one sentence. */
export function reconciledWords(found: Reconciled): string {
  const moving = found.moving === 0 ? '' : `; ${count(found.moving)} changed while it was read, the next run brings them`;
  return `${counted(found.at_source, 'record')} at the source${daysWords(found)}, ${count(found.here)} here: ${differenceWords(found)}${outcome(found)}${moving}`;
}

/** `: 2026-11-01 to 2026-11-07` and the like; empty where every day was compared. */
function daysWords({ from_day: from, to_day: to }: Reconciled): string {
  if (from === null && to === null) return '';
  if (from !== null && from === to) return ` changed on ${from}`;
  return ` changed${from === null ? '' : ` from ${from}`}${to === null ? '' : ` to ${to}`}`;
}

function outcome(found: Reconciled): string {
  const all = differencesOf(found);
  if (all === 0 || !found.fix) return '';
  if (found.left_over === null) return '; not mended yet';
  if (found.left_over === 0) return '; all mended';
  return `; ${count(found.left_over)} of them left`;
}

/** Of a run that compared: what came of it, over all entities; `null` for runs that did not, or did not come so far. */
export function reconciledVerdict(entities: readonly EntityFacts[]): string | null {
  const all = entities.flatMap(({ reconciled }) => reconciled ?? []);
  if (all.length === 0) return null;
  const sum = (of: (found: Reconciled) => number): number => all.reduce((total, found) => total + of(found), 0);
  const compared = `${counted(
    sum(({ at_source: n }) => n),
    'record',
  )} compared in ${counted(all.length, 'table')}`;
  const [found, left] = [sum(differencesOf), sum(({ left_over: n }) => n ?? 0)];
  if (found === 0) return `Tables and source are equal: ${compared}.`;
  if (left === 0) return `Tables and source are equal again: ${compared}, ${counted(found, 'difference')} mended.`;
  const mended = found > left ? `, ${count(found - left)} mended` : '';
  return `Tables and source differ: ${compared}, ${counted(left, 'difference')}${mended}.`;
}
