import type { Cell } from './mapping/mapping';
import { STRATEGIES, type StrategyName } from '../domain/strategies/registry';
import type { Strategy } from '../domain/strategies/strategy';

/** One field of one row: `source` and `target` now, `base` what we last wrote. */
export interface FieldSides {
  readonly base: string | null;
  readonly source: Cell;
  readonly target: string | null;
  /** Present: a person pinned the field to this value. */
  readonly pin?: string | null;
}

/** What is done with a field, as the plan of a publish numbers it. */
export const DECISION = { keep: 0, apply: 1, agree: 2, sourceWins: 3, targetWins: 4, ask: 5, pin: 6 } as const;
export type Decision = (typeof DECISION)[keyof typeof DECISION];

export interface MergedField {
  readonly decision: Decision;
  readonly base: string | null;
  readonly target: string | null;
}

const OF_VERDICT = { source: DECISION.sourceWins, target: DECISION.targetWins, ask: DECISION.ask } as const;

/** The three-way merge of one field (decision 0018); `merge-sql.ts` says the same in SQL, and a test compares the two. */
export function mergeField(sides: FieldSides, strategy: StrategyName, at: Parameters<Strategy['decide']>[0]): MergedField {
  const decision = decisionOf(sides, strategy, at);
  const { base, source, target, pin } = sides;
  switch (decision) {
    case DECISION.pin:
      return { decision, base: pin ?? null, target: pin ?? null };
    case DECISION.apply:
    case DECISION.sourceWins:
      return { decision, base: source ?? null, target: source ?? null };
    case DECISION.agree:
      return { decision, base: source ?? null, target };
    default:
      return { decision, base, target };
  }
}

function decisionOf({ base, source, target, pin }: FieldSides, strategy: StrategyName, at: Parameters<Strategy['decide']>[0]): Decision {
  if (pin !== undefined) return DECISION.pin;
  if (source === undefined || source === base) return DECISION.keep;
  if (target === base) return DECISION.apply;
  if (source === target) return DECISION.agree;
  return OF_VERDICT[STRATEGIES[strategy].decide(at)];
}

/** Whether a decision writes the source's value (or the pin) into the target, and whether it moves base. */
export const WRITES_TARGET: readonly Decision[] = [DECISION.apply, DECISION.sourceWins, DECISION.pin];
export const MOVES_BASE: readonly Decision[] = [DECISION.apply, DECISION.agree, DECISION.sourceWins, DECISION.pin];
