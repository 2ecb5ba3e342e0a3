import { cancelledError } from '../../domain/errors';

interface Flight<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiters: number;
}

/** One piece of work for all who want its result at the same time; it ends when the last of them has left. */
export class SingleFlight<T> {
  readonly #what: string;
  #flight: Flight<T> | null = null;

  /** `what`: for sentences, `The wait for a session`. */
  constructor(what: string) {
    this.#what = what;
  }

  /** Joins the work under way, or begins it. Rejects with `cancelled` when this caller's signal fires; the others stay. */
  join(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal.aborted) return Promise.reject(cancelledError(this.#what));
    const flight = this.#flight ?? this.#begin(work);
    flight.waiters += 1;
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        flight.waiters -= 1;
        reject(cancelledError(this.#what));
        if (flight.waiters > 0) return;
        if (this.#flight === flight) this.#flight = null;
        flight.stop.abort();
      };
      signal.addEventListener('abort', leave, { once: true });
      flight.result.finally(() => signal.removeEventListener('abort', leave)).then(resolve, reject);
    });
  }

  #begin(work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const stop = new AbortController();
    const flight: Flight<T> = { result: work(stop.signal), stop, waiters: 0 };
    const land = (): void => {
      if (this.#flight === flight) this.#flight = null;
    };
    flight.result.then(land, land);
    this.#flight = flight;
    return flight;
  }
}
