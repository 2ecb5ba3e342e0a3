import { judge } from '../../monitor/monitor';
import { limitsNow, maxAgesOf } from '../../monitor/max-ages';
import { projectMonitor } from '../../monitor/project-monitor';
import type { StageContext } from '../../observability/stage-context';
import { isWrong } from '../../verify/freshness/status-of';
import { sendNotices, waitingNotices } from '../../notify/webhook';
import type { Database } from '../../database/database';
import { alarmsText, withReason, type Alerted } from '../alert-words';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { readFreshness, type TableFreshness } from '../freshness-facts';
import { freshnessText } from '../freshness-text';
import { openForWriting } from '../open-database';
import { commandContext, openProject, type Project } from '../project';

export interface FreshnessFlags {
  /** Raise and resolve alarms as the monitor would; for a cron job where none runs. */
  readonly alert?: boolean;
}

/** `freshet freshness`: how old every table is against its limit, and the newest date in its rows. Needs PostgreSQL only. Exit code 4 when one is stale, empty, missing, never filled, or cannot be judged. */
export async function freshness(flags: FreshnessFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  const project = openProject(common);
  const db = await openForWriting(project);
  try {
    const { environment } = project.loaded.settings;
    const tables = await tableFreshness(project, db, commandContext(project));
    const alarms = flags.alert === true ? await alert(project, db) : null;
    const wrong = tables.some(({ status }) => isWrong(status));
    return {
      exitCode: wrong || (alarms?.open.length ?? 0) > 0 ? EXIT.findings : EXIT.good,
      data: { environment, tables, ...(alarms === null ? {} : { alarms }) },
      text: [freshnessText(tables), ...(alarms === null ? [] : [alarmsText(alarms)])].join('\n\n'),
    };
  } finally {
    await db.close();
  }
}

/** How fresh the tables of a project's installation are now. */
export async function tableFreshness(project: Project, db: Database, ctx: StageContext): Promise<TableFreshness[]> {
  const limits = await limitsNow(db, project.loaded.settings.environment, () => maxAgesOf(project.loaded, ctx), ctx);
  return readFreshness(db, limits, ctx);
}

async function alert(project: Project, db: Database): Promise<Alerted> {
  const ctx = commandContext(project);
  const monitoring = projectMonitor(project, db, ctx);
  try {
    const { raised, resolved } = await judge(monitoring.deps, monitoring.options);
    const { environment, webhookUrl: url } = monitoring.options;
    const sent = url === undefined ? 0 : await sendNotices({ db, ctx, url }, environment);
    const open = await db.query<Alerted['open'][number]>(
      `select class, message, remedy, raised_at from freshet.alarm where environment = $1 and resolved_at is null order by raised_at, id`,
      [environment],
    );
    const waiting = withReason(await waitingNotices(db, environment), url !== undefined);
    return { open, raised: raised.length, resolved: resolved.length, sent, waiting };
  } finally {
    await monitoring.close();
  }
}
