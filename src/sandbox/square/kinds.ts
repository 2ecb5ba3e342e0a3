import type { JsonObject } from '../json-text';
import { categoryFields, itemFields, tracked, variationFields } from './catalog-objects';
import { instantText } from './instants';
import { locationFields } from './locations';
import { quantityText } from './money';
import { orderFields } from './orders';
import type { Kind } from './table';
import { COUNTED_STATES, MOST_VARIATIONS, STREAMS } from './world';
import type { SquareWorld } from './world';

/** Version of an order: one more with each change. */
function orderStamp(before: JsonObject, updated: number): JsonObject {
  return { updated_at: instantText(updated, 3), version: Number(before.version ?? 0) + 1 };
}

/** Version of a catalog object: the millisecond, and never less than one more than before. */
function catalogStamp(before: JsonObject, updated: number): JsonObject {
  return { updated_at: instantText(updated, 3), version: Math.max(Math.floor(updated / 1000), Number(before.version ?? 0) + 1) };
}

export function ordersKind(world: SquareWorld): Kind {
  return {
    name: 'orders',
    seeded: world.counts.orders,
    exists: () => true,
    idOf: (index) => world.ids.orders.encode(index),
    indexOf: (id) => world.ids.orders.decode(id),
    updated: (index) => world.orderUpdated(index),
    seed: (index) => orderFields(world, index, { created: world.orderCreated(index), updated: world.orderUpdated(index) }),
    stamped: orderStamp,
  };
}

export function categoriesKind(world: SquareWorld): Kind {
  return {
    name: 'categories',
    seeded: world.counts.categories,
    exists: () => true,
    idOf: (index) => world.ids.categories.encode(index),
    indexOf: (id) => world.ids.categories.decode(id),
    updated: (index) => world.catalogUpdated('categories', index),
    seed: (index) => categoryFields(world, index, world.catalogUpdated('categories', index)),
    stamped: catalogStamp,
  };
}

export function itemsKind(world: SquareWorld): Kind {
  return {
    name: 'items',
    seeded: world.counts.items,
    exists: () => true,
    idOf: (index) => world.ids.items.encode(index),
    indexOf: (id) => world.ids.items.decode(id),
    updated: (index) => world.catalogUpdated('items', index),
    seed: (index) => itemFields(world, index, world.catalogUpdated('items', index)),
    stamped: catalogStamp,
  };
}

export function variationsKind(world: SquareWorld): Kind {
  return {
    name: 'variations',
    seeded: world.counts.items * MOST_VARIATIONS,
    exists: (index) => world.variationExists(index),
    idOf: (index) => world.ids.variations.encode(index),
    indexOf: (id) => world.ids.variations.decode(id),
    updated: (index) => world.variationUpdated(index),
    seed: (index) => variationFields(world, index, world.variationUpdated(index)),
    stamped: catalogStamp,
  };
}

export function locationsKind(world: SquareWorld): Kind {
  return {
    name: 'locations',
    seeded: world.counts.locations,
    exists: () => true,
    idOf: (index) => world.ids.locations.encode(index),
    indexOf: (id) => world.ids.locations.decode(id),
    // Locations carry no time of change.
    updated: () => 0,
    seed: (index) => locationFields(world, index),
    stamped: () => ({}),
  };
}

/** What a count is a count of. */
export interface CountKey {
  readonly variation: number;
  readonly location: number;
  readonly state: string;
}

/** `variation id|location id|state`: counts have no id of their own. */
export function countId(world: SquareWorld, { variation, location, state }: CountKey): string {
  return `${world.ids.variations.encode(variation)}|${world.ids.locations.encode(location)}|${state}`;
}

export function countKey(world: SquareWorld, id: string): CountKey | undefined {
  const [variationId = '', locationId = '', state = ''] = id.split('|');
  const [variation, location] = [world.ids.variations.decode(variationId), world.ids.locations.decode(locationId)];
  return variation === undefined || location === undefined || state === '' ? undefined : { variation, location, state };
}

/** The seeded counts lie in slots: every variation at every location in every counted state has one, whether it is counted there or not. */
export function slotKey(world: SquareWorld, slot: number): CountKey {
  const [states, locations] = [COUNTED_STATES.length, world.counts.locations];
  const pair = Math.floor(slot / states);
  return { variation: Math.floor(pair / locations), location: pair % locations, state: COUNTED_STATES[slot % states] as string };
}

export function slotOf(world: SquareWorld, { variation, location, state }: CountKey): number | undefined {
  const place = COUNTED_STATES.indexOf(state as (typeof COUNTED_STATES)[number]);
  const seeded = place >= 0 && variation < world.counts.items * MOST_VARIATIONS && location < world.counts.locations;
  return seeded ? (variation * world.counts.locations + location) * COUNTED_STATES.length + place : undefined;
}

function counted(world: SquareWorld, slot: number): boolean {
  const { variation, state } = slotKey(world, slot);
  if (!world.variationExists(variation) || !tracked(world, variation)) return false;
  const hash = world.hash(STREAMS.counts, slot, 51);
  return state === 'IN_STOCK' ? hash % 8 !== 0 : hash % 6 === 0;
}

const QUANTITIES = ['0', '-3', '22.5', '0.12345', '-0.5'] as const;

export function seededQuantity(world: SquareWorld, slot: number): string {
  const hash = world.hash(STREAMS.counts, slot, 52);
  return hash % 7 < QUANTITIES.length ? (QUANTITIES[hash % 7] as string) : quantityText((Math.floor(hash / 7) % 500) * 1000);
}

export function countFields(world: SquareWorld, key: CountKey, quantity: string, calculatedAt: string): JsonObject {
  return {
    catalog_object_id: world.ids.variations.encode(key.variation),
    catalog_object_type: 'ITEM_VARIATION',
    state: key.state,
    location_id: world.ids.locations.encode(key.location),
    quantity,
    calculated_at: calculatedAt,
  };
}

/** Counts beyond the seeded slots get their index when they are first set; `extra` remembers it by id. */
export function countsKind(world: SquareWorld, extra: { readonly byId: Map<string, number>; readonly ids: Map<number, string> }): Kind {
  const slotId = (slot: number): string => countId(world, slotKey(world, slot));
  return {
    name: 'counts',
    seeded: world.slots,
    exists: (slot) => counted(world, slot),
    idOf: (index) => extra.ids.get(index) ?? slotId(index),
    indexOf: (id) => {
      const key = countKey(world, id);
      return key === undefined ? undefined : (slotOf(world, key) ?? extra.byId.get(id));
    },
    updated: (slot) => world.countCalculated(slot),
    seed: (slot) =>
      countFields(
        world,
        slotKey(world, slot),
        seededQuantity(world, slot),
        instantText(world.countCalculated(slot), world.digits(STREAMS.counts, slot)),
      ),
    stamped: (_before, updated) => ({ calculated_at: instantText(updated, 3) }),
  };
}
