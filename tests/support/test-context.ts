import { createCollectingLog } from '../../src/observability/collecting-log';
import { noFaults } from '../../src/observability/faults';
import type { StageContext } from '../../src/observability/stage-context';

/** A stage's context without Temporal: never cancelled, the real clock, no faults, unless told otherwise. */
export function testContext(overrides: Partial<StageContext> = {}): StageContext {
  return {
    signal: new AbortController().signal,
    progress: () => undefined,
    now: () => new Date(),
    log: createCollectingLog().log,
    fault: noFaults.fault,
    ...overrides,
  };
}
