import { cancelledError } from '../../src/domain/errors';
import type { Clock } from '../../src/http/clock';

/** A clock whose sleeps are over at once and move it on by what was slept: long waits in no time, and a record of them. */
export class LeapingClock implements Clock {
  #now = 1_000;
  readonly slept: number[] = [];

  monotonic(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  /** Time that passes without anybody sleeping. */
  pass(ms: number): void {
    this.#now += ms;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) throw cancelledError('The wait');
    this.slept.push(ms);
    this.#now += ms;
  }
}
