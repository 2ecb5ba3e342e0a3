import { exactSum, fromThousandths } from '../decimal';
import { RawNumber, type JsonObject, type JsonValue } from '../json-text';
import { Draw } from '../random';
import { organizationDate } from '../timestamps';
import { CURRENCIES, REGIONS } from '../words';
import { STREAMS, type RecordTimes, type World } from '../world';
import { contactName } from './contacts';
import { CREATION_ORDER, customFields, modificationOrder, type Depth, type Entity } from './entity';
import { invoiceLines, lineItems, linesTotal } from './invoice-lines';

const STREAM = STREAMS.invoices;
const DAY = 86_400;

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
  if (state === 'paid' || state === 'void') return fromThousandths(0);
  return state === 'partially_paid' ? exactSum([total.text, `-${total.text === '0.0' ? '0.0' : '0.1'}`]) : total;
}

function rowFields(world: World, index: number, times: RecordTimes, total: RawNumber): JsonObject {
  const draw = new Draw(world.hash(STREAM, index, 4));
  const state = status(world, index, times.created);
  const contact = customer(world, index);
  const due = times.created + terms(world, index) * DAY;
  const currency = draw.below(CURRENCIES.length);
  return {
    invoice_id: world.ids.invoices.encode(index),
    invoice_number: `INV-${String(index + 1).padStart(7, '0')}`,
    reference_number: draw.below(3) === 0 ? `PO/${draw.below(10_000)}` : '',
    customer_id: customerId(world, index),
    customer_name: contact === undefined ? '' : contactName(world, contact),
    status: state,
    date: organizationDate(times.created),
    due_date: organizationDate(due),
    due_days: state === 'overdue' ? `Overdue by ${Math.floor((world.endSeconds - due) / DAY)} day(s)` : '',
    currency_id: world.ids.settings.encode(currency),
    currency_code: CURRENCIES[currency] as string,
    exchange_rate: index % 29 === 3 ? new RawNumber('1.0823456789012345') : fromThousandths(1000),
    total,
    total_formatted: `${CURRENCIES[currency]} ${total.text}`,
    balance: balance(state, total),
    adjustment: fromThousandths(0),
    shipping_charge: fromThousandths(0),
    write_off_amount: fromThousandths(0),
    is_emailed: draw.below(2) === 0,
    is_viewed_by_client: draw.below(4) === 0,
    has_attachment: false,
    client_viewed_time: '',
    schedule_time: '',
    documents: '',
    color_code: '',
    current_sub_status: state,
    current_sub_status_id: '',
    reminders_sent: draw.below(3),
    last_reminder_sent_date: '',
    last_payment_date: state === 'paid' ? organizationDate(times.modified) : '',
    payment_expected_date: '',
    salesperson_id: draw.below(2) === 0 ? '' : world.ids.settings.encode(70 + draw.below(4)),
    salesperson_name: '',
    ...customFields(world, STREAM, index, draw.pick(REGIONS)),
    ...world.timeFields(STREAM, index, times),
  };
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

function detailFields(world: World, index: number, total: RawNumber, lines: readonly JsonObject[]): JsonObject {
  const days = terms(world, index);
  return {
    line_items: lines,
    payment_terms: days,
    payment_terms_label: days === 0 ? 'Due on Receipt' : `Net ${days}`,
    discount: fromThousandths(0),
    is_discount_before_tax: true,
    discount_type: 'item_level',
    is_inclusive_tax: false,
    recurring_invoice_id: '',
    sub_total: total,
    tax_total: fromThousandths(0),
    taxes: [],
    payment_made: fromThousandths(0),
    credits_applied: fromThousandths(0),
    tax_amount_withheld: fromThousandths(0),
    allow_partial_payments: false,
    price_precision: 2,
    payment_options: { payment_gateways: [] },
    contact_persons_associated: [],
    billing_address: postalAddress(true),
    shipping_address: postalAddress(false),
    notes: index % 7 === 0 ? 'Thanks for your business — ありがとう' : '',
    terms: '',
    template_id: world.ids.settings.encode(40),
    template_name: 'Service - Classic',
    attachment_name: '',
    can_send_in_mail: false,
    invoice_url: '',
  };
}

export const invoices: Entity = {
  name: 'invoices',
  detailKey: 'invoice',
  idField: 'invoice_id',
  label: 'Invoice',
  reportName: 'Invoices',
  detailOnly: new Set(
    (
      'line_items payment_terms payment_terms_label discount is_discount_before_tax discount_type is_inclusive_tax recurring_invoice_id sub_total tax_total ' +
      'taxes payment_made credits_applied tax_amount_withheld allow_partial_payments price_precision payment_options contact_persons_associated ' +
      'billing_address shipping_address notes terms template_id template_name attachment_name can_send_in_mail invoice_url'
    ).split(' '),
  ),
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
  build(world: World, index: number, times: RecordTimes, depth: Depth): JsonObject {
    const lines = invoiceLines(world, index);
    const total = linesTotal(lines);
    const row = rowFields(world, index, times, total);
    return depth === 'row' ? row : { ...row, ...detailFields(world, index, total, lineItems(world, index, lines)) };
  },
  quickField(world: World, index: number, field: string): JsonValue | undefined {
    const created = world.timelines.invoices.created(index);
    if (field === 'status') return status(world, index, created);
    if (field === 'customer_id') return customerId(world, index);
    if (field === 'date') return organizationDate(created);
    return field === 'due_date' ? organizationDate(created + terms(world, index) * DAY) : undefined;
  },
  closedOrder(world: World, column: string) {
    if (column === 'created_time' || column === 'date' || column === 'invoice_number') return CREATION_ORDER;
    return column === 'last_modified_time' ? modificationOrder(world, 'invoices') : undefined;
  },
};
