import { DistinctHashes } from './distinct-hashes';
import { keyNameRank } from './key-name';

/**
 * Whether every record has a value of its own in one field. Exact while the hashes of all values may be kept; `not` is always true,
 * `not known` says that somewhere memory ran out before a value came twice.
 */
export class Uniqueness {
  private hashes: DistinctHashes | null;
  private state: boolean | null = true;
  readonly rank: number;

  constructor(
    readonly name: string,
    private readonly budget: HashBudget,
  ) {
    this.rank = keyNameRank(name);
    this.hashes = new DistinctHashes();
    budget.enter(this);
  }

  /** Hashes it keeps. */
  get size(): number {
    return this.hashes?.size ?? 0;
  }

  /** Whether another value may still change the answer. */
  get open(): boolean {
    return this.hashes !== null;
  }

  add(text: string): void {
    if (this.hashes === null) return;
    if (this.hashes.add(text)) this.budget.took();
    else this.end(false);
  }

  /** `false`: a record has no value, or one that another has; `null`: it takes too much memory to know. */
  end(state: false | null): void {
    if (this.hashes === null) return;
    this.budget.leave(this);
    this.hashes = null;
    this.state = state;
  }

  result(): boolean | null {
    return this.state;
  }
}

/** How many hashes all fields of an entity may keep together; above it the field that looks least like a key gives its own up. */
export class HashBudget {
  private held = 0;
  private readonly owners = new Set<Uniqueness>();

  constructor(private readonly limit: number) {}

  enter(owner: Uniqueness): void {
    this.owners.add(owner);
  }

  leave(owner: Uniqueness): void {
    if (this.owners.delete(owner)) this.held -= owner.size;
  }

  took(): void {
    if (++this.held > this.limit) this.leastLikely()?.end(null);
  }

  private leastLikely(): Uniqueness | undefined {
    return [...this.owners].sort((a, b) => b.rank - a.rank || (a.name < b.name ? 1 : -1))[0];
  }
}
