import { exactSum, fromThousandths } from '../decimal';
import { RawNumber } from '../json-text';
import type { JsonObject } from '../json-text';
import { Draw } from '../random';
import { STREAMS } from '../world';
import type { World } from '../world';
import { itemName, itemRate } from './items';

interface Line {
  readonly item: number | undefined;
  readonly rate: RawNumber;
  readonly halves: number;
  readonly total: RawNumber;
  /** The total in thousandths, unless it is too great for that. */
  readonly thousandths: number | undefined;
}

/** The 0 to 6 lines (3 on average) of a seeded invoice: amounts only, so that a list row costs no line objects. */
export function invoiceLines(world: World, index: number): Line[] {
  const draw = new Draw(world.hash(STREAMS.lines, index, 4));
  const grand = index % 61 === 17;
  return Array.from({ length: draw.below(7) }, (_, n) => line(world, draw, grand && n === 0));
}

function line(world: World, draw: Draw, grand: boolean): Line {
  const item = world.counts.items === 0 ? undefined : draw.below(world.counts.items);
  const halves = draw.pick([1, 2, 2, 3, 4, 20]);
  if (grand) {
    const rate = new RawNumber('12345678901234.56789');
    return { item, rate, halves: 2, total: rate, thousandths: undefined };
  }
  // Even thousandths, so half of them is exact.
  const rate = 2 * (item === undefined ? draw.below(1_000_000) : itemRate(world, item));
  const thousandths = (rate / 2) * halves;
  return { item, rate: fromThousandths(rate), halves, total: fromThousandths(thousandths), thousandths };
}

/** Exact sum of the lines. */
export function linesTotal(lines: readonly Line[]): RawNumber {
  let sum = 0;
  for (const { thousandths } of lines) {
    if (thousandths === undefined) return exactSum(lines.map((line) => line.total.text));
    sum += thousandths;
  }
  return fromThousandths(sum);
}

export function lineItems(world: World, index: number, lines: readonly Line[]): JsonObject[] {
  return lines.map(({ item, rate, halves, total }, n) => ({
    line_item_id: world.ids.lines.encode(index * 8 + n),
    item_id: item === undefined ? '' : world.ids.items.encode(item),
    item_type: 'inventory',
    product_type: 'goods',
    name: item === undefined ? 'Free text line' : itemName(world, item),
    description: n === 2 ? 'third line "quoted"' : '',
    item_order: n + 1,
    rate,
    bcy_rate: rate,
    quantity: fromThousandths(halves * 500),
    unit: 'pcs',
    discount: fromThousandths(0),
    discount_amount: fromThousandths(0),
    tax_id: '',
    tax_name: '',
    tax_type: 'tax',
    tax_percentage: 0,
    item_total: total,
    tags:
      n === 1 ? [{ is_tag_mandatory: false, tag_id: world.settingsId(60), tag_name: 'Store', tag_option_id: '', tag_option_name: '' }] : [],
  }));
}
