import { fromThousandths } from '../decimal';
import { RawNumber } from '../json-text';
import type { JsonObject, JsonValue } from '../json-text';
import { Draw } from '../random';
import { COMPANIES, CURRENCIES, FIRST_NAMES, LAST_NAMES, rankedName, rankedWord } from '../words';
import { STREAMS } from '../world';
import type { World } from '../world';
import { CREATION_ORDER, modificationOrder, putCustomFields, putTimes } from './entity';
import type { Depth, Entity, Put, Seeded } from './entity';

const STREAM = STREAMS.contacts;

export function contactName(world: World, index: number): string {
  return rankedName(COMPANIES, world.names.contacts.rank(index), world.counts.contacts);
}

function status(world: World, index: number): string {
  return world.hash(STREAM, index, 20) % 13 === 0 ? 'inactive' : 'active';
}

function contactType(world: World, index: number): string {
  return world.hash(STREAM, index, 21) % 9 === 0 ? 'vendor' : 'customer';
}

function receivable(index: number, draw: Draw): RawNumber {
  const drawn = fromThousandths(draw.below(4) === 0 ? 0 : draw.below(900_000_000));
  return index % 41 === 7 ? new RawNumber('98765432109876.54321') : drawn;
}

function putRow({ world, index }: Seeded, put: Put): void {
  const draw = new Draw(world.hash(STREAM, index, 4));
  const terms = draw.pick([0, 15, 30, 60]);
  const slot = draw.below(CURRENCIES.length);
  const currency = CURRENCIES[slot] as string;
  const first = draw.pick(FIRST_NAMES);
  const outstanding = receivable(index, draw);
  const name = contactName(world, index);
  put('contact_id', world.ids.contacts.encode(index));
  put('contact_name', name);
  put('company_name', draw.below(5) === 0 ? '' : rankedWord(COMPANIES, world.names.contacts.rank(index), world.counts.contacts));
  put('contact_type', contactType(world, index));
  put('customer_sub_type', draw.below(3) === 0 ? 'individual' : 'business');
  put('status', status(world, index));
  put('payment_terms', terms);
  put('payment_terms_label', terms === 0 ? 'Due on Receipt' : `Net ${terms}`);
  put('currency_id', world.settingsId(slot));
  put('currency_code', currency);
  put('outstanding_receivable_amount', outstanding);
  put('outstanding_receivable_amount_formatted', `${currency} ${outstanding.text}`);
  put('unused_credits_receivable_amount', fromThousandths(draw.below(3) === 0 ? draw.below(1_000_000) : 0));
  put('outstanding_payable_amount', fromThousandths(0));
  put('first_name', first);
  put('last_name', draw.pick(LAST_NAMES));
  put('email', first === '' ? '' : `person${index}@example.com`);
  put('phone', draw.below(3) === 0 ? '' : `+1-925-921-${String(draw.below(10_000)).padStart(4, '0')}`);
  put('mobile', '');
  put('website', draw.below(4) === 0 ? 'https://example.com/a?b=1&c=2' : '');
  put('has_attachment', draw.below(10) === 0);
}

function address(draw: Draw, filled: boolean): JsonObject {
  return {
    attention: '',
    address: filled ? `${1 + draw.below(400)} Main Street\nFloor ${draw.below(9)}` : '',
    street2: '',
    state_code: filled ? 'CA' : '',
    city: filled ? draw.pick(['Pleasanton', 'Zürich', 'Chennai', 'Łódź']) : '',
    state: '',
    zip: filled ? String(10_000 + draw.below(89_999)) : '',
    country: filled ? 'U.S.A' : '',
    fax: '',
    phone: '',
  };
}

function persons(world: World, index: number, draw: Draw): JsonObject[] {
  return Array.from({ length: draw.below(3) }, (_, n) => ({
    contact_person_id: world.ids.persons.encode(index * 2 + n),
    salutation: '',
    first_name: draw.pick(FIRST_NAMES),
    last_name: draw.pick(LAST_NAMES),
    email: `person${index}.${n}@example.com`,
    phone: '',
    mobile: '',
    designation: '',
    department: n === 0 ? 'Sales' : '',
    skype: '',
    is_primary_contact: n === 0,
    communication_preference: { is_sms_enabled: false, is_whatsapp_enabled: false },
    enable_portal: false,
  }));
}

function putDetail({ world, index }: Seeded, put: Put): void {
  const draw = new Draw(world.hash(STREAM, index, 5));
  const people = persons(world, index, draw);
  put('has_transaction', draw.below(2) === 0);
  put('credit_limit', fromThousandths(draw.below(5) * 1_000_000));
  put('is_taxable', true);
  put('tax_id', '');
  put('tax_name', '');
  put('tax_percentage', 0);
  put('owner_id', '');
  put('primary_contact_id', people.length > 0 ? world.ids.persons.encode(index * 2) : '');
  put('currency_symbol', '$');
  put('payment_reminder_enabled', true);
  put('facebook', '');
  put('twitter', '');
  put('opening_balances', []);
  put('billing_address', address(draw, true));
  put('shipping_address', address(draw, draw.below(2) === 0));
  put('contact_persons', people);
  put('default_templates', { invoice_template_id: world.settingsId(40), bill_template_id: '' });
  put('notes', draw.below(6) === 0 ? 'Prefers e-mail.\r\n“Call before delivery”   — gate 3' : '');
}

export const contacts: Entity = {
  name: 'contacts',
  detailKey: 'contact',
  idField: 'contact_id',
  label: 'Contact',
  reportName: 'Contacts',
  detailOnly: new Set(
    (
      'has_transaction credit_limit is_taxable tax_id tax_name tax_percentage owner_id primary_contact_id currency_symbol payment_reminder_enabled ' +
      'facebook twitter opening_balances billing_address shipping_address contact_persons default_templates notes'
    ).split(' '),
  ),
  rowOnly: new Set(),
  sortColumns: ['contact_name', 'first_name', 'last_name', 'email', 'outstanding_receivable_amount', 'created_time', 'last_modified_time'],
  defaultSort: { column: 'contact_name', order: 'A' },
  equalityFilters: ['contact_type', 'contact_name', 'company_name', 'first_name', 'last_name', 'email', 'phone'],
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
    if (field === 'contact_type') return contactType(world, index);
    return field === 'contact_name' ? contactName(world, index) : undefined;
  },
  closedOrder(world: World, column: string) {
    if (column === 'created_time') return CREATION_ORDER;
    if (column === 'last_modified_time') return modificationOrder(world, 'contacts');
    const names = world.names.contacts;
    return column === 'contact_name' ? { indexAt: (rank) => names.index(rank), rankOf: (index) => names.rank(index) } : undefined;
  },
};
