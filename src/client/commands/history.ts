import { listPipelines } from '../../config/pipeline';
import { FreshetError } from '../../domain/errors';
import { RUN_KINDS } from '../../domain/ids';
import { formatInstant, parseInstant } from '../../domain/instant';
import { RUN_STATES } from '../../domain/run';
import { count, duration } from '../../report/words';
import { chosenWords } from '../chosen-words';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { nextLine } from '../error-lines';
import { EXIT } from '../exit-code';
import { ranPipelines, readHistory, type HistoryFilter, type HistoryRun } from '../history-facts';
import { openForReading } from '../open-database';
import { openProject } from '../project';
import { limitOf } from '../row-limit';
import { textTable } from '../text-table';

export interface HistoryFlags {
  readonly pipeline?: readonly string[];
  readonly state?: readonly string[];
  readonly kind?: readonly string[];
  readonly since?: string;
  readonly limit?: string;
  readonly order?: string;
}

const LIMIT = 20;
const MOST = 10_000;

/** `freshet history`: runs that were, newest first, narrowed by pipeline, state, kind and time. Exit code 0, also when there are none. */
export async function history(flags: HistoryFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  // What was typed is checked before anything is asked of the database.
  const wished = filterOf(flags, new Date());
  const project = openProject(common);
  const db = await openForReading(project);
  try {
    const known = [...new Set([...listPipelines(project.loaded.root), ...(await ranPipelines(db))])].sort();
    const filter = { ...wished, pipelines: chosenWords({ flag: '--pipeline', given: flags.pipeline, allowed: known }) };
    const { runs, total } = await readHistory(db, filter);
    return { exitCode: EXIT.good, data: { filter, total, runs }, text: historyText(runs, total, filter) };
  } finally {
    await db.close();
  }
}

function filterOf(flags: HistoryFlags, now: Date): Omit<HistoryFilter, 'pipelines'> {
  const [order = 'newest'] = chosenWords({
    flag: '--order',
    given: flags.order === undefined ? [] : [flags.order],
    allowed: ['newest', 'oldest'],
  });
  return {
    states: chosenWords({ flag: '--state', given: flags.state, allowed: RUN_STATES }),
    kinds: chosenWords({ flag: '--kind', given: flags.kind, allowed: RUN_KINDS }),
    since: flags.since === undefined ? null : sinceInstant(flags.since, now),
    order: order as HistoryFilter['order'],
    limit: limitOf(flags.limit, { otherwise: LIMIT, most: MOST }),
  };
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `7d`, `12h`, `30m` before `now`, or a date or instant (UTC where it has no offset), as ISO text. Errors: `config_error` code `since-unknown`. */
export function sinceInstant(text: string, now: Date): string {
  const [, digits, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text.trim()) ?? [];
  if (digits !== undefined) return new Date(now.getTime() - Number(digits) * (UNITS[unit] ?? 0)).toISOString();
  const parsed = parseInstant(text.trim());
  if (parsed !== null) return formatInstant(parsed.micros);
  throw new FreshetError('config_error', {
    code: 'since-unknown',
    message: `--since does not understand "${text}"`,
    remedy: 'Write an age (30m, 12h, 7d), a day (2026-11-22) or an instant (2026-11-22T04:00:00Z); times without an offset are UTC.',
    where: '--since',
  });
}

const COLUMNS = [
  { title: 'run' },
  { title: 'pipeline' },
  { title: 'kind' },
  { title: 'state' },
  { title: 'started (UTC)' },
  { title: 'took', right: true },
  { title: 'fetched', right: true },
  { title: 'changed', right: true },
  { title: 'rejected', right: true },
  { title: 'why' },
];

/** Longer reasons are cut: `show` has them whole. */
const REASON = 60;

function historyText(runs: readonly HistoryRun[], total: number, filter: HistoryFilter): string {
  if (runs.length === 0) return 'No run matches.';
  const more = total - runs.length;
  const rest = more === 0 ? '' : `${count(more)} more ${filter.order === 'newest' ? 'before' : 'after'} these; --limit shows more.`;
  const show = nextLine({ kind: 'run-command', label: 'Everything about a run', command: `./freshet show ${runs[0]?.id ?? '<run>'}` });
  return [textTable(COLUMNS, runs.map(row)), [rest, show].filter((line) => line !== '').join('\n')].join('\n\n');
}

function row(run: HistoryRun): string[] {
  const start = run.started_at ?? run.created_at;
  const why = run.reason ?? '';
  return [
    run.id,
    run.pipeline,
    run.kind,
    run.state,
    `${start.slice(0, 10)} ${start.slice(11, 19)}`,
    duration(start, run.completed_at),
    count(run.fetched),
    count(run.changed),
    count(run.rejected),
    why.length > REASON ? `${why.slice(0, REASON - 1)}…` : why,
  ];
}
