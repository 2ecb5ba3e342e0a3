import { isFresh } from './fresh';
import type { EntityState } from './run';

/** What somebody asked of a run, as its row keeps it. */
export interface AskedRun {
  readonly kind: string;
  readonly command: Readonly<Record<string, unknown>>;
}

/** Kinds whose runs ask a source: what they did not complete can be asked for once more. Others have their own ways. */
const ASKS_A_SOURCE: ReadonlySet<string> = new Set(['sync', 'full', 'retry', 'reconcile']);

export function isRetryable({ kind }: Pick<AskedRun, 'kind'>): boolean {
  return ASKS_A_SOURCE.has(kind);
}

/** Whether an entity of an ended run is one that a retry takes up; a fresh one was left out because it needed nothing. */
export function isLeft({ state, skippedReason }: { readonly state: EntityState; readonly skippedReason: string | null }): boolean {
  return state !== 'completed' && !(state === 'skipped' && isFresh(skippedReason));
}

/** Whether an entity that `later` completed needs no retry of `asked`: it was asked for at least as much. */
export function covers(later: AskedRun, asked: AskedRun): boolean {
  if (!isRetryable(later) || comparison(later) !== comparison(asked)) return false;
  if (asked.command['full'] === true && later.command['full'] !== true) return false;
  return narrowing(later) === NARROWED_BY_NOTHING || narrowing(later) === narrowing(asked);
}

const comparison = ({ command }: AskedRun): string => JSON.stringify(command['reconcile'] ?? null);
const narrowing = ({ command }: AskedRun): string => JSON.stringify([command['limit'] ?? null, command['cutoff_days'] ?? null]);
const NARROWED_BY_NOTHING = JSON.stringify([null, null]);
