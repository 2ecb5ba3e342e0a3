import type { SandboxClock } from '../clock';
import { mix } from './hash';
import type { TableName } from './data-class';
import { ERR, RestError } from './rest-error';

interface EntitySet {
  readonly table: TableName;
  readonly indices: Uint32Array;
  readonly lifeMs: number;
  until: number;
}

const DEFAULT_SECONDS = 7200;
const RECREATED_SECONDS = 600;

/** Entity sets in the server's cache: which records were found, not what they hold. Each use renews their life. */
export class EntitySets {
  readonly #sets = new Map<string, EntitySet>();
  #n = 0;

  constructor(
    private readonly clock: SandboxClock,
    private readonly seed: number,
  ) {}

  get size(): number {
    return this.#sets.size;
  }

  /** Keeps a set; returns its id. `id` is that of a set that is made anew, which then lives ten minutes. */
  keep(table: TableName, indices: Uint32Array, options: { readonly seconds?: number; readonly id?: string } = {}): string {
    const id = options.id ?? this.#newId();
    const lifeMs = (options.seconds ?? (options.id === undefined ? DEFAULT_SECONDS : RECREATED_SECONDS)) * 1000;
    this.#sets.set(id, { table, indices, lifeMs, until: this.clock.now() + lifeMs });
    return id;
  }

  /** The records of a set; undefined when it is gone. */
  find(table: TableName, id: string): Uint32Array | undefined {
    const set = this.#sets.get(id.toUpperCase());
    if (set?.table !== table) return undefined;
    const now = this.clock.now();
    if (now >= set.until) {
      this.#sets.delete(id.toUpperCase());
      return undefined;
    }
    set.until = now + set.lifeMs;
    return set.indices;
  }

  release(table: TableName, id: string): void {
    if (this.find(table, id) === undefined) throw setGone(id);
    this.#sets.delete(id.toUpperCase());
  }

  drop(id?: string): void {
    if (id === undefined) this.#sets.clear();
    else this.#sets.delete(id.toUpperCase());
  }

  #newId(): string {
    this.#n += 1;
    return [0, 1, 2, 3].map((part) => mix(this.seed, 77, this.#n, part).toString(16).toUpperCase().padStart(8, '0')).join('');
  }
}

export function setGone(id: string): RestError {
  return new RestError(404, ERR.entitySet, `EntitySet  "${id}" cannot be found`);
}
