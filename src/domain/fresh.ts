import { ANYONE, timeWords } from './wait-words';

const FRESH = 'fresh until ';

/** Why an entity is skipped that was read a short while ago. `until`: ISO text. */
export function freshReason(until: string): string {
  return `${FRESH}${timeWords(until, ANYONE)} (fresh_for of the pipeline file); --force reads it all the same`;
}

/** Skipped because what is held is fresh, not because something upstream is missing (contracts §2). */
export function isFresh(skippedReason: string | null): boolean {
  return skippedReason?.startsWith(FRESH) ?? false;
}
