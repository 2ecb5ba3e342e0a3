import { exactSum, fromThousandths } from '../decimal';
import { RawNumber } from '../json-text';
import type { JsonObject, JsonValue } from '../json-text';
import { Draw } from '../random';
import { organizationDate } from '../timestamps';
import { CURRENCIES } from '../words';
import { STREAMS } from '../world';
import type { World } from '../world';
import { contactName } from './contacts';
import { CREATION_ORDER, modificationOrder, putCustomFields, putTimes } from './entity';
import type { Depth, Entity, Put, Seeded } from './entity';
import { invoiceLines, lineItems, linesTotal } from './invoice-lines';

const STREAM = STREAMS.invoices;
const DAY = 86_400;
const ZERO = fromThousandths(0);
const ONE = fromThousandths(1000);
/** 17 significant digits: no double holds it. */
const LONG_RATE = new RawNumber('1.0823456789012345');

function customer(world: World, index: number): number | undefined {
  const contacts = world.counts.contacts;
  return contacts === 0 ? undefined : world.hash(STREAM, index, 23) % contacts;
}

function customerId(world: World, index: number): string {
  const contact = customer(world, index);
  return contact === undefined ? '' : world.ids.contacts.encode(contact);
}

function terms(world: World, index: number): number {
  return [0, 15, 30, 60][world.hash(STREAM, index, 24) % 4] as number;
}

/** Overdue is judged by the seed's own "today", not by the moving clock: a status never changes without an edit. */
function status(world: World, index: number, created: number): string {
  const roll = world.hash(STREAM, index, 25) % 10;
  if (roll < 5) return 'paid';
  if (roll === 5) return 'draft';
  if (roll === 6) return 'void';
  if (roll === 7) return 'partially_paid';
  return created + terms(world, index) * DAY < world.endSeconds ? 'overdue' : 'sent';
}

function balance(state: string, total: RawNumber): RawNumber {
  if (state === 'paid' || state === 'void') return ZERO;
  return state === 'partially_paid' ? exactSum([total.text, `-${total.text === '0.0' ? '0.0' : '0.1'}`]) : total;
}

/** Fields that are empty or the same on every seeded invoice. */
const PLAIN_ROW_FIELDS: readonly (readonly [string, JsonValue])[] = [
  ['adjustment', ZERO],
  ['shipping_charge', ZERO],
  ['write_off_amount', ZERO],
  ['has_attachment', false],
  ['client_viewed_time', ''],
  ['schedule_time', ''],
  ['documents', ''],
  ['color_code', ''],
  ['current_sub_status_id', ''],
  ['last_reminder_sent_date', ''],
  ['payment_expected_date', ''],
  ['salesperson_name', ''],
];

function putHead({ world, index, times }: Seeded, state: string, put: Put): void {
  const contact = customer(world, index);
  const due = times.created + terms(world, index) * DAY;
  put('invoice_id', world.ids.invoices.encode(index));
  put('invoice_number', `INV-${String(index + 1).padStart(7, '0')}`);
  put('customer_id', customerId(world, index));
  put('customer_name', contact === undefined ? '' : contactName(world, contact));
  put('status', state);
  put('current_sub_status', state);
  put('date', organizationDate(times.created));
  put('due_date', organizationDate(due));
  put('due_days', state === 'overdue' ? `Overdue by ${Math.floor((world.endSeconds - due) / DAY)} day(s)` : '');
  put('last_payment_date', state === 'paid' ? organizationDate(times.modified) : '');
}

function putRow(record: Seeded, total: RawNumber, put: Put): void {
  const { world, index, times } = record;
  const draw = new Draw(world.hash(STREAM, index, 4));
  const state = status(world, index, times.created);
  const slot = draw.below(CURRENCIES.length);
  const currency = CURRENCIES[slot] as string;
  putHead(record, state, put);
  put('reference_number', draw.below(3) === 0 ? `PO/${draw.below(10_000)}` : '');
  put('currency_id', world.settingsId(slot));
  put('currency_code', currency);
  put('exchange_rate', index % 29 === 3 ? LONG_RATE : ONE);
  put('total', total);
  put('total_formatted', `${currency} ${total.text}`);
  put('balance', balance(state, total));
  put('is_emailed', draw.below(2) === 0);
  put('is_viewed_by_client', draw.below(4) === 0);
  put('reminders_sent', draw.below(3));
  put('salesperson_id', draw.below(2) === 0 ? '' : world.settingsId(70 + draw.below(4)));
  for (const [field, value] of PLAIN_ROW_FIELDS) put(field, value);
  putCustomFields(world, STREAM, index, put);
  putTimes(record, STREAM, put);
}

function postalAddress(filled: boolean): JsonObject {
  return {
    address: filled ? '4900 Hopyard Rd' : '',
    street2: '',
    city: filled ? 'Pleasanton' : '',
    state: '',
    zip: filled ? '94588' : '',
    country: '',
    fax: '',
  };
}

const PLAIN_DETAIL_FIELDS: readonly (readonly [string, JsonValue])[] = [
  ['discount', ZERO],
  ['is_discount_before_tax', true],
  ['discount_type', 'item_level'],
  ['is_inclusive_tax', false],
  ['recurring_invoice_id', ''],
  ['tax_total', ZERO],
  ['taxes', []],
  ['payment_made', ZERO],
  ['credits_applied', ZERO],
  ['tax_amount_withheld', ZERO],
  ['allow_partial_payments', false],
  ['price_precision', 2],
  ['payment_options', { payment_gateways: [] }],
  ['contact_persons_associated', []],
  ['billing_address', postalAddress(true)],
  ['shipping_address', postalAddress(false)],
  ['terms', ''],
  ['template_name', 'Service - Classic'],
  ['attachment_name', ''],
  ['can_send_in_mail', false],
  ['invoice_url', ''],
];

function putDetail({ world, index }: Seeded, total: RawNumber, put: Put): void {
  const days = terms(world, index);
  put('payment_terms', days);
  put('payment_terms_label', days === 0 ? 'Due on Receipt' : `Net ${days}`);
  put('sub_total', total);
  put('notes', index % 7 === 0 ? 'Thanks for your business — ありがとう' : '');
  put('template_id', world.settingsId(40));
  for (const [field, value] of PLAIN_DETAIL_FIELDS) put(field, value);
}

export const invoices: Entity = {
  name: 'invoices',
  detailKey: 'invoice',
  idField: 'invoice_id',
  label: 'Invoice',
  reportName: 'Invoices',
  detailOnly: new Set([
    ...['line_items', 'payment_terms', 'payment_terms_label', 'sub_total', 'notes', 'template_id'],
    ...PLAIN_DETAIL_FIELDS.map(([field]) => field),
  ]),
  rowOnly: new Set(['due_days', 'schedule_time', 'documents']),
  sortColumns: ['customer_name', 'invoice_number', 'date', 'due_date', 'total', 'balance', 'created_time'],
  defaultSort: { column: 'created_time', order: 'D' },
  equalityFilters: [
    'invoice_number',
    'reference_number',
    'customer_name',
    'customer_id',
    'status',
    'total',
    'balance',
    'recurring_invoice_id',
  ],
  dateFilters: ['date', 'due_date'],
  filtersByModification: true,
  write(record: Seeded, depth: Depth, put: Put): void {
    const lines = invoiceLines(record.world, record.index);
    const total = linesTotal(lines);
    putRow(record, total, put);
    if (depth === 'row') return;
    put('line_items', lineItems(record.world, record.index, lines));
    putDetail(record, total, put);
  },
  quickField(world: World, index: number, field: string): JsonValue | undefined {
    const created = world.timelines.invoices.created(index);
    if (field === 'status') return status(world, index, created);
    if (field === 'customer_id') return customerId(world, index);
    if (field === 'date') return organizationDate(created);
    if (field === 'total') return linesTotal(invoiceLines(world, index));
    return field === 'due_date' ? organizationDate(created + terms(world, index) * DAY) : undefined;
  },
  closedOrder(world: World, column: string) {
    if (column === 'created_time' || column === 'date' || column === 'invoice_number') return CREATION_ORDER;
    return column === 'last_modified_time' ? modificationOrder(world, 'invoices') : undefined;
  },
};
