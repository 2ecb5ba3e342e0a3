/** What one monitor remembers from round to round: how long it may mend, and where it stopped when that was not long enough. */
export class Turns {
  #until = Infinity;
  readonly #last = new Map<string, string>();
  /** A round does not begin to mend while an earlier one of its process still does. */
  mending = false;
  /** The step that was begun last in mending. */
  step = '';

  begin(withinMs: number): void {
    this.#until = performance.now() + withinMs;
  }

  /**
   * Looks at each item, by key, until the time is up; the next time it goes on after the last one that was looked at, so that none waits
   * for ever behind slow ones. Returns how many were left for then.
   */
  async each<T>(list: string, items: readonly T[], keyOf: (item: T) => string, look: (item: T) => Promise<void>): Promise<number> {
    const last = this.#last.get(list) ?? '';
    const sorted = [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const turn = [...sorted.filter((item) => keyOf(item) > last), ...sorted.filter((item) => keyOf(item) <= last)];
    for (const [at, item] of turn.entries()) {
      if (performance.now() >= this.#until) return turn.length - at;
      this.#last.set(list, keyOf(item));
      await look(item);
    }
    this.#last.delete(list);
    return 0;
  }
}
