import type { ColumnType, EntityDefinition } from '../../source';

const columns = {
  type: 'text',
  id: 'text',
  updated_at: 'timestamptz',
  version: 'bigint',
  is_deleted: 'boolean',
  custom_attribute_values: 'jsonb',
  catalog_v1_ids: 'jsonb',
  present_at_all_locations: 'boolean',
  present_at_location_ids: 'jsonb',
  absent_at_location_ids: 'jsonb',
  image_id: 'text',
} as const satisfies Record<string, ColumnType>;

/** Whole lists hold no deleted objects; what changed since an instant, with tombstones, comes by search, which leaves equal times out. */
const catalogObject = {
  object: 'catalog',
  key: ['id'],
  recordsPath: ['objects'],
  recordsMayBeAbsent: true,
  cursor: { field: 'updated_at', kind: 'instant', precision: 'millisecond', boundary: 'exclusive' },
  incremental: true,
  paging: { kind: 'token', in: 'body', pageSize: 1000, lifetimeMs: 300_000 },
  order: 'none',
  shortPages: true,
  detail: null,
  deletes: { kind: 'tombstones', field: 'is_deleted' },
  partitions: null,
  settleMs: 60_000,
  lag: 600_000,
  version: 'version',
  lineItems: null,
  volatile: [],
  emptyIsNull: false,
  columns,
  lineItemColumns: {},
  priority: 'high',
  dependsOn: [],
} as const satisfies EntityDefinition;

/** Items; their variations stand inside `item_data`, and once more as objects of their own in `variations`. */
export const catalog = { ...catalogObject, columns: { ...columns, item_data: 'jsonb' } } as const satisfies EntityDefinition;

/** What is sold and counted: the objects that order lines and inventory counts name. */
export const variations = { ...catalogObject, columns: { ...columns, item_variation_data: 'jsonb' } } as const satisfies EntityDefinition;

export const categories = {
  ...catalogObject,
  columns: { ...columns, category_data: 'jsonb' },
  priority: 'medium',
} as const satisfies EntityDefinition;
