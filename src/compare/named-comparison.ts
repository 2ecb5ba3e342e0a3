import type { ComparisonFile } from '../config/comparison';
import type { ColumnRule, ComparedSide, Comparison } from './comparison';
import { parseSide } from './side-name';

type FileRule = ComparisonFile['rules'][string];

/** A comparison as its file says it. Errors: `compare-side`. */
export function comparisonOf(file: ComparisonFile): Comparison {
  return {
    left: sideOf(file.left),
    right: sideOf(file.right),
    key: file.key,
    columns: new Map(Object.entries(file.columns)),
    ignore: file.ignore,
    all: ruleOf(file.all),
    rules: new Map(Object.entries(file.rules).map(([name, rule]) => [name, ruleOf(rule)])),
    samples: file.samples,
    statistics: file.statistics,
  };
}

function sideOf(side: ComparisonFile['left']): ComparedSide {
  if (typeof side === 'string') return { name: parseSide(side) };
  const { from, zone, delimiter } = side;
  return { name: parseSide(from), ...(zone === undefined ? {} : { zone }), ...(delimiter === undefined ? {} : { delimiter }) };
}

function ruleOf({ as, tolerance, within, trim, ignore_case: ignoreCase, collapse, empty_is_null: emptyIsNull }: FileRule): ColumnRule {
  const given = { as, within, trim, ignoreCase, collapse, emptyIsNull };
  const rule = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ColumnRule;
  return tolerance === undefined ? rule : { ...rule, ...toleranceOf(tolerance) };
}

/** `0.01` is an amount, `0.5%` a share. */
export function toleranceOf(text: string): Pick<ColumnRule, 'absolute' | 'relative'> {
  return text.endsWith('%') ? { relative: hundredth(text.slice(0, -1)) } : { absolute: text };
}

/** A hundredth of a decimal number, by its digits. */
function hundredth(decimal: string): string {
  const [whole = '0', fraction = ''] = decimal.split('.');
  const digits = whole.padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}${fraction}`;
}
