import type { ColumnType, EntityDefinition } from '../../source';

/** Amounts are objects of minor units and their currency, kept as sent. */
const columns = {
  id: 'text',
  location_id: 'text',
  reference_id: 'text',
  source: 'jsonb',
  customer_id: 'text',
  taxes: 'jsonb',
  discounts: 'jsonb',
  service_charges: 'jsonb',
  fulfillments: 'jsonb',
  returns: 'jsonb',
  return_amounts: 'jsonb',
  net_amounts: 'jsonb',
  rounding_adjustment: 'jsonb',
  tenders: 'jsonb',
  refunds: 'jsonb',
  metadata: 'jsonb',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
  closed_at: 'timestamptz',
  state: 'text',
  version: 'bigint',
  total_money: 'jsonb',
  total_tax_money: 'jsonb',
  total_discount_money: 'jsonb',
  total_tip_money: 'jsonb',
  total_service_charge_money: 'jsonb',
  ticket_name: 'text',
  pricing_options: 'jsonb',
  rewards: 'jsonb',
  net_amount_due_money: 'jsonb',
} as const satisfies Record<string, ColumnType>;

/** Quantities are decimal texts. */
const lineItemColumns = {
  uid: 'text',
  name: 'text',
  quantity: 'numeric',
  quantity_unit: 'jsonb',
  note: 'text',
  catalog_object_id: 'text',
  catalog_version: 'bigint',
  variation_name: 'text',
  item_type: 'text',
  metadata: 'jsonb',
  modifiers: 'jsonb',
  applied_taxes: 'jsonb',
  applied_discounts: 'jsonb',
  applied_service_charges: 'jsonb',
  base_price_money: 'jsonb',
  variation_total_price_money: 'jsonb',
  gross_sales_money: 'jsonb',
  total_tax_money: 'jsonb',
  total_discount_money: 'jsonb',
  total_money: 'jsonb',
  total_service_charge_money: 'jsonb',
  pricing_blocklists: 'jsonb',
} as const satisfies Record<string, ColumnType>;

const DAY_MS = 86_400_000;

/**
 * Orders: read in ascending order of their last change, so that one changed in mid-read comes again. Square's devices deliver offline
 * sales up to 72 hours late and its search index lags, hence a lag of days. Orders are never deleted.
 */
export const orders = {
  object: 'orders',
  key: ['id'],
  recordsPath: ['orders'],
  recordsMayBeAbsent: true,
  cursor: { field: 'updated_at', kind: 'instant', precision: 'millisecond', boundary: 'inclusive' },
  incremental: true,
  paging: { kind: 'token', in: 'body', pageSize: 1000, lifetimeMs: 300_000 },
  order: 'cursor_ascending',
  shortPages: true,
  detail: null,
  deletes: { kind: 'never' },
  partitions: { entity: 'locations', field: 'location_id', perCall: 10 },
  settleMs: 60_000,
  lag: 7 * DAY_MS,
  version: 'version',
  lineItems: { field: 'line_items' },
  volatile: [],
  emptyIsNull: false,
  columns,
  lineItemColumns,
  priority: 'high',
  dependsOn: ['locations'],
} as const satisfies EntityDefinition;
