/** How often something happened in the last so many milliseconds. */
export class Window {
  #times: number[] = [];
  /** Where the window begins in the list; cut off now and then, so that a call costs constant time. */
  #first = 0;

  constructor(
    private readonly lengthMs: number,
    private readonly now: () => number,
  ) {}

  count(): number {
    this.#forget(this.now() - this.lengthMs);
    return this.#times.length - this.#first;
  }

  add(): void {
    this.#times.push(this.now());
  }

  reset(): void {
    this.#times = [];
    this.#first = 0;
  }

  #forget(until: number): void {
    while (this.#first < this.#times.length && (this.#times[this.#first] as number) <= until) this.#first += 1;
    if (this.#first < 1000 || this.#first * 2 < this.#times.length) return;
    this.#times = this.#times.slice(this.#first);
    this.#first = 0;
  }
}
