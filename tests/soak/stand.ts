import type { InstallationOf } from '../support/installation';
import type { Dice } from './dice';

/** A source that is edited, deletes, is late and fails while freshet reads it; everything follows from the dice. */
export interface Stand {
  readonly name: string;
  readonly schema: string;
  /** In the order of their reading. */
  readonly entities: readonly string[];
  readonly at: InstallationOf<{ close(): Promise<void>; readonly control: StandControl }>;
  /** Living records as the source would show them now: bytes by id. */
  truth(entity: string): ReadonlyMap<string, string>;
  /** Something happens to the data, within what the source can really do; returns what. */
  change(dice: Dice): string;
  /** A fault that strikes once, or until it is cleared; returns what. */
  fault(dice: Dice): string;
  /** At the n-th request of a kind that the dice choose. */
  during(dice: Dice, action: () => void): string;
  /** Logs out whoever died without doing so. */
  expireSessions(): void;
  /** Whether a read of this kind is told of deletions. */
  seesDeletions(entity: string, read: string): boolean;
}

export interface StandControl {
  advanceClock(millis: number): void;
  clearFaults(): void;
  clearHooks(): void;
}

/** One strike mostly; sometimes the source is broken until the run has ended. */
export const strikes = (dice: Dice): number => (dice.chance(0.25) ? 500 : 1 + dice.below(2));

/** Larger than what a test ever deletes. */
export const NO_THRESHOLD = { FRESHET_LOAD_DELETES_MAX_COUNT: '100000' };
