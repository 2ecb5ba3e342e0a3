import { temporalAddressOf } from '../client/addresses';
import type { Project } from '../client/project';
import type { Database } from '../database/database';
import { FileStore } from '../landing/file-store';
import type { StageContext } from '../observability/stage-context';
import type { AlarmLimits } from './alarm';
import { maxAgesOf } from './max-ages';
import type { MonitorDeps, MonitorOptions } from './monitor';
import { TemporalWatch } from './temporal-watch';
import { Turns } from './turns';

export interface ProjectMonitor {
  readonly deps: MonitorDeps;
  readonly options: MonitorOptions;
  close(): Promise<void>;
}

/** The monitor of a project, put together; it opens nothing but the link to Temporal, in its first round. */
export function projectMonitor({ loaded }: Project, db: Database, ctx: StageContext): ProjectMonitor {
  const { settings } = loaded;
  const watch = new TemporalWatch(() => ({ ...settings.temporal, address: temporalAddressOf(settings) }));
  const webhook = settings.stages.notify ? settings.alerts.webhook_url : undefined;
  return {
    deps: {
      db,
      ctx,
      landing: new FileStore(settings.landing.path),
      reportsFolder: settings.reports.path,
      temporal: () => watch.look(),
      maxAges: () => maxAgesOf(loaded, ctx),
      turns: new Turns(),
    },
    options: {
      environment: settings.environment,
      limits: alarmLimits(settings.monitor),
      missedAfter: settings.monitor.missed_after,
      graceMs: settings.monitor.lost_after,
      ...(webhook === undefined ? {} : { webhookUrl: webhook.reveal() }),
    },
    close: () => watch.close(),
  };
}

function alarmLimits(monitor: Project['loaded']['settings']['monitor']): AlarmLimits {
  return { workerGoneAfter: monitor.worker_gone_after, temporalGoneAfter: monitor.temporal_gone_after, stuckAfter: monitor.stuck_after };
}
