import type { ColumnType } from '../../sources/source';
import { plainName } from './key-name';

/** What is known of an entity by its name, whoever wrote the file: Zoho Books' business documents. */
export interface KnownEntity {
  readonly key: string;
  readonly cursor: string | null;
  readonly lineItems: string | null;
}

const CURSOR = 'last_modified_time';
const document = (key: string): KnownEntity => ({ key, cursor: CURSOR, lineItems: 'line_items' });

const KNOWN: ReadonlyMap<string, KnownEntity> = new Map([
  ['contacts', { key: 'contact_id', cursor: CURSOR, lineItems: null }],
  ['items', { key: 'item_id', cursor: CURSOR, lineItems: null }],
  ['organizations', { key: 'organization_id', cursor: null, lineItems: null }],
  // Payments carry which documents they pay.
  ['customerpayments', { key: 'payment_id', cursor: CURSOR, lineItems: 'invoices' }],
  ['vendorpayments', { key: 'payment_id', cursor: CURSOR, lineItems: 'bills' }],
  ['invoices', document('invoice_id')],
  ['bills', document('bill_id')],
  ['salesorders', document('salesorder_id')],
  ['purchaseorders', document('purchaseorder_id')],
  ['creditnotes', document('creditnote_id')],
]);

export function knownEntity(entity: string): KnownEntity | undefined {
  return KNOWN.get(plainName(entity));
}

/**
 * Types of Zoho Books' fields whose values do not always show them: amounts that happen to be whole, times that are all empty so far.
 * Values that do not fit make the column wider, as with every declared type.
 */
const TYPES: ReadonlyMap<string, ColumnType> = new Map(
  Object.entries({
    timestamptz: ['created_time', 'last_modified_time', 'client_viewed_time'],
    date: 'date due_date payment_expected_date last_payment_date shipment_date delivery_date expected_delivery_date last_reminder_sent_date'.split(
      ' ',
    ),
    numeric: (
      'amount amount_applied adjustment actual_available_stock available_stock balance balance_amount bcy_adjustment bcy_amount bcy_balance ' +
      'bcy_rate bcy_sub_total bcy_total credits_applied discount_amount exchange_rate invoice_amount item_total outstanding_payable_amount ' +
      'outstanding_receivable_amount payment_made purchase_rate quantity rate reorder_level shipping_charge stock_on_hand sub_total ' +
      'tax_amount_withheld tax_percentage tax_total total unused_amount unused_credits_payable_amount unused_credits_receivable_amount ' +
      'write_off_amount'
    ).split(' '),
  } satisfies Partial<Record<ColumnType, readonly string[]>>).flatMap(([type, fields]) =>
    fields.map((field) => [field, type as ColumnType]),
  ),
);

/** The known types of those fields that came. */
export function knownTypes(fields: readonly { readonly name: string }[]): Record<string, ColumnType> {
  return Object.fromEntries(fields.flatMap(({ name }) => (TYPES.has(name) ? [[name, TYPES.get(name)!]] : [])));
}
