import { mergeRow, type DeletePolicy, type MergedRow, type RowSides } from '../../src/publish/merge-row';
import type { StrategyName } from '../../src/domain/strategies/registry';
import { referenceMerge, type Result, type Rules, type Sides } from './reference-merge';

/** The product's merge, told and answering in the reference's words. */
export function productMerge(sides: Sides, rules: Rules): Result {
  const values = (of: Record<string, string | null>): (string | null)[] => rules.fields.map((name) => of[name]!);
  const given: RowSides = {
    gone: sides.gone,
    source: rules.fields.map((name) => sides.source[name]),
    base: { state: sides.base.state, cells: values(sides.base.values) },
    target: sides.target === null ? null : { flagged: sides.target.flagged, cells: values(sides.target.values) },
    pins: rules.fields.map((name) => sides.pins[name]),
    at: sides.targetIsNewer ? { sourceAt: '2026-01-01', targetAt: '2026-01-02' } : { sourceAt: '2026-01-02', targetAt: '2026-01-01' },
    referenced: sides.referenced,
  };
  const strategy = rules.strategy as StrategyName;
  const merged = mergeRow(given, {
    strategy,
    strategies: rules.fields.map(() => strategy),
    deletes: rules.deletes as DeletePolicy,
    updateExisting: rules.updateExisting,
  });
  return answered(merged, rules);
}

function answered({ outcome, base, target, open }: MergedRow, { fields }: Rules): Result {
  const named = (cells: readonly (string | null)[]): Record<string, string | null> =>
    Object.fromEntries(fields.map((name, n) => [name, cells[n]!]));
  return {
    outcome,
    base: { state: base.state, values: named(base.cells) },
    target: target === null ? null : { flagged: target.flagged, values: named(target.cells) },
    open: open.map((place) => (place === 'row' ? '' : fields[place]!)),
  };
}

export function expectAgreement(sides: Sides, rules: Rules): Result {
  const wanted = referenceMerge(sides, rules);
  const got = productMerge(sides, rules);
  if (JSON.stringify(got) !== JSON.stringify(wanted)) expect({ sides, rules, result: got }).toEqual({ sides, rules, result: wanted });
  return wanted;
}
