import { isFreshetError, type FreshetError } from '../domain/errors';
import type { Clock } from '../http/clock';
import type { StageContext } from '../observability/stage-context';

/** Retries after the first attempt. */
export const MAX_RETRIES = 3;
const BUDGET_MS = 60_000;
const FIRST_MS = 300;
const GROWTH = 3;

export interface Surroundings {
  readonly ctx: StageContext;
  readonly clock: Clock;
  /** Codes of whole answers that say no: the next attempt of the caller asks again, seconds do not change them. */
  readonly answered?: ReadonlySet<string>;
}

/** Troubles that often pass within seconds: of the way, a damaged answer, too many at once. Limits with a date do not belong here. */
function mayPass(error: unknown, answered: ReadonlySet<string> | undefined): error is FreshetError {
  if (!isFreshetError(error) || !error.retryable || answered?.has(error.code) === true) return false;
  return error.type === 'transient_error' || error.type === 'source_error' || error.code === 'too-many-at-once';
}

/**
 * Makes an attempt up to four times while what fails may pass, with pauses of about 0.3, 0.9 and 2.7 s (half to one and a half
 * of it), within a minute in all. Then the last error goes up.
 */
export async function attempts<T>(what: string, attempt: () => Promise<T>, { ctx, clock, answered }: Surroundings): Promise<T> {
  const started = clock.monotonic();
  for (let retry = 1; ; retry += 1) {
    try {
      return await attempt();
    } catch (error) {
      const ms = Math.round(FIRST_MS * GROWTH ** (retry - 1) * (0.5 + clock.random()));
      if (!mayPass(error, answered) || retry > MAX_RETRIES || clock.monotonic() + ms - started > BUDGET_MS) throw error;
      ctx.log('SR-001', { what, code: error.code, ms, attempt: retry + 1 });
      await clock.sleep(ms, ctx.signal);
    }
  }
}
