import { closest } from '../config/closest';
import { FreshetError } from '../domain/errors';
import { commonKind, type ColumnKind } from './column-kind';
import type { ColumnRule, Comparison, SideOf } from './comparison';
import type { StagedColumn, StagedSide } from './staged-side';

/** A column of each side, and how they are compared. */
export interface PairedColumn {
  readonly left: StagedColumn;
  readonly right: StagedColumn;
  readonly kind: ColumnKind;
  readonly rule: ColumnRule;
}

export interface ColumnPlan {
  readonly key: readonly PairedColumn[];
  readonly columns: readonly PairedColumn[];
  /** Columns that the other side has not: not compared, and told. */
  readonly onlyLeft: readonly string[];
  readonly onlyRight: readonly string[];
  readonly ignored: readonly string[];
}

export interface Sides {
  readonly left: StagedSide;
  readonly right: StagedSide;
}

/** Which column is compared with which. Errors: `compare-column-missing`, `compare-no-key`, `compare-types`. */
export function planColumns(sides: Sides, comparison: Comparison): ColumnPlan {
  checkNames(sides, comparison);
  const pairs = pairsOf(sides, comparison);
  const keyNames = keyOf(sides, comparison, pairs);
  const keys = keyNames.map((name) => pairs.find(({ left }) => same(left.name, name)) ?? missing(name, 'left', sides.left));
  const ignored = (name: string): boolean => comparison.ignore.some((each) => same(each, name));
  const rest = pairs.filter((pair) => !keys.includes(pair));
  const compared = rest.filter(({ left, right }) => !ignored(left.name) && !ignored(right.name));
  const paired = (pair: Pair): PairedColumn => ({ ...pair, ...comparedAs(pair, sides, comparison) });
  const alone = (side: SideOf): string[] =>
    sides[side].columns.filter((column) => !pairs.some((pair) => pair[side] === column)).map(({ name }) => name);
  return {
    key: keys.map(paired),
    columns: compared.map(paired),
    onlyLeft: alone('left').filter((name) => !ignored(name)),
    onlyRight: alone('right').filter((name) => !ignored(name)),
    ignored: rest.filter((pair) => !compared.includes(pair)).map(({ left }) => left.name),
  };
}

type Pair = Pick<PairedColumn, 'left' | 'right'>;

/** SQL, CSV and SQLite disagree on case; nobody means two columns by it. */
function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function find(side: StagedSide, name: string): StagedColumn | undefined {
  return side.columns.find((column) => column.name === name) ?? side.columns.find((column) => same(column.name, name));
}

function checkNames({ left, right }: Sides, { columns, rules, ignore, key }: Comparison): void {
  for (const name of [...columns.keys(), ...rules.keys(), ...key]) if (find(left, name) === undefined) missing(name, 'left', left);
  for (const name of columns.values()) if (find(right, name) === undefined) missing(name, 'right', right);
  for (const name of ignore) if (find(left, name) === undefined && find(right, name) === undefined) missing(name, 'left', left);
}

function pairsOf({ left, right }: Sides, { columns }: Comparison): Pair[] {
  const taken = new Set([...columns.values()].map((name) => find(right, name)));
  return left.columns.flatMap((column): Pair[] => {
    const mapped = [...columns].find(([name]) => find(left, name) === column)?.[1];
    const other = find(right, mapped ?? column.name);
    return other === undefined || (mapped === undefined && taken.has(other)) ? [] : [{ left: column, right: other }];
  });
}

function keyOf({ left, right }: Sides, { key }: Comparison, pairs: readonly Pair[]): readonly string[] {
  if (key.length > 0) {
    for (const name of key) if (!pairs.some((pair) => same(pair.left.name, name))) missing(name, 'right', right);
    return key;
  }
  const leftName = (name: string): string | undefined => pairs.find((pair) => pair.right.name === name)?.left.name;
  const candidates = [left.primaryKey, right.primaryKey.map((name) => leftName(name) ?? ''), ['id']];
  const found = candidates.find((names) => names.length > 0 && names.every((name) => pairs.some((pair) => same(pair.left.name, name))));
  if (found !== undefined) return found;
  throw new FreshetError('config_error', {
    code: 'compare-no-key',
    message: 'Nothing says which row of one side is which row of the other',
    why: 'Neither side has a primary key whose columns the other one has too, and there is no column id on both.',
    remedy: `Name the columns that are the key (--key, or key: in the comparison’s file). Columns on both sides: ${pairs.map((pair) => pair.left.name).join(', ') || 'none; map them (--column left=right)'}.`,
  });
}

function comparedAs({ left, right }: Pair, sides: Sides, { rules, all }: Comparison): Pick<PairedColumn, 'kind' | 'rule'> {
  const own = [...rules].find(([name]) => same(name, left.name))?.[1] ?? {};
  const emptyIsNull = own.emptyIsNull ?? all.emptyIsNull ?? (sides.left.withoutNull || sides.right.withoutNull);
  const kind = own.as ?? commonKind(left.kind, right.kind);
  if (kind === null) throw incomparable({ left, right });
  return { kind, rule: { ...all, ...own, emptyIsNull } };
}

function incomparable({ left, right }: Pair): FreshetError {
  return new FreshetError('config_error', {
    code: 'compare-types',
    message: `${left.name} holds values of kind ${left.kind} on the left, ${right.name} of kind ${right.kind} on the right: these cannot be compared`,
    remedy: `Map it to another column (--column ${left.name}=…), leave it out (--ignore ${left.name}), or say in the comparison’s file as what both are to be read (rules: { ${left.name}: { as: text } }).`,
  });
}

function missing(name: string, where: SideOf, side: StagedSide): never {
  const names = side.columns.map((column) => column.name);
  const meant = closest(name, names);
  throw new FreshetError('config_error', {
    code: 'compare-column-missing',
    message: `There is no column "${name}" on the ${where} (${side.label})`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}It has ${names.join(', ')}. A column that is called otherwise on the right is mapped: --column left=right.`,
  });
}
