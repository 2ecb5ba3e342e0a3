import { healStarting } from '../client/temporal/heal-starting';
import type { SteeringDeps } from '../client/temporal/start-run';

const EVERY_MS = 30_000;

/** Starts what was claimed and never started, now and every half minute. Returns what ends it, after a round under way. */
export function keepHealing(deps: SteeringDeps, environment: string): () => Promise<void> {
  let round = Promise.resolve();
  const heal = (): void => {
    round = round
      .then(() => healStarting(deps, { environment }))
      .then(
        () => undefined,
        (error: unknown) => deps.ctx.log('WK-004', { error }),
      );
  };
  heal();
  const timer = setInterval(heal, EVERY_MS);
  return () => {
    clearInterval(timer);
    return round;
  };
}
