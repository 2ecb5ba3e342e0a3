import type { SandboxClock } from '../clock';
import type { JsonObject } from '../json-text';

/** A record that differs from its seed, whole, as it was after one change. */
export interface Version {
  readonly index: number;
  readonly fields: JsonObject;
  /** Microseconds since 1970. */
  readonly updated: number;
  readonly deleted: boolean;
  /** Sandbox clock (ms) from which the search index knows it. */
  readonly visibleAt: number;
}

/** What a table needs to know of one kind of record. */
export interface Kind {
  readonly name: string;
  /** Indexes below this one belong to the seed, as far as they exist there. */
  readonly seeded: number;
  exists(index: number): boolean;
  idOf(index: number): string;
  indexOf(id: string): number | undefined;
  /** Instant of the last change of a seeded record. */
  updated(index: number): number;
  /** A record as its seed made it. */
  seed(index: number): JsonObject;
  /** What an edit stamps, given the fields before it. */
  stamped(before: JsonObject, updated: number): JsonObject;
}

/** `seed`: as the seed says. */
export type Shown = Version | 'seed' | undefined;

export interface TruthRecord {
  readonly id: string;
  /** JSON text as the API shows it. */
  readonly text: string;
}

/** The present state of one kind: seeded records computed on demand, the changes of the others held, also those that searches do not show yet. */
export class VersionedTable {
  readonly #versions = new Map<number, Version[]>();
  #next: number;
  #edits = 0;
  #living = 0;

  constructor(
    readonly kind: Kind,
    private readonly clock: SandboxClock,
    /** How far the search index is behind, in milliseconds. */
    private readonly lag: () => number,
  ) {
    this.#next = kind.seeded;
  }

  /** Grows with every change. */
  get edits(): number {
    return this.#edits;
  }

  /** One more than the greatest index there is. */
  get end(): number {
    return this.#next;
  }

  /** Indexes of records that were ever changed. */
  changed(): Iterable<number> {
    return this.#versions.keys();
  }

  /** The newest state, or with `at` (ms) the one that the search index knows then. */
  shown(index: number, at?: number): Shown {
    const versions = this.#versions.get(index);
    for (let n = (versions?.length ?? 0) - 1; n >= 0; n -= 1) {
      const version = (versions as Version[])[n] as Version;
      if (at === undefined || version.visibleAt <= at) return version;
    }
    return index < this.kind.seeded && this.kind.exists(index) ? 'seed' : undefined;
  }

  /** Fields of a record that is there, deleted or not. */
  fieldsOf(index: number, shown: Version | 'seed'): JsonObject {
    return shown === 'seed' ? this.kind.seed(index) : shown.fields;
  }

  updatedOf(index: number, shown: Version | 'seed'): number {
    return shown === 'seed' ? this.kind.updated(index) : shown.updated;
  }

  /** The index of a living record, by id or index; undefined when there is none. */
  find(record: string | number): number | undefined {
    const index = typeof record === 'number' ? record : this.kind.indexOf(record);
    if (index === undefined || !Number.isInteger(index) || index < 0) return undefined;
    const shown = this.shown(index);
    return shown === undefined || (shown !== 'seed' && shown.deleted) ? undefined : index;
  }

  /** The index of a living record. Throws a RangeError when there is none. */
  require(record: string | number): number {
    const index = this.find(record);
    if (index === undefined) throw new RangeError(`the sandbox has no ${this.kind.name} record ${JSON.stringify(record)}`);
    return index;
  }

  /** Changes fields of a living record and stamps it; nested values are replaced, not merged. */
  edit(index: number, patch: JsonObject, updated = this.#now()): void {
    const before = this.fieldsOf(index, this.shown(index) as Version | 'seed');
    this.#keep(index, { ...before, ...this.kind.stamped(before, updated), ...patch }, updated, false);
  }

  /** A free index for a new record. */
  reserve(): number {
    this.#next += 1;
    return this.#next - 1;
  }

  /** A new record under an index that nothing has. */
  create(index: number, fields: JsonObject, updated = this.#now()): void {
    this.#next = Math.max(this.#next, index + 1);
    this.#living += 1;
    this.#keep(index, fields, updated, false);
  }

  /** Deletes a living record; what is left of it are its fields with the patch. */
  remove(index: number, patch: JsonObject = {}): void {
    const before = this.fieldsOf(index, this.shown(index) as Version | 'seed');
    const updated = this.#now();
    this.#living -= 1;
    this.#keep(index, { ...before, ...this.kind.stamped(before, updated), ...patch }, updated, true);
  }

  /** Living records, given how many the seed made. */
  count(seeded: number): number {
    return seeded + this.#living;
  }

  #now(): number {
    return Math.floor(this.clock.now()) * 1000;
  }

  #keep(index: number, fields: JsonObject, updated: number, deleted: boolean): void {
    const lag = this.lag();
    // Without a lag a change is known at once, even to a clock that is set back afterwards.
    const visibleAt = lag === 0 ? -Infinity : this.clock.now() + lag;
    const versions = lag === 0 ? [] : (this.#versions.get(index) ?? []);
    // What searches show now, and what is newer, is still needed.
    const shownNow = versions.findLastIndex((each) => each.visibleAt <= this.clock.now());
    this.#versions.set(index, [...versions.slice(Math.max(0, shownNow)), { index, fields, updated, deleted, visibleAt }]);
    this.#edits += 1;
  }
}
