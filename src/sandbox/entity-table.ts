import type { Depth, Entity } from './entities/entity';
import { jsonText, keyText, scalarText } from './json-text';
import type { JsonObject, JsonValue } from './json-text';
import { secondsOf, timestamp } from './timestamps';
import type { RecordTimes, World } from './world';

/** A record that differs from its seed, held whole. */
export interface HeldRecord {
  readonly index: number;
  readonly id: string;
  readonly fields: JsonObject;
}

/** What `last_modified_time` becomes: an instant, `keep` as it is, `null` or `''` as such, any other text verbatim. */
export type Stamp = Date | string | null;

export interface TruthRecord {
  readonly id: string;
  /** JSON text of the detail object. */
  readonly detail: string;
  /** JSON text of the list row. */
  readonly row: string;
}

/** The present state of one entity: seeded records computed on demand, changed ones held, deleted ones remembered. */
export class EntityTable {
  readonly held = new Map<number, HeldRecord>();
  readonly #gone = new Set<number>();
  #created = 0;
  #version = 0;

  constructor(
    readonly world: World,
    readonly entity: Entity,
    private readonly nowSeconds: () => number,
  ) {}

  get seeded(): number {
    return this.world.counts[this.entity.name];
  }

  /** Grows with every change; readers cache by it. */
  get version(): number {
    return this.#version;
  }

  /** Seeded records that are no longer what the seed says. */
  *displaced(): Iterable<number> {
    for (const index of this.held.keys()) if (index < this.seeded) yield index;
    for (const index of this.#gone) if (index < this.seeded) yield index;
  }

  count(): number {
    return this.seeded + this.#created - this.#gone.size;
  }

  idOf(index: number): string {
    return this.world.ids[this.entity.name].encode(index);
  }

  /** The index of a living record, by id or index; undefined when there is none. */
  find(record: string | number): number | undefined {
    const index = typeof record === 'number' ? record : this.world.ids[this.entity.name].decode(record);
    const exists = index !== undefined && Number.isInteger(index) && index >= 0 && index < this.seeded + this.#created;
    return exists && !this.#gone.has(index) ? index : undefined;
  }

  /** All fields of a living record. */
  fields(index: number, depth: Depth): JsonObject {
    return this.held.get(index)?.fields ?? this.#collected(index, this.#seededTimes(index), depth);
  }

  /** One field of a record as its seed made it. */
  seededField(index: number, field: string): JsonValue | undefined {
    return this.entity.quickField(this.world, index, field) ?? this.#collected(index, this.#seededTimes(index), 'row')[field];
  }

  rowText(index: number): string {
    const held = this.held.get(index);
    return held ? jsonText(without(held.fields, this.entity.detailOnly)) : this.#seededText(index, 'row');
  }

  detailText(index: number): string {
    const held = this.held.get(index);
    return held ? jsonText(without(held.fields, this.entity.rowOnly)) : this.#seededText(index, 'full');
  }

  /** Applies a patch and stamps the modification; nested values are replaced, not merged. Returns the id. */
  edit(record: string | number, patch: JsonObject, stamp: Stamp | undefined): string {
    const index = this.#require(record);
    const fields = this.fields(index, 'full');
    const old = scalarText(fields.last_modified_time);
    this.#hold(index, { ...fields, ...patch, ...this.#stamped(old, stamp, patch) });
    return this.idOf(index);
  }

  /** A new record, created and modified now unless the patch or stamp says otherwise. Returns the id. */
  create(patch: JsonObject, stamp: Stamp | undefined): string {
    const index = this.seeded + this.#created;
    const now = this.nowSeconds();
    const fields = this.#collected(index, { created: now, modified: now }, 'full');
    this.#created += 1;
    this.#hold(index, { ...fields, ...patch, ...this.#stamped(scalarText(fields.last_modified_time), stamp, patch) });
    return this.idOf(index);
  }

  /** Removes a record without a trace, as Zoho does. Returns the id. */
  remove(record: string | number): string {
    const index = this.#require(record);
    this.held.delete(index);
    this.#gone.add(index);
    this.#version += 1;
    return this.idOf(index);
  }

  /** Every living record in the order of creation, one at a time. */
  *truth(): Generator<TruthRecord> {
    const end = this.seeded + this.#created;
    for (let index = 0; index < end; index += 1) {
      if (this.#gone.has(index)) continue;
      yield { id: this.idOf(index), detail: this.detailText(index), row: this.rowText(index) };
    }
  }

  #require(record: string | number): number {
    const index = this.find(record);
    if (index === undefined) throw new RangeError(`the sandbox has no ${this.entity.name} record ${JSON.stringify(record)}`);
    return index;
  }

  #hold(index: number, fields: JsonObject): void {
    this.held.set(index, { index, id: this.idOf(index), fields });
    this.#version += 1;
  }

  #collected(index: number, times: RecordTimes, depth: Depth): JsonObject {
    const fields: Record<string, JsonValue> = {};
    this.entity.write({ world: this.world, index, times }, depth, (field, value) => (fields[field] = value));
    return fields;
  }

  #seededText(index: number, depth: Depth): string {
    const hidden = depth === 'full' ? this.entity.rowOnly : undefined;
    let text = '';
    this.entity.write({ world: this.world, index, times: this.#seededTimes(index) }, depth, (field, value) => {
      if (hidden?.has(field) !== true) text += (text === '' ? '{' : ',') + keyText(field) + jsonText(value);
    });
    return `${text}}`;
  }

  #seededTimes(index: number): RecordTimes {
    const timeline = this.world.timelines[this.entity.name];
    return { created: timeline.created(index), modified: timeline.modified(index) };
  }

  #stamped(old: string, stamp: Stamp | undefined, patch: JsonObject): { last_modified_time?: JsonValue } {
    if (stamp === undefined && 'last_modified_time' in patch) return {};
    if (stamp === 'keep') return {};
    if (stamp === null || stamp === '') return { last_modified_time: stamp };
    if (typeof stamp === 'string' && secondsOf(stamp) === undefined) return { last_modified_time: stamp };
    const seconds = stamp === undefined ? this.nowSeconds() : instantSeconds(stamp);
    return { last_modified_time: timestamp(seconds, zoneOf(old)) };
  }
}

function instantSeconds(stamp: Date | string): number {
  return stamp instanceof Date ? Math.floor(stamp.getTime() / 1000) : (secondsOf(stamp) as number);
}

/** An edited record keeps writing its times in the zone it had. */
function zoneOf(text: string): number {
  const match = /([+-])(\d{2})(\d{2})$/.exec(text);
  return match ? (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) : 0;
}

function without(fields: JsonObject, hidden: ReadonlySet<string>): JsonObject {
  return hidden.size === 0 ? fields : Object.fromEntries(Object.entries(fields).filter(([key]) => !hidden.has(key)));
}
