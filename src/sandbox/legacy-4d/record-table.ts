import type { JsonObject, JsonValue } from '../json-text';
import { isStorage } from './data-class';
import type { DataClass, StorageAttribute } from './data-class';
import type { SeededStamps } from './seeded-stamps';
import { dayText } from './world';

/** A record that differs from its seed, held whole. */
export interface HeldRecord {
  readonly values: JsonObject;
  /** `__STAMP`. */
  readonly saves: number;
  /** `__TIMESTAMP`, milliseconds since 1970. */
  readonly modified: number;
  readonly globalStamp: number;
}

export interface ChangeOptions {
  /** What `__TIMESTAMP` becomes; without it the sandbox's clock. */
  readonly timestamp?: Date | string;
  /** What `__GlobalStamp` becomes; without it the next one. A lower one is a change that was committed late. */
  readonly globalStamp?: number;
}

interface Surroundings {
  readonly now: () => number;
  /** Takes the next global stamp; 0 where this class is not tracked. */
  readonly takeStamp: () => number;
}

const DAY_MS = 86_400_000;

/** The present state of one class: seeded records computed on demand, changed ones held, deleted ones remembered. */
export class RecordTable {
  readonly held = new Map<number, HeldRecord>();
  readonly #gone = new Set<number>();
  readonly #attributes: ReadonlyMap<string, StorageAttribute>;
  #created = 0;
  #version = 0;

  constructor(
    readonly dataClass: DataClass,
    readonly stamps: SeededStamps | undefined,
    private readonly around: Surroundings,
  ) {
    this.#attributes = new Map(dataClass.attributes.filter(isStorage).map((attribute) => [attribute.name, attribute]));
  }

  get seeded(): number {
    return this.dataClass.seeded;
  }

  /** Grows with every change; readers cache by it. */
  get version(): number {
    return this.#version;
  }

  /** One more than the greatest index that was ever given. */
  get end(): number {
    return this.seeded + this.#created;
  }

  get gone(): ReadonlySet<number> {
    return this.#gone;
  }

  count(): number {
    return this.end - this.#gone.size;
  }

  keyOf(index: number): string {
    return String(this.dataClass.keys.encode(index));
  }

  living(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.end && !this.#gone.has(index);
  }

  /** The index of a living record, by its key as text; undefined when there is none. */
  find(key: string): number | undefined {
    const index = this.dataClass.keys.decode(key);
    return index !== undefined && this.living(index) ? index : undefined;
  }

  /** The stored value of one attribute as it is now. */
  value(index: number, name: string): JsonValue {
    const held = this.held.get(index);
    return (held ? held.values[name] : this.#attributes.get(name)?.seeded(index)) ?? null;
  }

  saves(index: number): number {
    return this.held.get(index)?.saves ?? this.stamps?.saves(index) ?? 1;
  }

  modified(index: number): number {
    return this.held.get(index)?.modified ?? this.stamps?.modified(index) ?? 0;
  }

  globalStamp(index: number): number {
    return this.held.get(index)?.globalStamp ?? this.stamps?.globalStamp(index) ?? 0;
  }

  /** Saves a record with some values changed; returns its key. */
  edit(record: string | number, patch: JsonObject, options: ChangeOptions = {}): string {
    const index = this.#require(record);
    const values: Record<string, JsonValue> = {};
    for (const name of this.#attributes.keys()) values[name] = this.value(index, name);
    this.#save(index, { ...values, ...this.#checked(patch) }, { patch, options, saves: this.saves(index) + 1 });
    return this.keyOf(index);
  }

  /** Makes a new record out of seeded values and the patch; returns its key. */
  create(patch: JsonObject, options: ChangeOptions = {}): string {
    const values: Record<string, JsonValue> = {};
    const index = this.end;
    for (const [name, attribute] of this.#attributes) values[name] = attribute.seeded(index);
    Object.assign(values, this.#checked(patch));
    this.#created += 1;
    this.#save(index, values, { patch, options, saves: 1 });
    return this.keyOf(index);
  }

  /** Removes a record; returns its key. */
  remove(record: string | number): string {
    const index = this.#require(record);
    this.held.delete(index);
    this.#gone.add(index);
    this.#version += 1;
    return this.keyOf(index);
  }

  /** Makes a record anew under the key of one that was removed, of its seeded values and the patch; returns its key. */
  recreate(key: string, patch: JsonObject, options: ChangeOptions = {}): string {
    const index = this.dataClass.keys.decode(key);
    if (index === undefined || !this.#gone.has(index)) throw new RangeError(`the sandbox never removed ${JSON.stringify(key)}`);
    const values: Record<string, JsonValue> = {};
    for (const [name, attribute] of this.#attributes) values[name] = attribute.seeded(index);
    this.#gone.delete(index);
    this.#save(index, { ...values, ...this.#checked(patch) }, { patch, options, saves: 1 });
    return key;
  }

  #save(index: number, values: JsonObject, save: { patch: JsonObject; options: ChangeOptions; saves: number }): void {
    const { patch, options, saves } = save;
    const modified = options.timestamp === undefined ? this.around.now() : new Date(options.timestamp).getTime();
    if (Number.isNaN(modified)) throw new RangeError(`not an instant: ${String(options.timestamp)}`);
    const touched: Record<string, JsonValue> = {};
    for (const { name, touched: what } of this.#attributes.values()) {
      if (what !== undefined && !(name in patch)) touched[name] = what === 'date' ? dayText(modified) : modified % DAY_MS;
    }
    const globalStamp = options.globalStamp ?? this.around.takeStamp();
    this.held.set(index, { values: { ...values, ...touched }, saves, modified, globalStamp });
    this.#version += 1;
  }

  #checked(patch: JsonObject): JsonObject {
    for (const name of Object.keys(patch)) {
      if (name === this.dataClass.key) throw new RangeError(`${name} is the key of ${this.dataClass.name}: the sandbox gives it`);
      if (!this.#attributes.has(name)) throw new RangeError(`${this.dataClass.name} has no attribute ${name}`);
    }
    return patch;
  }

  #require(record: string | number): number {
    const index = typeof record === 'number' ? record : this.find(record);
    if (index === undefined || !this.living(index)) {
      throw new RangeError(`the sandbox has no ${this.dataClass.name} record ${JSON.stringify(record)}`);
    }
    return index;
  }
}
