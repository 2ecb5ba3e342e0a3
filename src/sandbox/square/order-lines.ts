import { RawNumber } from '../json-text';
import type { JsonObject, JsonValue } from '../json-text';
import { Draw } from '../random';
import { itemName, variationName, variationPrice } from './catalog-objects';
import { money, quantityText } from './money';
import type { Amount } from './money';
import { MOST_VARIATIONS, STREAMS } from './world';
import type { SquareWorld } from './world';

/** Minor units beyond 2^53: no double holds them. */
const GRAND = new RawNumber('9007199254740993');

export interface OrderLine {
  /** Index of the variation sold; undefined for a custom amount. */
  readonly variation: number | undefined;
  readonly thousandths: number;
  readonly price: Amount;
  readonly modifier: number;
  readonly gross: Amount;
  readonly tax: number;
  readonly discount: number;
  readonly total: Amount;
}

export interface OrderSums {
  readonly total: Amount;
  readonly tax: number;
  readonly discount: number;
}

const QUANTITIES = [1000, 1000, 1000, 2000, 3000, 1500, 250, 125, 20_000] as const;

/** The 0 to 3 lines of a seeded order. */
export function orderLines(world: SquareWorld, index: number): OrderLine[] {
  if (index % 211 === 100) {
    return [{ variation: undefined, thousandths: 1000, price: GRAND, modifier: 0, gross: GRAND, tax: 0, discount: 0, total: GRAND }];
  }
  const draw = new Draw(world.hash(STREAMS.lines, index, 4));
  return Array.from({ length: draw.below(4) }, () => line(world, draw));
}

function line(world: SquareWorld, draw: Draw): OrderLine {
  const variation = world.counts.items === 0 || draw.below(9) === 0 ? undefined : variationOf(world, draw.next());
  const thousandths = draw.pick(QUANTITIES);
  const price = variation === undefined ? draw.below(50_000) : variationPrice(world, variation);
  const modifier = draw.below(4) === 0 ? 60 : 0;
  const gross = Math.round((price * thousandths) / 1000) + modifier;
  const tax = draw.below(3) === 0 ? Math.round(gross / 12) : 0;
  const discount = draw.below(5) === 0 ? Math.floor(gross / 10) : 0;
  return { variation, thousandths, price, modifier, gross, tax, discount, total: gross + tax - discount };
}

function variationOf(world: SquareWorld, random: number): number {
  const first = (random % world.counts.items) * MOST_VARIATIONS;
  const wanted = first + (Math.floor(random / 1024) % MOST_VARIATIONS);
  return world.variationExists(wanted) ? wanted : first;
}

/** Exact sums of the lines. */
export function orderSums(lines: readonly OrderLine[]): OrderSums {
  let [total, tax, discount] = [0, 0, 0];
  for (const each of lines) {
    // A line too great for a double stands alone in its order.
    if (typeof each.total !== 'number') return { total: each.total, tax: 0, discount: 0 };
    total += each.total;
    tax += each.tax;
    discount += each.discount;
  }
  return { total, tax, discount };
}

/** Written field by field: a million orders have more lines than spreading would have time for. */
export function lineItems(world: SquareWorld, lines: readonly OrderLine[], currency: string): JsonObject[] {
  return lines.map((each, n) => {
    const line: Record<string, JsonValue> = { uid: `line-${n + 1}` };
    putName(world, each, n, line);
    line.quantity = quantityText(each.thousandths);
    if (each.thousandths % 1000 !== 0) line.quantity_unit = KILOGRAMS;
    if (n === 2) line.note = 'third line "quoted"\nありがとう';
    line.base_price_money = money(each.price, currency);
    line.gross_sales_money = money(each.gross, currency);
    line.total_tax_money = money(each.tax, currency);
    line.total_discount_money = money(each.discount, currency);
    line.total_money = money(each.total, currency);
    line.variation_total_price_money = money(each.gross, currency);
    if (each.modifier > 0) line.modifiers = [modifier(each.modifier, currency)];
    if (each.tax > 0) line.applied_taxes = [{ uid: `at-${n + 1}`, tax_uid: 'tax-1', applied_money: money(each.tax, currency) }];
    if (each.discount > 0) {
      line.applied_discounts = [{ uid: `ad-${n + 1}`, discount_uid: 'discount-1', applied_money: money(each.discount, currency) }];
    }
    return line;
  });
}

const KILOGRAMS: JsonObject = { measurement_unit: { type: 'TYPE_WEIGHT', weight_unit: 'METRIC_KILOGRAM' }, precision: 3 };

function putName(world: SquareWorld, { variation }: OrderLine, n: number, line: Record<string, JsonValue>): void {
  line.item_type = variation === undefined ? 'CUSTOM_AMOUNT' : 'ITEM';
  if (variation === undefined) return;
  line.name = itemName(world, Math.floor(variation / MOST_VARIATIONS));
  line.catalog_object_id = world.ids.variations.encode(variation);
  line.catalog_version = world.variationUpdated(variation) / 1000;
  line.variation_name = variationName(variation);
  if (n === 1) line.metadata = { station: 'bar' };
}

function modifier(amount: number, currency: string): JsonObject {
  return { uid: 'm1', name: 'Oat', quantity: '1', base_price_money: money(amount, currency), total_price_money: money(amount, currency) };
}
