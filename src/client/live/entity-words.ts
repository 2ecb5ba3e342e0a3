import { COUNTS } from '../../domain/publish-ledger';
import type { EntityState } from '../../domain/run';
import { isFinalEntity } from '../../domain/run';
import { waitWords, type Reader } from '../../domain/wait-words';
import { publishedMoves } from '../../report/published-words';
import { count, counted, duration, listed } from '../../report/words';
import { shown } from '../output';
import type { LiveEntity, LiveRun } from './live-facts';
import { spinner, type Tone } from './look';

/** The steps of an entity, as they are counted for people. */
const STEPS: Partial<Record<EntityState, string>> = {
  extracting: '1/4 extract',
  loading: '2/4 load',
  publishing: '3/4 publish',
  verifying: '4/4 verify',
};

/** As wide as the widest step or state. */
export const STEP_WIDTH = 11;

/** `1/4 extract`, `completed`, `doubtful` (completed, with a doubt). */
export function stepOf({ state, doubts }: LiveEntity): string {
  if (state === 'completed' && doubts.length > 0) return 'doubtful';
  return STEPS[state] ?? state;
}

export interface Mark {
  readonly sign: string;
  readonly tone: Tone;
}

/** ✓ good · ⚠ look at it · ✗ data stopped · ℹ by intent · a turning sign while it goes on. `at` in milliseconds. */
export function markOf(entity: LiveEntity, at: number): Mark {
  const { state, wait_reason, wait_until } = entity;
  if (state === 'completed') return entity.doubts.length > 0 ? WARN : GOOD;
  if (state === 'failed') return BAD;
  if (state === 'held') return WARN;
  if (state === 'skipped' || state === 'cancelled') return INFO;
  if (wait_reason !== null) return wait_until === null ? WARN : INFO;
  return state === 'waiting' ? { sign: '·', tone: 'dim' } : { sign: spinner(at), tone: 'info' };
}

export const GOOD: Mark = { sign: '✓', tone: 'good' };
export const WARN: Mark = { sign: '⚠', tone: 'warn' };
export const BAD: Mark = { sign: '✗', tone: 'bad' };
export const INFO: Mark = { sign: 'ℹ', tone: 'info' };

/** `3 pages`, empty before the first. */
export function pagesOf({ pages }: LiveEntity): string {
  return pages === 0 ? '' : counted(pages, 'page');
}

/** `75 of 8,000 records` while details are fetched, else `1,200 records`, or what was listed where nothing of it had to be fetched. */
export function recordsOf({ fetched, remaining, listed: seen, state }: LiveEntity): string {
  if (remaining > 0 && !isFinalEntity(state)) return `${count(fetched)} of ${counted(fetched + remaining, 'record')}`;
  if (fetched > 0) return counted(fetched, 'record');
  if (seen > 0) return `${count(seen)} listed`;
  return state === 'completed' ? counted(0, 'record') : '';
}

/** `240/s`, `0.4/s`; empty where nothing moves. */
export function rateOf({ rate, state, wait_reason }: LiveEntity): string {
  if (rate === null || rate <= 0 || state === 'waiting' || wait_reason !== null) return '';
  if (rate < 0.05) return '';
  return rate < 10 ? `${rate.toFixed(1)}/s` : `${count(Math.round(rate))}/s`;
}

/** How long it took, or takes by now. */
export function timeOf({ started_at, completed_at, state }: LiveEntity, now: string): string {
  if (started_at === null || (completed_at === null && isFinalEntity(state))) return '';
  return duration(started_at, completed_at ?? now);
}

/** What else is worth a word: why it waits, what moved, why it stopped. `open` are the entities of the run that are not final. */
export function noteOf(entity: LiveEntity, reader: Reader, open: ReadonlySet<string>): string {
  const { state } = entity;
  if (state === 'failed') return shown(entity.error_message ?? 'no reason stored', 500);
  if (state === 'held') return shown(entity.held_reason ?? 'no reason stored', 500);
  if (state === 'skipped') return shown(entity.skipped_reason ?? 'no reason stored', 500);
  if (state === 'cancelled') return moved(entity);
  if (state === 'completed') return parts(shown(entity.doubts[0]?.message ?? '', 500), movement(entity), published(entity));
  if (entity.wait_reason !== null) return shown(waitWords(entity, reader), 500);
  const upstream = entity.dependsOn.filter((name) => open.has(name));
  if (state === 'waiting') return upstream.length === 0 ? '' : `for ${shown(listed(upstream), 500)}`;
  if (state === 'publishing') return publishing(entity);
  return entity.landed > 0 && entity.landed < entity.fetched ? `${count(entity.landed)} loaded` : '';
}

const parts = (...texts: readonly string[]): string => texts.filter((text) => text !== '').join(' · ');

/** `published: 20 created, 3 updated`; empty where nothing moved. */
function published({ published: counts }: LiveEntity): string {
  const moves = counts === null ? '' : publishedMoves(counts);
  return moves === '' ? '' : `published: ${moves}`;
}

/** `20,000 looked at · published: 312 created`. */
function publishing(entity: LiveEntity): string {
  const looked = (entity.published?.changed ?? 0) + (entity.published?.retried ?? 0);
  return parts(looked === 0 ? '' : `${count(looked)} looked at`, published(entity));
}

/** Who looks at a run on this terminal. */
export function readerOf({ now, zone }: LiveRun): Reader {
  return { now, zone, named: false };
}

const MOVES = ['inserted', 'updated', 'revived', 'undone', 'deleted'] as const;

/** `1,200 inserted, 3 updated, 1 rejected`, or `nothing new`. */
export function movement(entity: Pick<LiveEntity, (typeof MOVES)[number] | 'rejected' | 'undetailed'>): string {
  const text = moved(entity);
  return text === '' ? 'nothing new' : text;
}

function moved(entity: Pick<LiveEntity, (typeof MOVES)[number] | 'rejected' | 'undetailed'>): string {
  const rejected = entity.rejected + entity.undetailed;
  return [...MOVES.map((name) => [name, entity[name]] as const), ['rejected', rejected] as const]
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${count(value)} ${name}`)
    .join(', ');
}

/** Every count that says something, for who asked for details: `listed 8 · known 2 · fetched 6`. */
export function countsOf(entity: LiveEntity): string[] {
  const names = [
    'listed',
    'known',
    'fetched',
    'remaining',
    'landed',
    'inserted',
    'updated',
    'revived',
    'unchanged',
    'deleted',
    'rejected',
  ] as const;
  const moved = names.filter((name) => entity[name] > 0).map((name) => `${name} ${count(entity[name])}`);
  const published = COUNTS.filter((name) => (entity.published?.[name] ?? 0) > 0);
  return [...moved, ...published.map((name, n) => `${n === 0 ? 'published: ' : ''}${name} ${count(entity.published?.[name] ?? 0)}`)];
}
