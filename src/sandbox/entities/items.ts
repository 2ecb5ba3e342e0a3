import { fromThousandths } from '../decimal';
import { RawNumber } from '../json-text';
import type { JsonValue } from '../json-text';
import { Draw } from '../random';
import { PRODUCTS, rankedName } from '../words';
import { STREAMS } from '../world';
import type { World } from '../world';
import { CREATION_ORDER, modificationOrder, putCustomFields, putTimes } from './entity';
import type { Depth, Entity, Put, Seeded } from './entity';

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

function putRow({ world, index }: Seeded, put: Put): void {
  const draw = new Draw(world.hash(STREAM, index, 4));
  const stock = fromThousandths(draw.below(500) * 1000);
  const name = itemName(world, index);
  const taxed = draw.below(3) === 0;
  put('item_id', world.ids.items.encode(index));
  put('name', name);
  put('item_name', name);
  put('status', status(world, index));
  put('description', draw.below(3) === 0 ? `Line one\nLine two of ${name}` : '');
  put('rate', index % 37 === 5 ? new RawNumber('12345678901234.56789') : fromThousandths(itemRate(world, index)));
  put('purchase_rate', fromThousandths(draw.below(2_000_000)));
  put('unit', draw.pick(['pcs', 'kg', '', 'm²']));
  put('sku', draw.below(9) === 0 ? '' : `SKU-${String(index).padStart(6, '0')}`);
  put('product_type', draw.below(4) === 0 ? 'service' : 'goods');
  put('item_type', draw.pick(['inventory', 'sales', 'sales_and_purchases']));
  put('tax_id', taxed ? world.settingsId(20) : '');
  put('tax_name', taxed ? 'VAT' : '');
  put('tax_percentage', taxed ? 19 : 0);
  put('tax_type', taxed ? 'tax' : '');
  put('stock_on_hand', stock);
  put('available_stock', stock);
  put('actual_available_stock', stock);
  put('reorder_level', draw.below(2) === 0 ? '' : String(draw.below(50)));
  put('account_id', world.settingsId(30 + draw.below(5)));
  put('image_name', '');
}

function putDetail({ world, index }: Seeded, put: Put): void {
  const draw = new Draw(world.hash(STREAM, index, 5));
  put('hsn_or_sac', '');
  put('sat_item_key_code', '');
  put('unitkey_code', '');
  put('item_tax_preferences', draw.below(2) === 0 ? [] : [{ tax_id: world.settingsId(20), tax_specification: 'intra' }]);
  put('locations', [
    {
      location_id: world.settingsId(50),
      location_name: 'Head Office',
      status: 'active',
      is_primary: true,
      location_stock_on_hand: String(draw.below(500)),
      location_available_stock: '',
      location_actual_available_stock: '',
    },
  ]);
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
  write(record: Seeded, depth: Depth, put: Put): void {
    putRow(record, put);
    putCustomFields(record.world, STREAM, record.index, put);
    putTimes(record, STREAM, put);
    if (depth === 'full') putDetail(record, put);
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
