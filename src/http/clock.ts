import { performance } from 'node:perf_hooks';

import { cancelledError } from '../domain/errors';

/** Time and chance for waits: monotonic, so that a moved wall clock neither opens a rate window nor lengthens a wait. */
export interface Clock {
  /** Milliseconds since some fixed point; never goes back. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with `cancelled` as soon as the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** At least 0, less than 1. */
  random(): number;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(cancelledError('The wait'));
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(cancelledError('The wait'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** The clock of the process. */
export const systemClock: Clock = { monotonic: () => performance.now(), sleep, random: Math.random };
