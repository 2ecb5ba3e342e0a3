import { CommonControl } from '../common-control';
import { recordText } from '../json-text';
import type { JsonObject } from '../json-text';
import { catalogObject } from './catalog-answers';
import { categoryFields, itemFields, variationFields } from './catalog-objects';
import { squareFaultRule } from './faults';
import type { SquareFault, SquareMatch } from './faults';
import { instantText, microsOf } from './instants';
import { countFields, countId, countKey, slotOf } from './kinds';
import type { SquareLimitSettings } from './limits';
import { locationFields } from './locations';
import type { SquareLogged } from './log';
import { orderFields } from './orders';
import type { SquareRequest } from './request';
import type { SquareRules } from './rules';
import type { SquareEntity, SquareState } from './state';
import type { TruthRecord, Version } from './table';
import { MOST_VARIATIONS } from './world';

export interface SquareChange {
  /** What the time of the last change becomes; without it the sandbox's clock. An older one makes the record late. */
  readonly updatedAt?: Date | string;
}

export interface SquareCreation extends SquareChange {
  /** Of orders; default the time of the change. */
  readonly createdAt?: Date | string;
  /** Of variations: the item they belong to, by id or index. */
  readonly item?: string | number;
}

export interface CountSetting {
  /** Variation and location by id or index. */
  readonly variation: string | number;
  readonly location: string | number;
  /** Default IN_STOCK. */
  readonly state?: string;
  /** Decimal text, perhaps negative. */
  readonly quantity: string;
  readonly at?: Date | string;
}

export interface SquareStats {
  readonly requests: number;
  readonly inFlight: number;
  readonly counts: Readonly<Record<'locations' | 'categories' | 'items' | 'orders', number>>;
  readonly clock: string;
  readonly frozen: boolean;
}

/** Everything that a test or the switchboard can do to a stand-in for Square. Records are named by id or by index (0 = first created). */
export class SquareControl extends CommonControl<SquareFault, SquareMatch, SquareRequest, SquareLogged> {
  constructor(private readonly state: SquareState) {
    super(state, squareFaultRule);
  }

  /** Changes fields of a record, raises its version and stamps it; nested values are replaced. A variation stamps its item too. Returns the id. */
  edit(entity: SquareEntity, record: string | number, patch: JsonObject = {}, { updatedAt }: SquareChange = {}): string {
    const table = this.state.tables[entity];
    const index = table.require(record);
    table.edit(index, patch, this.#micros(updatedAt));
    if (entity === 'variations') this.state.tables.items.edit(Math.floor(index / MOST_VARIATIONS), {}, this.#micros(updatedAt));
    return table.kind.idOf(index);
  }

  /** Makes a new record out of seeded values and the patch; an item comes with its variations. Returns the id. Counts are set by `setCount`. */
  create(entity: Exclude<SquareEntity, 'counts'>, patch: JsonObject = {}, options: SquareCreation = {}): string {
    const table = this.state.tables[entity];
    const updated = this.#micros(options.updatedAt);
    const index = entity === 'variations' ? this.#freeVariation(options.item) : table.reserve();
    table.create(index, { ...this.#fresh(entity, index, updated, options), ...patch }, updated);
    if (entity === 'items') this.#variations(index, updated);
    if (entity === 'variations') this.state.tables.items.edit(Math.floor(index / MOST_VARIATIONS), {}, updated);
    return table.kind.idOf(index);
  }

  /** Deletes: of the catalog a tombstone remains, an item takes its variations along; a count vanishes. Orders and locations are never deleted. */
  remove(entity: Exclude<SquareEntity, 'orders' | 'locations'>, record: string | number): string {
    const { tables } = this.state;
    if (!['categories', 'items', 'variations', 'counts'].includes(entity)) throw new RangeError(`Square never deletes ${String(entity)}`);
    const table = tables[entity];
    const index = table.require(record);
    const tombstone = entity === 'counts' ? {} : { is_deleted: true };
    if (entity === 'items') {
      for (let n = 0; n < MOST_VARIATIONS; n += 1) {
        const variation = tables.variations.find(index * MOST_VARIATIONS + n);
        if (variation !== undefined) tables.variations.remove(variation, tombstone);
      }
    }
    table.remove(index, tombstone);
    if (entity === 'variations') tables.items.edit(Math.floor(index / MOST_VARIATIONS), {});
    return table.kind.idOf(index);
  }

  /** Sets a quantity as a physical count does; returns the id of the count (`variation|location|state`). */
  setCount({ variation, location, state = 'IN_STOCK', quantity, at }: CountSetting): string {
    const { tables, world, countChanges } = this.state;
    const key = { variation: tables.variations.require(variation), location: tables.locations.require(location), state };
    const updated = this.#micros(at);
    const id = countId(world, key);
    const index = slotOf(world, key) ?? this.#extraCount(id);
    const fields = countFields(world, key, quantity, instantText(updated, 3));
    if (tables.counts.find(index) === undefined) tables.counts.create(index, fields, updated);
    else tables.counts.edit(index, fields, updated);
    countChanges.push({ n: countChanges.length, id, state, quantity, occurred: updated });
    return id;
  }

  /** A record that becomes visible only now but carries an older time of change, and of creation unless that is given. */
  lateCommit(
    entity: Exclude<SquareEntity, 'counts'>,
    options: SquareCreation & { readonly updatedAt: Date | string; readonly patch?: JsonObject; readonly record?: string | number },
  ): string {
    const { record, patch = {}, ...times } = options;
    return record === undefined ? this.create(entity, patch, times) : this.edit(entity, record, patch, times);
  }

  /** An order that was taken without a connection and reaches Square now: old by its creation (default 48 hours), new by its change. */
  offlineOrder({ hoursLate = 48, patch = {} }: { readonly hoursLate?: number; readonly patch?: JsonObject } = {}): string {
    return this.create('orders', patch, { createdAt: new Date(this.state.clock.now() - hoursLate * 3_600_000) });
  }

  idOf(entity: SquareEntity, index: number): string {
    return this.state.tables[entity].kind.idOf(index);
  }

  /** The index of a living record. Throws for an id that does not live. */
  indexOf(entity: SquareEntity, id: string): number {
    return this.state.tables[entity].require(id);
  }

  /** Living records; variations and counts are counted one by one. */
  count(entity: SquareEntity): number {
    const { tables, world } = this.state;
    if (entity === 'variations' || entity === 'counts') return [...this.truth(entity)].length;
    return tables[entity].count(world.counts[entity]);
  }

  /** The oracle: every living record as the API would show it now, without any lag of an index. Items carry their variations. */
  *truth(entity: SquareEntity): Generator<TruthRecord> {
    const table = this.state.tables[entity];
    for (let index = 0; index < table.end; index += 1) {
      if (table.find(index) === undefined || (entity === 'counts' && !this.#countLives(index))) continue;
      yield { id: table.kind.idOf(index), text: this.#text(entity, index) };
    }
  }

  /** The access token that works now. */
  get accessToken(): string {
    return this.state.tokens.current;
  }

  /** The present token is refused with ACCESS_TOKEN_EXPIRED from now on. */
  expireToken(): void {
    this.state.tokens.end('expired');
  }

  /** The present token is refused with ACCESS_TOKEN_REVOKED from now on. */
  revokeToken(): void {
    this.state.tokens.end('revoked');
  }

  /** A new token; the one before it is expired. */
  renewToken(token?: string): string {
    return this.state.tokens.renew(token);
  }

  /** All cursors given so far are refused with INVALID_CURSOR from now on. */
  staleCursors(): void {
    this.state.cursors.recall();
  }

  /** Limits from now on; what was counted so far is forgotten. */
  setLimits(limits: Partial<SquareLimitSettings>): void {
    Object.assign(this.state.limits.settings, limits);
    this.state.limits.reset();
  }

  setRules(rules: Partial<SquareRules>): void {
    Object.assign(this.state.rules, rules);
  }

  stats(): SquareStats {
    const { state } = this;
    const [locations, categories] = [this.count('locations'), this.count('categories')];
    return {
      requests: state.log.total,
      inFlight: state.limits.running,
      counts: { locations, categories, items: this.count('items'), orders: this.count('orders') },
      clock: this.now().toISOString(),
      frozen: state.clock.frozen,
    };
  }

  #micros(instant: Date | string | undefined): number {
    if (instant === undefined) return Math.floor(this.state.clock.now()) * 1000;
    const micros = instant instanceof Date ? instant.getTime() * 1000 : microsOf(instant);
    if (micros === undefined || Number.isNaN(micros)) throw new RangeError(`not an RFC 3339 instant: ${String(instant)}`);
    return micros;
  }

  #fresh(entity: SquareEntity, index: number, updated: number, { createdAt }: SquareCreation): JsonObject {
    const { world } = this.state;
    if (entity === 'locations') return locationFields(world, index);
    if (entity === 'categories') return categoryFields(world, index, updated);
    if (entity === 'items') return itemFields(world, index, updated);
    if (entity === 'variations') return variationFields(world, index, updated);
    const created = createdAt === undefined ? updated : this.#micros(createdAt);
    return { ...orderFields(world, index, { created, updated }), version: 1 };
  }

  #variations(item: number, updated: number): void {
    const { tables, world } = this.state;
    for (let n = 0; n < MOST_VARIATIONS; n += 1) {
      const index = item * MOST_VARIATIONS + n;
      if (world.variationExists(index)) tables.variations.create(index, variationFields(world, index, updated), updated);
    }
  }

  #freeVariation(item: string | number | undefined): number {
    const { tables } = this.state;
    const first = tables.items.require(item ?? 0) * MOST_VARIATIONS;
    for (let index = first; index < first + MOST_VARIATIONS; index += 1) if (tables.variations.shown(index) === undefined) return index;
    throw new RangeError(`the item has its ${MOST_VARIATIONS} variations already; the sandbox gives no item more`);
  }

  #extraCount(id: string): number {
    const { byId, ids } = this.state.extraCounts;
    const known = byId.get(id);
    if (known !== undefined) return known;
    const index = this.state.tables.counts.reserve();
    byId.set(id, index);
    ids.set(index, id);
    return index;
  }

  #countLives(index: number): boolean {
    const { tables, world } = this.state;
    const key = countKey(world, tables.counts.kind.idOf(index));
    return key !== undefined && tables.variations.find(key.variation) !== undefined;
  }

  #text(entity: SquareEntity, index: number): string {
    const table = this.state.tables[entity];
    if (entity === 'categories' || entity === 'items' || entity === 'variations') {
      return recordText(catalogObject(this.state, entity, index) ?? {});
    }
    return recordText(table.fieldsOf(index, table.shown(index) as Version | 'seed'));
  }
}
