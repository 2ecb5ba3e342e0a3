import type { ColumnPlan, PairedColumn, Sides } from './column-plan';
import type { ColumnKind } from './column-kind';
import type { ColumnFinding, Finding, Sample } from './findings';
import { ruleText } from './rule-text';
import type { ColumnStatistics, SideStatistics } from './statistics';

export interface ComparedColumn {
  readonly left: string;
  readonly right: string;
  readonly kind: ColumnKind;
  /** What may differ, in words; `null`: nothing. */
  readonly rule: string | null;
  readonly differing: number;
  readonly accepted: number;
  readonly statistics: { readonly left: ColumnStatistics; readonly right: ColumnStatistics };
}

export interface ComparedSideResult {
  readonly name: string;
  readonly rows: number;
  /** Columns that the other side has not: not compared. */
  readonly not_compared: readonly string[];
  /** Rows that were left out, in words. */
  readonly left_out: string | null;
}

/** What a comparison came to; the shape of its JSON (docs/compare.md). */
export interface ComparisonResult {
  readonly at: string;
  readonly seconds: number;
  readonly left: ComparedSideResult;
  readonly right: ComparedSideResult;
  readonly key: readonly string[];
  readonly ignored: readonly string[];
  /** Rows whose key is on both sides, once on each; and those of them that are equal in every column. */
  readonly pairs: number;
  readonly equal_rows: number;
  /** Nothing differs; `new`: how many differences nobody accepted. */
  readonly equal: boolean;
  readonly new: number;
  readonly findings: readonly Finding[];
  readonly columns: readonly ComparedColumn[];
  readonly samples: readonly Sample[];
}

export interface Parts {
  readonly sides: Sides;
  readonly plan: ColumnPlan;
  readonly statistics: { readonly left: SideStatistics; readonly right: SideStatistics };
  readonly findings: readonly Finding[];
  readonly columns: readonly ColumnFinding[];
  readonly samples: readonly Sample[];
  readonly at: Date;
  readonly seconds: number;
  /** Rows of the left side that have a key of their own and a partner. */
  readonly pairs: number;
}

export function resultOf({ sides, plan, statistics, findings, columns, samples, at, seconds, pairs }: Parts): ComparisonResult {
  const differing = findings.find((finding) => finding.class === 'differs')?.count ?? 0;
  const fresh = findings.reduce((sum, finding) => sum + finding.new, 0);
  return {
    at: at.toISOString(),
    seconds: Math.round(seconds * 1000) / 1000,
    left: { name: sides.left.label, rows: statistics.left.rows, not_compared: plan.onlyLeft, left_out: sides.left.leftOut },
    right: { name: sides.right.label, rows: statistics.right.rows, not_compared: plan.onlyRight, left_out: sides.right.leftOut },
    key: plan.key.map(({ left }) => left.name),
    ignored: plan.ignored,
    pairs,
    equal_rows: pairs - differing,
    equal: findings.every(({ count }) => count === 0),
    new: fresh,
    findings,
    columns: plan.columns.map((pair, index) => columnOf(pair, columns[index]!, statistics, index)),
    samples,
  };
}

function columnOf(
  { left, right, kind, rule }: PairedColumn,
  found: ColumnFinding,
  { left: l, right: r }: Parts['statistics'],
  index: number,
): ComparedColumn {
  return {
    left: left.name,
    right: right.name,
    kind,
    rule: ruleText(kind, rule),
    ...found,
    statistics: { left: l.columns[index]!, right: r.columns[index]! },
  };
}
