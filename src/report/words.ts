import { parseInstant } from '../domain/instant';
import { ANYONE, type Reader } from '../domain/wait-words';
import type { EntityFacts, RunHead } from './run-facts';

export { count, counted } from '../domain/counted';

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1] ?? ''}`;
}

/** An ISO instant for people: `2026-11-22 00:46:47 UTC`. */
export function clock(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** The time between two ISO instants: `0.8 s`, `12 s`, `3 min 4 s`, `2 h 5 min`; a dash where one is missing. */
export function duration(from: string | null, to: string | null): string {
  const [start, end] = [from === null ? null : parseInstant(from), to === null ? null : parseInstant(to)];
  if (!start || !end) return '–';
  const seconds = Number((end.micros - start.micros) / 1000n) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Reports are read anywhere and at any time: days and zone are named. */
export function reportReader({ timezone }: Pick<RunHead, 'timezone'>): Reader {
  return { ...ANYONE, zone: timezone };
}

/** What was read and why: `complete (first read)`, `changes since 2026-…`, `partial read (at most 50 records)`, `nothing yet`. */
export function readWords(entity: Pick<EntityFacts, 'read_kind' | 'full_reason' | 'read_from'>): string {
  if (entity.read_kind === null) return 'nothing yet';
  if (entity.read_kind === 'complete') return `complete (${entity.full_reason ?? 'no reason stored'})`;
  if (entity.full_reason === 'reconcile') return 'compared with the source';
  const why = entity.full_reason === null ? '' : ` (${entity.full_reason})`;
  if (entity.read_kind === 'incremental') return `changes since ${entity.read_from ?? 'the beginning'}${why}`;
  return `${entity.read_kind} read${entity.read_from === null ? '' : ` of changes since ${entity.read_from}`}${why}`;
}
