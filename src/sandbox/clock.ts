/** The sandbox's own clock: ticks with real time from where it was set, or stands still when frozen. Milliseconds since the epoch. */
export class SandboxClock {
  #base: number;
  #realBase: number;
  #frozen: boolean;

  constructor(
    start: Date | string,
    frozen: boolean,
    private readonly realNow: () => number = Date.now,
  ) {
    this.#base = parsed(start);
    this.#realBase = realNow();
    this.#frozen = frozen;
  }

  now(): number {
    return this.#frozen ? this.#base : this.#base + (this.realNow() - this.#realBase);
  }

  /** Whole seconds: the precision of every timestamp a record carries. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** The `Date` header: `Thu, 01 Oct 2026 08:00:00 GMT`. */
  httpDate(): string {
    return new Date(this.now()).toUTCString();
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  set(to: Date | string): void {
    this.#base = parsed(to);
    this.#realBase = this.realNow();
  }

  /** Moves the clock by milliseconds; negative moves it back. */
  advance(millis: number): void {
    if (!Number.isFinite(millis)) throw new RangeError(`cannot advance the sandbox clock by ${millis}`);
    this.set(new Date(this.now() + millis));
  }

  freeze(): void {
    this.#base = this.now();
    this.#frozen = true;
  }

  unfreeze(): void {
    this.#realBase = this.realNow();
    this.#frozen = false;
  }
}

function parsed(value: Date | string): number {
  const millis = typeof value === 'string' ? Date.parse(value) : value.getTime();
  if (Number.isNaN(millis)) throw new RangeError(`not an instant: ${String(value)}`);
  return millis;
}
