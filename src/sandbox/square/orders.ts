import { scalarText } from '../json-text';
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
  const sold = { lines, sums: orderSums(lines), currency };
  const order = headFields(world, index, times, world.ids.locations.encode(place));
  if (isReturn(index)) putReturn(world, index, sold, order);
  else putSale(world, index, sold, order);
  if (world.hash(STREAM, index, 35) % 4 === 0) order.metadata = { channel: 'web', note: 'über "Shop"' };
  if (world.hash(STREAM, index, 36) % 9 === 0) order.ticket_name = `Table ${index % 40}`;
  order.pricing_options = { auto_apply_discounts: true, auto_apply_taxes: index % 2 === 0 };
  return order;
}

type Fields = Record<string, JsonValue>;

function headFields(world: SquareWorld, index: number, times: OrderTimes, location: string): Fields {
  const digits = world.digits(STREAM, index);
  const closed = orderClosed(world, index, times);
  const hash = world.hash(STREAM, index, 37);
  const known = orderCustomer(world, index);
  const order: Fields = { id: world.ids.orders.encode(index), location_id: location };
  if (hash % 3 === 0) order.reference_id = `web-${1001 + index}`;
  order.source = { name: orderSource(world, index) };
  // Nobody known is written as null or not at all.
  if (known !== undefined || hash % 2 === 0) order.customer_id = known ?? null;
  order.state = orderState(world, index);
  order.version = 1 + (hash % 5);
  order.created_at = instantText(times.created, digits);
  order.updated_at = instantText(times.updated, digits);
  if (closed !== undefined) order.closed_at = instantText(closed, digits);
  return order;
}

interface Sold {
  readonly lines: readonly OrderLine[];
  readonly sums: OrderSums;
  readonly currency: string;
}

function putSale(world: SquareWorld, index: number, { lines, sums, currency }: Sold, order: Fields): void {
  const paid = order.state === 'COMPLETED';
  const tip = paid && typeof sums.total === 'number' && index % 5 === 0 ? 150 : 0;
  const total: Amount = typeof sums.total === 'number' ? sums.total + tip : sums.total;
  if (lines.length > 0) order.line_items = lineItems(world, lines, currency);
  if (sums.tax > 0) order.taxes = [tax(sums.tax, currency)];
  if (sums.discount > 0) order.discounts = [discount(sums.discount, currency)];
  if (paid) order.tenders = [tender(index, order, { total, tip, currency })];
  putTotals(order, total, sums, { tip, currency });
  order.net_amounts = amounts(total, sums, tip, currency);
  order.net_amount_due_money = money(paid ? 0 : total, currency);
  // Cash is rounded to what coins there are, downward too.
  if (index % 13 === 0) order.rounding_adjustment = { uid: 'rounding', name: 'Cash rounding', amount_money: money(-2, currency) };
}

function putReturn(world: SquareWorld, index: number, { lines, sums, currency }: Sold, order: Fields): void {
  const total = typeof sums.total === 'number' ? sums.total : 0;
  const back = amounts(total, sums, 0, currency);
  const source = world.ids.orders.encode(index - 1);
  const return_line_items = lines.map((each, n) => returnLine(each, n, currency));
  order.returns = [{ uid: 'return-1', source_order_id: source, return_line_items, return_amounts: back }];
  order.refunds = [refund(order, source, money(total, currency))];
  putTotals(order, 0, { total: 0, tax: 0, discount: 0 }, { tip: 0, currency });
  order.return_amounts = back;
  order.net_amounts = amounts(-total, { total: -total, tax: -sums.tax, discount: -sums.discount }, 0, currency);
  order.net_amount_due_money = money(-total, currency);
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

function refund({ id, location_id, created_at }: Fields, source: string, amount_money: JsonObject): JsonObject {
  return {
    id: `rf-${scalarText(id)}`,
    location_id: location_id ?? '',
    tender_id: `tn-${source}`,
    created_at: created_at ?? '',
    reason: 'Returned goods',
    amount_money,
    status: 'APPROVED',
  };
}

function tender(index: number, order: Fields, { total, tip, currency }: { total: Amount; tip: number; currency: string }): JsonObject {
  const paid: Fields = {
    id: `tn-${scalarText(order.id)}`,
    location_id: order.location_id ?? '',
    created_at: order.created_at ?? '',
    amount_money: money(total, currency),
  };
  if (tip > 0) paid.tip_money = money(tip, currency);
  paid.type = index % 3 === 0 ? 'CASH' : 'CARD';
  if (paid.type === 'CARD') paid.card_details = { status: 'CAPTURED', entry_method: 'CONTACTLESS' };
  else paid.cash_details = { buyer_tendered_money: money(total, currency), change_back_money: money(0, currency) };
  return paid;
}

function putTotals(order: Fields, total: Amount, { tax, discount }: OrderSums, paid: { tip: number; currency: string }): void {
  order.total_money = money(total, paid.currency);
  order.total_tax_money = money(tax, paid.currency);
  order.total_discount_money = money(discount, paid.currency);
  order.total_tip_money = money(paid.tip, paid.currency);
  order.total_service_charge_money = money(0, paid.currency);
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
