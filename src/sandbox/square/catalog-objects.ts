import type { JsonObject } from '../json-text';
import { PRODUCTS } from '../words';
import { instantText } from './instants';
import { currencyOf } from './locations';
import { money } from './money';
import { MOST_VARIATIONS, STREAMS } from './world';
import type { SquareWorld } from './world';

const SIZES = ['Regular', 'Large', '½ Größe'] as const;
/** What Square writes where nobody gave an order. */
const NO_ORDER = -2_251_799_813_685_248;

export function itemName(world: SquareWorld, item: number): string {
  return `${PRODUCTS[world.hash(STREAMS.items, item, 21) % PRODUCTS.length] as string} ${item + 1}`;
}

export function variationName(variation: number): string {
  return SIZES[variation % MOST_VARIATIONS] as string;
}

export function variationPrice(world: SquareWorld, variation: number): number {
  return 50 + (world.hash(STREAMS.variations, variation, 22) % 20_000);
}

export function tracked(world: SquareWorld, variation: number): boolean {
  return world.hash(STREAMS.variations, variation, 23) % 4 !== 0;
}

/** The part that all objects of the catalog have; its version is the millisecond of its last change. */
function head(type: string, id: string, updated: number, digits: 0 | 3 | 6): JsonObject {
  return {
    type,
    id,
    updated_at: instantText(updated, digits === 6 ? 3 : digits),
    version: Math.floor(updated / 1000),
    is_deleted: false,
    present_at_all_locations: true,
  };
}

export function categoryFields(world: SquareWorld, index: number, updated: number): JsonObject {
  const parent = index > 0 && world.hash(STREAMS.categories, index, 24) % 3 === 0 ? Math.floor(index / 2) : undefined;
  return {
    ...head('CATEGORY', world.ids.categories.encode(index), updated, world.digits(STREAMS.categories, index)),
    category_data: {
      name: `Category ${index + 1} – ${PRODUCTS[index % PRODUCTS.length] as string}`,
      category_type: 'REGULAR_CATEGORY',
      parent_category: { ...(parent !== undefined && { id: world.ids.categories.encode(parent) }), ordinal: NO_ORDER },
      is_top_level: parent === undefined,
    },
  };
}

/** Without its variations: those are put in when it is shown. */
export function itemFields(world: SquareWorld, index: number, updated: number): JsonObject {
  const { categories, locations } = world.counts;
  const hash = world.hash(STREAMS.items, index, 25);
  const category =
    categories === 0 || hash % 7 === 0 ? undefined : { id: world.ids.categories.encode(hash % categories), ordinal: NO_ORDER };
  return {
    ...head('ITEM', world.ids.items.encode(index), updated, world.digits(STREAMS.items, index)),
    ...(hash % 6 === 0 && locations > 1 && { absent_at_location_ids: [world.ids.locations.encode(1)] }),
    item_data: {
      name: itemName(world, index),
      ...(hash % 2 === 0 && { description: `Line one\nLine two of № ${index + 1}` }),
      is_taxable: hash % 3 !== 0,
      product_type: 'REGULAR',
      is_archived: hash % 11 === 0,
      ...(category !== undefined && { categories: [category], reporting_category: category }),
    },
  };
}

export function variationFields(world: SquareWorld, index: number, updated: number): JsonObject {
  const item = Math.floor(index / MOST_VARIATIONS);
  const priced = world.hash(STREAMS.variations, index, 26) % 8 !== 0;
  return {
    ...head('ITEM_VARIATION', world.ids.variations.encode(index), updated, world.digits(STREAMS.variations, index)),
    item_variation_data: {
      item_id: world.ids.items.encode(item),
      name: variationName(index),
      sku: `SKU-${String(item + 1).padStart(6, '0')}-${(index % MOST_VARIATIONS) + 1}`,
      ordinal: index % MOST_VARIATIONS,
      pricing_type: priced ? 'FIXED_PRICING' : 'VARIABLE_PRICING',
      ...(priced && { price_money: money(variationPrice(world, index), currencyOf(0)) }),
      track_inventory: tracked(world, index),
      sellable: true,
      stockable: true,
    },
  };
}
