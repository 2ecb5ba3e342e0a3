import type { ColumnType, EntityDefinition } from '../../source';

const columns = {
  catalog_object_id: 'text',
  catalog_object_type: 'text',
  state: 'text',
  location_id: 'text',
  quantity: 'numeric',
  calculated_at: 'timestamptz',
  is_estimated: 'boolean',
} as const satisfies Record<string, ColumnType>;

const DAY_MS = 86_400_000;

/** Counts of a variation at a location in a state. They come newest first and have neither id nor tombstone: a complete read tells what is gone. */
export const inventory = {
  object: 'inventory',
  key: ['catalog_object_id', 'location_id', 'state'],
  recordsPath: ['counts'],
  recordsMayBeAbsent: true,
  cursor: { field: 'calculated_at', kind: 'instant', precision: 'millisecond', boundary: 'exclusive' },
  incremental: true,
  paging: { kind: 'token', in: 'body', pageSize: 1000, lifetimeMs: 300_000 },
  order: 'cursor_descending',
  shortPages: true,
  detail: null,
  deletes: { kind: 'sweep', confirmByDetail: false },
  partitions: null,
  settleMs: 60_000,
  lag: DAY_MS,
  version: null,
  lineItems: null,
  volatile: [],
  emptyIsNull: false,
  columns,
  lineItemColumns: {},
  priority: 'medium',
  dependsOn: ['locations', 'catalog'],
} as const satisfies EntityDefinition;
