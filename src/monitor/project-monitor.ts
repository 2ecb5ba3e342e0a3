import { databaseUrlOf, temporalAddressOf } from '../client/addresses';
import { compareDeps } from '../client/commands/compare';
import { timeoutsOf } from '../client/open-database';
import type { Project } from '../client/project';
import type { CompareDeps } from '../compare/compare-sides';
import { openDatabase, type Database } from '../database/database';
import { FileStore } from '../landing/file-store';
import type { StageContext } from '../observability/stage-context';
import type { AlarmLimits } from './alarm';
import { maxAgesOf } from './max-ages';
import type { MonitorDeps, MonitorOptions } from './monitor';
import { TemporalWatch } from './temporal-watch';
import { ScheduledComparisons } from './scheduled-comparisons';
import { Turns } from './turns';

export interface ProjectMonitor {
  /** For who waits until what is scheduled was compared. */
  readonly comparisons: ScheduledComparisons;
  readonly deps: MonitorDeps;
  readonly options: MonitorOptions;
  close(): Promise<void>;
}

/** The monitor of a project, put together; it opens nothing but the link to Temporal, in its first round. */
export function projectMonitor(project: Project, db: Database, ctx: StageContext): ProjectMonitor {
  const { loaded } = project;
  const { settings } = loaded;
  const open = (): CompareDeps =>
    compareDeps(project, openDatabase({ url: databaseUrlOf(settings), poolSize: 1, ...timeoutsOf(settings) }));
  const comparisons = new ScheduledComparisons({ db, ctx, environment: settings.environment, root: loaded.root, open });
  const watch = new TemporalWatch(() => ({ ...settings.temporal, address: temporalAddressOf(settings) }));
  const webhook = settings.stages.notify ? settings.alerts.webhook_url : undefined;
  return {
    comparisons,
    deps: {
      db,
      ctx,
      landing: new FileStore(settings.landing.path),
      reportsFolder: settings.reports.path,
      temporal: () => watch.look(),
      maxAges: () => maxAgesOf(loaded, ctx),
      comparisons,
      turns: new Turns(),
    },
    options: {
      environment: settings.environment,
      limits: alarmLimits(settings.monitor),
      missedAfter: settings.monitor.missed_after,
      graceMs: settings.monitor.lost_after,
      ...(webhook === undefined ? {} : { webhookUrl: webhook.reveal() }),
    },
    close: async () => {
      await comparisons.close();
      await watch.close();
    },
  };
}

function alarmLimits(monitor: Project['loaded']['settings']['monitor']): AlarmLimits {
  return { workerGoneAfter: monitor.worker_gone_after, temporalGoneAfter: monitor.temporal_gone_after, stuckAfter: monitor.stuck_after };
}
