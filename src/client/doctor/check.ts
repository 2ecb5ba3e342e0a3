import type { LoadedSettings } from '../../config/load-settings';
import type { Database } from '../../database/database';
import { isFreshetError, type NextAction } from '../../domain/errors';
import { errorView } from '../envelope';
import type { TemporalLink } from '../temporal/connect-temporal';

/** `problem`: runs fail or data grows old; `warning`: look at it when there is time; `skipped`: what it looks at does not answer. */
export type Verdict = 'ok' | 'warning' | 'problem' | 'skipped';

export interface Finding {
  readonly verdict: Verdict;
  /** What is so, in one sentence. */
  readonly message: string;
  /** What to do; absent where all is well. */
  readonly remedy?: string;
  readonly next?: readonly NextAction[];
}

/** What the checks look at. Connections that could not be opened are the error that says why. */
export interface Patient {
  readonly loaded: LoadedSettings;
  readonly db: Database | Error;
  readonly temporal: TemporalLink | Error;
  /** The control schema is that of this version; otherwise checks of its tables are skipped. */
  readonly migrated: boolean;
}

/** One thing that is looked at. A check that throws has found a problem. */
export interface Check {
  /** kebab-case, stable: programs read it. */
  readonly name: string;
  readonly look: (patient: Patient) => Promise<Finding | readonly Finding[]> | Finding | readonly Finding[];
}

/** A finding with the name of its check. */
export interface Named extends Finding {
  readonly check: string;
}

export const fine = (message: string): Finding => ({ verdict: 'ok', message });
export const skipped = (what: string): Finding => ({ verdict: 'skipped', message: `not looked at: ${what}` });

/** An error as a finding, with its own remedy and next actions. */
export function problemOf(error: unknown): Finding {
  const { message, why, remedy, next } = errorView(error);
  const because = why === null || why === '' || !isFreshetError(error) ? '' : ` (${why.replace(/\.$/, '')})`;
  // Whoever reads this has it running.
  const elsewhere = next.filter((action) => action.kind !== 'run-command' || action.command !== './freshet doctor');
  return { verdict: 'problem', message: `${message}${because}`, remedy, next: elsewhere };
}

/** Every check one after the other; none is left out because another one failed. */
export async function examine(checks: readonly Check[], patient: Patient): Promise<Named[]> {
  const found: Named[] = [];
  for (const { name, look } of checks) {
    const findings = await Promise.resolve()
      .then(() => look(patient))
      .catch(problemOf);
    for (const finding of Array.isArray(findings) ? (findings as readonly Finding[]) : [findings as Finding]) {
      found.push({ check: name, ...finding });
    }
  }
  return found;
}
