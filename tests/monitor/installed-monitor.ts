import type { LoadedSettings } from '../../src/config/load-settings';
import type { Database } from '../../src/database/database';
import { monitorRound, type Round } from '../../src/monitor/monitor';
import { projectMonitor } from '../../src/monitor/project-monitor';
import { createCollectingLog } from '../../src/observability/collecting-log';
import { testContext } from '../support/test-context';
import type { MovedClock } from './moved-clock';

export interface InstalledMonitor {
  /** Moves the clock to this instant, and makes the monitor's round. */
  round(at: Date): Promise<Round>;
  close(): Promise<void>;
}

/** The monitor as `freshet monitor` puts it together: with the limits and the webhook of the settings, and a real look at Temporal. */
export function installedMonitor(loaded: LoadedSettings, db: Database, clock: MovedClock): InstalledMonitor {
  let now = clock.now();
  const { log } = createCollectingLog();
  const { deps, options, close } = projectMonitor({ loaded, log }, db, testContext({ log, now: () => now }));
  return {
    async round(at) {
      await clock.set((now = at));
      return monitorRound(deps, options);
    },
    close,
  };
}
