import { spanWords } from '../../domain/span-words';
import { judge } from '../../monitor/monitor';
import { limitsNow, maxAgesOf } from '../../monitor/max-ages';
import { projectMonitor } from '../../monitor/project-monitor';
import { sendNotices, waitingNotices } from '../../notify/webhook';
import type { Database } from '../../database/database';
import { alarmsText, withReason, type Alerted } from '../alert-words';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { readFreshness, type TableFreshness } from '../freshness-facts';
import { openForWriting } from '../open-database';
import { commandContext, openProject, type Project } from '../project';
import { textTable } from '../text-table';
import { unwatchedText, type Unwatched } from '../unwatched';

export interface FreshnessFlags {
  /** Raise and resolve alarms as the monitor would; for a cron job where none runs. */
  readonly alert?: boolean;
}

/** `freshet freshness`: how old every table is against its limit. Needs PostgreSQL only. Exit code 4 when one is stale, missing or was never read. */
export async function freshness(flags: FreshnessFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  const project = openProject(common);
  const db = await openForWriting(project);
  try {
    const ctx = commandContext(project);
    const { environment } = project.loaded.settings;
    const limits = await limitsNow(db, environment, () => maxAgesOf(project.loaded, ctx), ctx);
    const tables = await readFreshness(db, limits, ctx.now());
    const alarms = flags.alert === true ? await alert(project, db) : null;
    const wrong = tables.some(({ status }) => status === 'stale' || status === 'missing' || status === 'never');
    return {
      exitCode: wrong || (alarms?.open.length ?? 0) > 0 ? EXIT.findings : EXIT.good,
      data: { environment, tables, ...(alarms === null ? {} : { alarms }) },
      text: [tablesText(tables), unwatchedText(tables.flatMap(unwatched)), alarms === null ? '' : alarmsText(alarms)]
        .filter((block) => block !== '')
        .join('\n\n'),
    };
  } finally {
    await db.close();
  }
}

/** An empty table without a limit shows as empty; that nobody watches it is worth a line all the same. */
function unwatched({ table, unwatched: reason }: TableFreshness): (Unwatched & { table: string })[] {
  return reason === null ? [] : [{ table, ...reason }];
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

const COLUMNS = [
  { title: 'table' },
  { title: 'status' },
  { title: 'as of (UTC)' },
  { title: 'age', right: true },
  { title: 'limit', right: true },
];

function tablesText(tables: readonly TableFreshness[]): string {
  if (tables.length === 0) return 'No pipeline has run yet, so there is no table.';
  return textTable(
    COLUMNS,
    tables.map(({ table, status, as_of: asOf, age_seconds: age, max_age_seconds: limit }) => [
      table,
      status,
      asOf === null ? 'never' : `${asOf.slice(0, 10)} ${asOf.slice(11, 19)}`,
      age === null ? '–' : spanWords(age * 1_000),
      limit === null ? '–' : spanWords(limit * 1_000),
    ]),
    '',
  );
}
