import { Window } from '../window';

/** Square publishes no numbers; without one there is no limit. */
export interface SquareLimitSettings {
  callsPerSecond: number;
  callsPerMinute: number;
  concurrent: number;
}

/** Calls per sliding second, per sliding minute, and at once. Only served calls count. */
export class SquareLimits {
  readonly #second: Window;
  readonly #minute: Window;
  #running = 0;

  constructor(
    readonly settings: SquareLimitSettings,
    now: () => number,
  ) {
    this.#second = new Window(1_000, now);
    this.#minute = new Window(60_000, now);
  }

  get running(): number {
    return this.#running;
  }

  /** Takes a place for one call, if there is one. A taken place is given back by `leave`. */
  enter(): boolean {
    const { callsPerSecond, callsPerMinute, concurrent } = this.settings;
    if (this.#running >= concurrent || this.#second.count() >= callsPerSecond || this.#minute.count() >= callsPerMinute) return false;
    this.#second.add();
    this.#minute.add();
    this.#running += 1;
    return true;
  }

  leave(): void {
    this.#running -= 1;
  }

  /** Forgets the calls made so far. */
  reset(): void {
    this.#second.reset();
    this.#minute.reset();
  }
}
