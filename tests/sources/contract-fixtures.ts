import type { EntityDefinition, Source } from '../../src/sources/source';

/** Square orders: ascending by update, inclusive bounds, ten locations a call, page token in the body, offline sales up to 72 h late. */
export const squareOrders = {
  object: 'orders',
  key: ['id'],
  recordsPath: ['orders'],
  cursor: { field: 'updated_at', kind: 'instant', precision: 'millisecond', boundary: 'inclusive' },
  incremental: true,
  paging: { kind: 'token', in: 'body', pageSize: 1000, lifetimeMs: 300_000 },
  order: 'cursor_ascending',
  shortPages: true,
  detail: null,
  deletes: { kind: 'never' },
  partitions: { entity: 'locations', field: 'location_id', perCall: 10 },
  settleMs: 60_000,
  lag: 600_000,
  version: 'version',
  lineItems: { field: 'line_items' },
  volatile: [],
  emptyIsNull: false,
  columns: {
    id: 'text',
    location_id: 'text',
    customer_id: 'text',
    state: 'text',
    version: 'bigint',
    created_at: 'timestamptz',
    updated_at: 'timestamptz',
    closed_at: 'timestamptz',
    total_money: 'jsonb',
  },
  lineItemColumns: {
    uid: 'text',
    name: 'text',
    quantity: 'numeric',
    catalog_object_id: 'text',
    catalog_version: 'bigint',
    total_money: 'jsonb',
  },
  priority: 'high',
  dependsOn: ['locations'],
} as const satisfies EntityDefinition;

/** Square's catalog: exclusive bound, tombstones in the list itself. */
export const squareCatalog = {
  ...squareOrders,
  object: 'catalog',
  recordsPath: ['objects'],
  cursor: { field: 'updated_at', kind: 'instant', precision: 'millisecond', boundary: 'exclusive' },
  order: 'none',
  deletes: { kind: 'tombstones', field: 'is_deleted' },
  partitions: null,
  lineItems: null,
  columns: { id: 'text', type: 'text', updated_at: 'timestamptz', version: 'bigint', is_deleted: 'boolean', item_data: 'jsonb' },
  lineItemColumns: {},
  dependsOn: [],
} as const satisfies EntityDefinition;

/** A dataclass of a 4D server with change tracking: one stamp for all tables, keyset paging, a feed of deletions. */
export const articles4d = {
  object: 'Artikel_Variante',
  key: ['ID'],
  recordsPath: ['__ENTITIES'],
  cursor: { field: '__GlobalStamp', kind: 'integer', precision: 'integer', boundary: 'exclusive' },
  incremental: true,
  paging: { kind: 'keyset', field: 'ID', pageSize: 1000 },
  order: 'immutable',
  shortPages: false,
  detail: null,
  deletes: { kind: 'feed', object: '__DeletedRecords', cursorField: '__Stamp' },
  partitions: null,
  settleMs: 0,
  lag: 1,
  version: '__STAMP',
  lineItems: null,
  volatile: ['__TIMESTAMP', '__STAMP', '__GlobalStamp'],
  emptyIsNull: false,
  columns: { ID: 'bigint', Art_Nr: 'text', Gewicht: 'numeric', modified: 'timestamptz' },
  lineItemColumns: {},
  priority: 'medium',
  dependsOn: [],
} as const satisfies EntityDefinition;

const unopened = (): never => {
  throw new Error('a literal to compile, not a source to open');
};

export const square = {
  type: 'square',
  title: 'Square',
  limits: { requestsPerMinute: 300, concurrent: 5 },
  zone: 'UTC',
  clock: 'date_header',
  entities: { orders: squareOrders, catalog: squareCatalog },
  open: unopened,
} as const satisfies Source;

export const legacy4d = {
  type: 'legacy-4d',
  title: '4D',
  limits: { requestsPerMinute: 600, concurrent: 2 },
  zone: 'Europe/Berlin',
  clock: 'none',
  entities: { variants: articles4d },
  open: unopened,
} as const satisfies Source;

const withoutBoundary = { field: 'updated_at', kind: 'instant', precision: 'second' } as const;
const { settleMs: _settle, ...withoutSettle } = squareOrders;
const { deletes: _deletes, ...withoutDeletes } = articles4d;

/** Literals that must not compile: a property forgotten is found by the compiler, not in production. */
export const refusedByTheCompiler: readonly EntityDefinition[] = [
  // @ts-expect-error a cursor without its boundary
  { ...squareOrders, cursor: withoutBoundary },
  // @ts-expect-error no settle time
  withoutSettle,
  // @ts-expect-error no word on deletes
  withoutDeletes,
  // @ts-expect-error no key at all
  { ...squareOrders, key: [] },
  // @ts-expect-error a column type that PostgreSQL does not have here
  { ...squareOrders, columns: { id: 'varchar' } },
];
