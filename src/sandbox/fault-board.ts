/** One rule of a switchboard: which requests it means, what happens to them, and how often. `F` names the faults, `M` says how a request is meant. */
export interface BoardRule<F extends string, M> {
  readonly id?: string;
  readonly match: M;
  readonly fault: F;
  /** How often it strikes; without it, always. */
  readonly times?: number;
  /** Matching requests left alone before the first strike. */
  readonly skip?: number;
  /** Sent as `Retry-After` with the bad answers that may carry one. */
  readonly retryAfterSeconds?: number;
  /** Real milliseconds before the (bad) answer; fault `delay` answers well afterwards, `drip` rests so long after each byte. */
  readonly delayMs?: number;
}

export interface ActiveBoardRule<F extends string, M> extends BoardRule<F, M> {
  readonly id: string;
  readonly seen: number;
  readonly struck: number;
}

/** The switchboard: rules in the order they were added; the first that matches and is not used up strikes. */
export class FaultBoard<F extends string, M, R> {
  readonly #rules = new Map<string, { rule: BoardRule<F, M>; seen: number; struck: number }>();
  #nextId = 1;

  constructor(
    private readonly known: readonly F[],
    private readonly matches: (match: M, request: R) => boolean,
  ) {}

  /** Adds a rule, replacing one of the same id; returns the id. */
  add(rule: BoardRule<F, M>): string {
    if (!this.known.includes(rule.fault)) throw new RangeError(`no such fault: ${String(rule.fault)}; known are ${this.known.join(', ')}`);
    const id = rule.id ?? `fault-${this.#nextId++}`;
    this.#rules.set(id, { rule, seen: 0, struck: 0 });
    return id;
  }

  /** Removes one rule, or all. */
  clear(id?: string): void {
    if (id === undefined) this.#rules.clear();
    else this.#rules.delete(id);
  }

  list(): ActiveBoardRule<F, M>[] {
    return [...this.#rules].map(([id, { rule, seen, struck }]) => ({ ...rule, id, seen, struck }));
  }

  /** The rule that strikes this request, counted as struck. */
  strike(request: R): (BoardRule<F, M> & { readonly id: string }) | undefined {
    for (const [id, entry] of this.#rules) {
      const { rule } = entry;
      if (entry.struck >= (rule.times ?? Infinity) || !this.matches(rule.match, request)) continue;
      entry.seen += 1;
      if (entry.seen <= (rule.skip ?? 0)) continue;
      entry.struck += 1;
      return { ...rule, id };
    }
    return undefined;
  }
}
