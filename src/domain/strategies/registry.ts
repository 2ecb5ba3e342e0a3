import { manual } from './manual';
import { newestWins } from './newest-wins';
import { sourceWins } from './source-wins';
import type { Strategy } from './strategy';
import { targetWins } from './target-wins';

/** What is done where source and target changed a field differently, by its name in pipeline files. */
export const STRATEGIES = {
  source_wins: sourceWins,
  target_wins: targetWins,
  newest_wins: newestWins,
  manual,
} as const satisfies Readonly<Record<string, Strategy>>;

export type StrategyName = keyof typeof STRATEGIES;
export const STRATEGY_NAMES = Object.keys(STRATEGIES) as [StrategyName, ...StrategyName[]];
