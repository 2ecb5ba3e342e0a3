import { fromThousandths } from '../decimal';
import { RawNumber, type JsonObject, type JsonValue } from '../json-text';
import { Draw } from '../random';
import { PRODUCTS, rankedName, REGIONS } from '../words';
import { STREAMS, type RecordTimes, type World } from '../world';
import { CREATION_ORDER, customFields, modificationOrder, type Depth, type Entity } from './entity';

const STREAM = STREAMS.items;

export function itemName(world: World, index: number): string {
  return rankedName(PRODUCTS, world.names.items.rank(index), world.counts.items);
}

/** Price of an item in thousandths, as invoices use it. */
export function itemRate(world: World, index: number): number {
  const hash = world.hash(STREAM, index, 22);
  const scale = [1, 10, 100, 1000][hash % 4] as number;
  return (1 + (Math.floor(hash / 4) % 20_000)) * scale;
}

function status(world: World, index: number): string {
  return world.hash(STREAM, index, 20) % 11 === 0 ? 'inactive' : 'active';
}

function rowFields(world: World, index: number, draw: Draw): JsonObject {
  const stock = fromThousandths(draw.below(500) * 1000);
  const name = itemName(world, index);
  const taxed = draw.below(3) === 0;
  return {
    item_id: world.ids.items.encode(index),
    name,
    item_name: name,
    status: status(world, index),
    description: draw.below(3) === 0 ? `Line one\nLine two of ${name}` : '',
    rate: index % 37 === 5 ? new RawNumber('12345678901234.56789') : fromThousandths(itemRate(world, index)),
    purchase_rate: fromThousandths(draw.below(2_000_000)),
    unit: draw.pick(['pcs', 'kg', '', 'm²']),
    sku: draw.below(9) === 0 ? '' : `SKU-${String(index).padStart(6, '0')}`,
    product_type: draw.below(4) === 0 ? 'service' : 'goods',
    item_type: draw.pick(['inventory', 'sales', 'sales_and_purchases']),
    tax_id: taxed ? world.ids.settings.encode(20) : '',
    tax_name: taxed ? 'VAT' : '',
    tax_percentage: taxed ? 19 : 0,
    tax_type: taxed ? 'tax' : '',
    stock_on_hand: stock,
    available_stock: stock,
    actual_available_stock: stock,
    reorder_level: draw.below(2) === 0 ? '' : String(draw.below(50)),
    account_id: world.ids.settings.encode(30 + draw.below(5)),
    image_name: '',
  };
}

function detailFields(world: World, index: number): JsonObject {
  const draw = new Draw(world.hash(STREAM, index, 5));
  return {
    hsn_or_sac: '',
    sat_item_key_code: '',
    unitkey_code: '',
    item_tax_preferences: draw.below(2) === 0 ? [] : [{ tax_id: world.ids.settings.encode(20), tax_specification: 'intra' }],
    locations: [
      {
        location_id: world.ids.settings.encode(50),
        location_name: 'Head Office',
        status: 'active',
        is_primary: true,
        location_stock_on_hand: String(draw.below(500)),
        location_available_stock: '',
        location_actual_available_stock: '',
      },
    ],
  };
}

export const items: Entity = {
  name: 'items',
  detailKey: 'item',
  idField: 'item_id',
  label: 'Item',
  reportName: 'Items',
  detailOnly: new Set('hsn_or_sac sat_item_key_code unitkey_code item_tax_preferences locations'.split(' ')),
  rowOnly: new Set(),
  sortColumns: ['name', 'rate', 'tax_name'],
  defaultSort: { column: 'name', order: 'A' },
  equalityFilters: ['name', 'description', 'rate', 'tax_id', 'tax_name', 'account_id'],
  dateFilters: [],
  filtersByModification: false,
  build(world: World, index: number, times: RecordTimes, depth: Depth): JsonObject {
    const draw = new Draw(world.hash(STREAM, index, 4));
    return {
      ...rowFields(world, index, draw),
      ...customFields(world, STREAM, index, draw.pick(REGIONS)),
      ...world.timeFields(STREAM, index, times),
      ...(depth === 'full' ? detailFields(world, index) : {}),
    };
  },
  quickField(world: World, index: number, field: string): JsonValue | undefined {
    if (field === 'status') return status(world, index);
    return field === 'name' ? itemName(world, index) : undefined;
  },
  closedOrder(world: World, column: string) {
    if (column === 'created_time') return CREATION_ORDER;
    if (column === 'last_modified_time') return modificationOrder(world, 'items');
    const names = world.names.items;
    return column === 'name' ? { indexAt: (rank) => names.index(rank), rankOf: (index) => names.rank(index) } : undefined;
  },
};
