/**
 * Values by name, of a bounded number of names: the first ones in order are kept. A name that is among the first in the end was never refused
 * on the way, so what its value counted does not depend on the order in which names came.
 */
export class BoundedNames<Value> {
  private readonly held = new Map<string, Value>();
  /** The last name that was kept when names were dropped. */
  private ceiling: string | null = null;

  constructor(
    private readonly limit: number,
    private readonly make: (name: string) => Value,
    private readonly dropped: (value: Value) => void = () => undefined,
  ) {}

  /** The name's value, made where it is new; `undefined` where too many names come before it. */
  of(name: string): Value | undefined {
    const known = this.held.get(name);
    if (known !== undefined) return known;
    if (this.ceiling !== null && name > this.ceiling) return undefined;
    const made = this.make(name);
    this.held.set(name, made);
    // Dropping sorts: it waits until it is worth it.
    if (this.held.size > 2 * this.limit) this.drop();
    return made;
  }

  /** The first names in order with their values. */
  entries(): [string, Value][] {
    return this.sorted().slice(0, this.limit);
  }

  /** Whether names are missing. */
  get cut(): boolean {
    return this.ceiling !== null || this.held.size > this.limit;
  }

  private drop(): void {
    const sorted = this.sorted();
    for (const [name, value] of sorted.slice(this.limit)) {
      this.held.delete(name);
      this.dropped(value);
    }
    this.ceiling = sorted[this.limit - 1]?.[0] ?? '';
  }

  private sorted(): [string, Value][] {
    return [...this.held].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }
}
