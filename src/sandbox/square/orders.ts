import type { JsonObject, JsonValue } from '../json-text';
import { instantText } from './instants';
import { currencyOf } from './locations';
import { money } from './money';
import type { Amount } from './money';
import { lineItems, orderLines, orderSums } from './order-lines';
import type { OrderLine, OrderSums } from './order-lines';
import { STREAMS } from './world';
import type { SquareWorld } from './world';

/** Microseconds since 1970. */
export interface OrderTimes {
  readonly created: number;
  readonly updated: number;
}

const STREAM = STREAMS.orders;
const STATES = ['COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'OPEN', 'OPEN', 'CANCELED', 'DRAFT'] as const;
const SOURCES = ['Online', 'Square Point of Sale', 'Kiosk'] as const;

/** Place of the order's location among the seeded ones. */
export function orderLocation(world: SquareWorld, index: number): number {
  return world.hash(STREAM, index, 31) % Math.max(1, world.counts.locations);
}

export function orderState(world: SquareWorld, index: number): string {
  return isReturn(index) ? 'COMPLETED' : (STATES[world.hash(STREAM, index, 32) % STATES.length] as string);
}

export function orderSource(world: SquareWorld, index: number): string {
  return SOURCES[world.hash(STREAM, index, 33) % SOURCES.length] as string;
}

export function orderCustomer(world: SquareWorld, index: number): string | undefined {
  const hash = world.hash(STREAM, index, 34);
  return hash % 3 === 0 ? world.ids.customers.encode(Math.floor(hash / 3) % 500) : undefined;
}

/** Instant of closing of a seeded order; open ones have none. */
export function orderClosed(world: SquareWorld, index: number, { created, updated }: OrderTimes): number | undefined {
  const state = orderState(world, index);
  return state === 'COMPLETED' || state === 'CANCELED' ? Math.floor(created + (updated - created) * 0.9) : undefined;
}

/** Every 23rd order takes goods back: it has negative amounts and no lines of its own. */
function isReturn(index: number): boolean {
  return index % 23 === 7;
}

export function orderFields(world: SquareWorld, index: number, times: OrderTimes): JsonObject {
  const place = orderLocation(world, index);
  const currency = currencyOf(place);
  const lines = orderLines(world, index);
  const sums = orderSums(lines);
  return {
    ...headFields(world, index, times, world.ids.locations.encode(place)),
    ...(isReturn(index)
      ? returnFields(world, index, times, { lines, sums, currency })
      : saleFields(world, index, times, { lines, sums, currency })),
    ...(world.hash(STREAM, index, 35) % 4 === 0 && { metadata: { channel: 'web', note: 'über "Shop"' } }),
    ...(world.hash(STREAM, index, 36) % 9 === 0 && { ticket_name: `Table ${index % 40}` }),
    pricing_options: { auto_apply_discounts: true, auto_apply_taxes: index % 2 === 0 },
  };
}

function headFields(world: SquareWorld, index: number, times: OrderTimes, location: string): JsonObject {
  const digits = world.digits(STREAM, index);
  const closed = orderClosed(world, index, times);
  const hash = world.hash(STREAM, index, 37);
  const known = orderCustomer(world, index);
  return {
    id: world.ids.orders.encode(index),
    location_id: location,
    ...(hash % 3 === 0 && { reference_id: `web-${1001 + index}` }),
    source: { name: orderSource(world, index) },
    // Nobody known is written as null or not at all.
    ...((known !== undefined || hash % 2 === 0) && { customer_id: known ?? null }),
    state: orderState(world, index),
    version: 1 + (hash % 5),
    created_at: instantText(times.created, digits),
    updated_at: instantText(times.updated, digits),
    ...(closed !== undefined && { closed_at: instantText(closed, digits) }),
  };
}

interface Sold {
  readonly lines: readonly OrderLine[];
  readonly sums: OrderSums;
  readonly currency: string;
}

type Fields = Readonly<Record<string, JsonValue>>;

function saleFields(world: SquareWorld, index: number, times: OrderTimes, { lines, sums, currency }: Sold): Fields {
  const paid = orderState(world, index) === 'COMPLETED';
  const tip = paid && typeof sums.total === 'number' && index % 5 === 0 ? 150 : 0;
  const total: Amount = typeof sums.total === 'number' ? sums.total + tip : sums.total;
  return {
    ...(lines.length > 0 && { line_items: lineItems(world, lines, currency) }),
    ...(sums.tax > 0 && { taxes: [tax(sums.tax, currency)] }),
    ...(sums.discount > 0 && { discounts: [discount(sums.discount, currency)] }),
    ...(paid && { tenders: [tender(world, index, times, { total, tip, currency })] }),
    ...totals(total, sums, tip, currency),
    net_amounts: amounts(total, sums, tip, currency),
    net_amount_due_money: money(paid ? 0 : total, currency),
    // Cash is rounded to what coins there are, downward too.
    ...(index % 13 === 0 && { rounding_adjustment: { uid: 'rounding', name: 'Cash rounding', amount_money: money(-2, currency) } }),
  };
}

function returnFields(world: SquareWorld, index: number, times: OrderTimes, { lines, sums, currency }: Sold): Fields {
  const total = typeof sums.total === 'number' ? sums.total : 0;
  const [tax, discount] = [sums.tax, sums.discount];
  const none = { total: 0, tax: 0, discount: 0 };
  const back = amounts(total, sums, 0, currency);
  return {
    returns: [
      {
        uid: 'return-1',
        source_order_id: world.ids.orders.encode(index - 1),
        return_line_items: lines.map((each, n) => returnLine(each, n, currency)),
        return_amounts: back,
      },
    ],
    refunds: [refund(world, index, times, money(total, currency))],
    ...totals(0, none, 0, currency),
    return_amounts: back,
    net_amounts: amounts(-total, { total: -total, tax: -tax, discount: -discount }, 0, currency),
    net_amount_due_money: money(-total, currency),
  };
}

function returnLine(line: OrderLine, n: number, currency: string): JsonObject {
  return {
    uid: `return-line-${n + 1}`,
    source_line_item_uid: `line-${n + 1}`,
    quantity: '1',
    item_type: line.variation === undefined ? 'CUSTOM_AMOUNT' : 'ITEM',
    base_price_money: money(line.price, currency),
    gross_return_money: money(line.gross, currency),
    total_tax_money: money(line.tax, currency),
    total_discount_money: money(line.discount, currency),
    total_money: money(line.total, currency),
  };
}

function refund(world: SquareWorld, index: number, times: OrderTimes, amount: JsonObject): JsonObject {
  return {
    id: `rf-${world.ids.orders.encode(index)}`,
    location_id: world.ids.locations.encode(orderLocation(world, index)),
    tender_id: `tn-${world.ids.orders.encode(index - 1)}`,
    created_at: instantText(times.created),
    reason: 'Returned goods',
    amount_money: amount,
    status: 'APPROVED',
  };
}

function tender(world: SquareWorld, index: number, times: OrderTimes, paid: { total: Amount; tip: number; currency: string }): JsonObject {
  const card = index % 3 !== 0;
  return {
    id: `tn-${world.ids.orders.encode(index)}`,
    location_id: world.ids.locations.encode(orderLocation(world, index)),
    created_at: instantText(times.created),
    amount_money: money(paid.total, paid.currency),
    ...(paid.tip > 0 && { tip_money: money(paid.tip, paid.currency) }),
    type: card ? 'CARD' : 'CASH',
    ...(card
      ? { card_details: { status: 'CAPTURED', entry_method: 'CONTACTLESS' } }
      : { cash_details: { buyer_tendered_money: money(paid.total, paid.currency), change_back_money: money(0, paid.currency) } }),
  };
}

function totals(total: Amount, { tax, discount }: OrderSums, tip: number, currency: string): Fields {
  return {
    total_money: money(total, currency),
    total_tax_money: money(tax, currency),
    total_discount_money: money(discount, currency),
    total_tip_money: money(tip, currency),
    total_service_charge_money: money(0, currency),
  };
}

function amounts(total: Amount, { tax, discount }: OrderSums, tip: number, currency: string): JsonObject {
  return {
    total_money: money(total, currency),
    tax_money: money(tax, currency),
    discount_money: money(discount, currency),
    tip_money: money(tip, currency),
    service_charge_money: money(0, currency),
  };
}

function tax(amount: number, currency: string): JsonObject {
  return { uid: 'tax-1', name: 'VAT', type: 'ADDITIVE', percentage: '8.333', applied_money: money(amount, currency), scope: 'LINE_ITEM' };
}

function discount(amount: number, currency: string): JsonObject {
  return {
    uid: 'discount-1',
    name: 'Happy hour',
    type: 'FIXED_PERCENTAGE',
    percentage: '10',
    applied_money: money(amount, currency),
    scope: 'LINE_ITEM',
  };
}
