import { callsToday, type AccountCalls } from '../../database/api-calls';
import { listPipelines } from '../../config/pipeline';
import { count } from '../../report/words';
import { isFreshetError, type FreshetError } from '../../domain/errors';
import { waitWords } from '../../domain/wait-words';
import type { CommandContext } from '../command-context';
import { errorView, type CommandResult } from '../envelope';
import { EXIT, exitCodeOfError } from '../exit-code';
import { openForReading } from '../open-database';
import { shown } from '../output';
import { openProject } from '../project';
import { publishedStatusText } from '../published-status';
import { queueLine } from '../queue-line';
import { withRunningSandbox } from '../sandbox-settings';
import type { ScheduleFacts } from '../schedules/schedule-facts';
import { statusSchedules } from '../schedules/status-schedules';
import type { SourceStatus } from '../source-facts';
import { readSources, sourcesText, withLastErrors } from '../source-status';
import { readStatus, type EntityStatus, type LaneStatus, type PipelineStatus, type RunLine } from '../status-facts';
import { terminalReader } from '../terminal-reader';
import { textTable } from '../text-table';

export interface StatusFlags {
  /** `false`: no source is asked whether it answers. */
  readonly probe?: boolean;
}

/** `freshet status`: every source and whether it answers; every pipeline and entity: last good run, as of when, how many rows, what is going on now and why it waits, when it runs next and why not. What is away is said; the rest is shown all the same. */
export async function status({ probe = true }: StatusFlags, { flags }: CommandContext): Promise<CommandResult> {
  const project = withRunningSandbox(openProject(flags));
  const { environment } = project.loaded.settings;
  const asked = readSources(project, probe);
  const db = await openForReading(project, DATABASE_WITHIN_MS).catch((error: unknown) => errorOf(error));
  const sources = await asked;
  if (!('query' in db)) return withoutDatabase(environment, sources, db);
  try {
    const pipelines = await readStatus(db, listPipelines(project.loaded.root), await statusSchedules(project, db));
    const known = await withLastErrors(sources, db, environment);
    const calls = await callsToday(db);
    return {
      exitCode: EXIT.good,
      data: { environment, sources: known, pipelines, calls },
      text: [sourcesText(known), ...pipelines.map(pipelineText), callsText(calls)].filter((text) => text !== '').join('\n\n'),
    };
  } finally {
    await db.close();
  }
}

/** Status is asked when things are wrong: it must not wait for what does not answer. */
const DATABASE_WITHIN_MS = 3_000;

function errorOf(error: unknown): FreshetError {
  if (isFreshetError(error)) return error;
  throw error;
}

/** What can be said without it; the error says the rest. */
function withoutDatabase(environment: string, sources: readonly SourceStatus[], error: FreshetError): CommandResult {
  return {
    exitCode: exitCodeOfError(error),
    data: { environment, sources, pipelines: null },
    text: sourcesText(sources),
    error: errorView(error),
  };
}

/** Daily quotas are counted from midnight UTC. */
function callsText(calls: readonly AccountCalls[]): string {
  return calls
    .map(({ account, today, yesterday }) => `requests today (UTC) to ${shown(account)}: ${count(today)} (yesterday ${count(yesterday)})`)
    .join('\n');
}

const COLUMNS = [
  { title: 'entity' },
  { title: 'rows', right: true },
  { title: 'lines', right: true },
  { title: 'as of (UTC)' },
  { title: 'last good run' },
  { title: 'now' },
];

function pipelineText(pipeline: PipelineStatus): string {
  const lines = [
    pipeline.pipeline,
    ...pipeline.lanes.flatMap(laneLines),
    pipeline.last === null ? '  never ran' : `  last ended:  ${runLine(pipeline.last)}`,
    pipeline.schedule === null ? '' : `  next run:    ${nextRun(pipeline.schedule)}`,
    pipeline.entities.length === 0 ? '' : textTable(COLUMNS, pipeline.entities.map(entityRow), '  '),
    publishedStatusText(pipeline.entities),
    ...pipeline.doubts.map(
      ({ entity, run_id: run, doubts }) =>
        `  doubt:       ${entity} in ${run}: ${shown(doubts.map(({ message }) => message).join('; '), 300)}`,
    ),
  ];
  return lines.filter((line) => line !== '').join('\n');
}

/** The run that has the lane, then who waits for it. */
function laneLines({ lane, active, queue }: LaneStatus): string[] {
  const running = active === null ? [] : [`  running now: ${runLine(active)}, lane ${lane}`];
  return [...running, ...queue.map((line) => `  queued:      ${queueLine(line, active?.id ?? null)}`)];
}

/** `2027-03-28 01:00:00 UTC (daily 02:00 Europe/Berlin)`, or why there is none. */
function nextRun({ next: [first], times, why_not: why }: ScheduleFacts): string {
  if (first === undefined) return `none, ${shown(why ?? 'its times have run out')}`;
  return `${short(first)} UTC (${shown(times ?? '')})${why === null ? '' : `, but ${shown(why)}`}`;
}

function runLine(run: RunLine): string {
  const wait = run.wait_reason === null ? '' : `, ${shown(waitWords(run, terminalReader()))}`;
  const why = run.reason === null ? '' : `, ${shown(run.reason)}`;
  return `${run.id} ${run.state}${why}${wait} (${short(run.completed_at ?? run.started_at ?? run.created_at)})`;
}

function entityRow(entity: EntityStatus): string[] {
  const wait = entity.wait_reason === null ? '' : `: ${shown(waitWords(entity, terminalReader()))}`;
  return [
    entity.entity,
    count(entity.rows),
    count(entity.lines),
    entity.as_of === null ? 'never' : short(entity.as_of),
    entity.last_good_run ?? '–',
    entity.state === null ? '' : `${entity.state}${wait}`,
  ];
}

function short(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}
