import { INSTANT, isNumber, literal } from './canonical-sql';
import type { ColumnPlan, PairedColumn, Sides } from './column-plan';
import { carriedValue, comparedText, isExact, textOfCarried } from './compared-value';
import type { SideOf } from './comparison';
import type { StagedSide } from './staged-side';

/** Temporary tables of one comparison, on its own connection. */
export const DIFFERENCES = 'pg_temp.freshet_differences';
export const duplicates = (side: SideOf): string => `pg_temp.freshet_duplicates_${side}`;

export const MAKE_TABLES = `
  create temp table freshet_differences (class text not null, k text collate "C" not null, l text[], r text[], x boolean[]);
  create temp table freshet_duplicates_left (k text collate "C" primary key, n bigint not null);
  create temp table freshet_duplicates_right (k text collate "C" primary key, n bigint not null);`;

/** The key of a row as it is carried: by contracts §5 one text where it is composite. NULL where a part of it is. */
function keyCarried(key: readonly PairedColumn[], side: SideOf, staged: StagedSide): string {
  const [only] = key;
  if (key.length === 1 && only !== undefined) return carriedValue(only, side, staged);
  const parts = key.map((pair) => `replace(replace(${comparedText(pair[side], pair, staged)}, '%', '%25'), '|', '%7C')`);
  return `(${parts.join(` || '|' || `)}) collate "C"`;
}

/** The carried key in one text. */
function keyText(key: readonly PairedColumn[], carried: string): string {
  const [only] = key;
  return key.length === 1 && only !== undefined ? textOfCarried(only, carried) : carried;
}

/** Whether a row has no key. */
export function hasKey(key: readonly PairedColumn[], side: SideOf, staged: StagedSide): string {
  return `${keyCarried(key, side, staged)} is not null`;
}

/** Rows of a side as key `k` and values `v1`, `v2` … as they are carried into the join. */
function rowsOf(side: SideOf, sides: Sides, { key, columns }: ColumnPlan): string {
  const staged = sides[side];
  const values = columns.map((pair, index) => `${carriedValue(pair, side, staged)} as v${index + 1}`);
  return `select ${[`${keyCarried(key, side, staged)} as k`, ...values].join(', ')} from ${staged.relation} s`;
}

/** Whether the carried values of a column differ by more than its rule allows. */
function differs(pair: PairedColumn, left: string, right: string): string {
  const unequal = `${left} is distinct from ${right}`;
  const tolerated = toleratedBy(pair, left, right);
  return tolerated === null ? `(${unequal})` : `(${unequal} and not coalesce(${tolerated}, false))`;
}

function toleratedBy(pair: PairedColumn, left: string, right: string): string | null {
  const { kind, rule } = pair;
  if (kind === 'json') return `${left}::jsonb = ${right}::jsonb`;
  if (kind === 'number' && (rule.absolute !== undefined || rule.relative !== undefined)) {
    const apart = `abs(${left}::numeric - ${right}::numeric)`;
    const greater = `greatest(abs(${left}::numeric), abs(${right}::numeric))`;
    const limits = [
      ...(rule.absolute === undefined ? [] : [`${apart} <= ${literal(rule.absolute)}::numeric`]),
      // A share of what is no number, or endless, is that again: everything would be within it.
      ...(rule.relative === undefined ? [] : [`(${greater} < 'Infinity' and ${apart} <= ${literal(rule.relative)}::numeric * ${greater})`]),
    ].join(' or ');
    return isExact(pair) ? limits : `case when ${isNumber(left)} and ${isNumber(right)} then ${limits} end`;
  }
  if (kind === 'instant' && rule.within !== undefined) {
    const instant = (value: string): string =>
      isExact(pair) ? value : `case when ${value} ~ ${literal(INSTANT)} then ${value}::timestamptz end`;
    return `abs(extract(epoch from ${instant(left)} - ${instant(right)})) <= ${(rule.within / 1000).toFixed(3)}::numeric`;
  }
  return null;
}

/** Keys that stand more than once on a side. */
export function findDuplicates(side: SideOf, sides: Sides, { key }: ColumnPlan): string {
  const rows = `select ${keyCarried(key, side, sides[side])} as k from ${sides[side].relation} s`;
  return `insert into ${duplicates(side)} (k, n)
    select ${keyText(key, 'k')}, count(*) from (${rows}) s where k is not null group by k having count(*) > 1`;
}

/** Rows that have a key, and one that stands on neither side twice. */
export function rowsOnce(side: SideOf, sides: Sides, plan: ColumnPlan, twice: boolean): string {
  const not = (['left', 'right'] as const).map(
    (of) => ` and not exists (select from ${duplicates(of)} d where d.k = ${keyText(plan.key, 's.k')})`,
  );
  return `select * from (${rowsOf(side, sides, plan)}) s where k is not null${twice ? not.join('') : ''}`;
}

/** Everything that differs, by one join; nothing of what is equal is kept. Keys that stand twice are compared with nothing. */
export function findDifferences(sides: Sides, plan: ColumnPlan, twice: boolean): string {
  const each = plan.columns.map((pair, index) => differs(pair, `l.v${index + 1}`, `r.v${index + 1}`));
  const values = (side: string): string =>
    `array[${plan.columns.map((pair, index) => textOfCarried(pair, `${side}.v${index + 1}`)).join(', ')}]::text[]`;
  return `insert into ${DIFFERENCES} (class, k, l, r, x)
    select case when l.k is null then 'missing_left' when r.k is null then 'missing_right' else 'differs' end, ${keyText(plan.key, 'coalesce(l.k, r.k)')},
           case when l.k is not null then ${values('l')} end, case when r.k is not null then ${values('r')} end,
           case when l.k is not null and r.k is not null then array[${each.join(', ')}]::boolean[] end
      from (${rowsOnce('left', sides, plan, twice)}) l full join (${rowsOnce('right', sides, plan, twice)}) r on l.k = r.k
     where ${['l.k is null', 'r.k is null', ...each].join(' or ')}`;
}
