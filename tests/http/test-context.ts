import { createCollectingLog } from '../../src/observability/collecting-log';
import type { StageContext } from '../../src/observability/stage-context';

export interface TestContext extends StageContext {
  readonly lines: ReturnType<typeof createCollectingLog>['lines'];
  readonly sites: string[];
}

/** A stage context that collects its log lines and passed fault sites; `strike` may throw at a site. */
export function testContext(options: { signal?: AbortSignal; now?: () => Date; strike?: (site: string) => void } = {}): TestContext {
  const { log, lines } = createCollectingLog();
  const sites: string[] = [];
  return {
    signal: options.signal ?? new AbortController().signal,
    progress: () => undefined,
    now: options.now ?? (() => new Date()),
    log,
    lines,
    sites,
    fault: (site) => {
      sites.push(site);
      options.strike?.(site);
    },
  };
}
