import type { ClaimRequest } from '../database/claim';
import type { NextAction } from '../domain/errors';
import { exitCodeOf, isFinalRun } from '../domain/run';
import { commandText } from '../report/command-text';
import { bindingEquations } from '../report/ledger-lines';
import { publishedConcerns, publishedEquation, publishedSides } from '../report/published-words';
import type { EntityFacts, RunFacts } from '../report/run-facts';
import { acceptedWords, nextActions, stateWords, verdict } from '../report/verdict';
import { waitWords } from '../domain/wait-words';
import { clock, count, counted, duration, readWords } from '../report/words';
import type { CommandResult, ErrorView } from './envelope';
import { nextLine } from './error-lines';
import { EXIT } from './exit-code';
import { exitCodeOfSignal } from './interrupt';
import { publishedText } from './published-text';
import { reconciledText } from './reconciled-text';
import { shown } from './output';
import { terminalReader } from './terminal-reader';
import { textTable } from './text-table';

/** A run as `--json` shows it: everything the database says, the verdict, and whether each ledger adds up (`null`: not closed). */
export function runJson(facts: RunFacts): Record<string, unknown> {
  const { run, entities } = facts;
  return { ...run, verdict: verdict(facts), entities: entities.map(entityJson), next: nextActions(facts) };
}

function entityJson(entity: EntityFacts): Record<string, unknown> {
  const equations = bindingEquations(entity).map(({ name, text, left, right }) => {
    const sides = { left: left(entity.ledger), right: right(entity.ledger) };
    return { name, text, ...sides, holds: sides.left === sides.right };
  });
  const closed = entity.state === 'completed';
  const all = [...equations, ...publishedJson(entity)];
  return { ...entity, ledger_holds: closed ? all.every(({ holds }) => holds) : null, equations: all };
}

function publishedJson({ published }: EntityFacts): { name: string; text: string; left: number; right: number; holds: boolean }[] {
  if (published === null) return [];
  const { text, holds } = publishedEquation(published);
  return [{ name: 'publishing', text, ...publishedSides(published), holds }];
}

const COLUMNS = [
  { title: 'entity' },
  { title: 'state' },
  ...['requests', 'listed', 'known', 'fetched', 'inserted', 'updated', 'unchanged', 'rejected'].map((title) => ({
    title,
    right: true,
    spare: true,
  })),
  ...['rows', 'lines', 'time'].map((title) => ({ title, right: true })),
  { title: 'read' },
];

/** A run for who has watched it on the same terminal: the verdict, what needs attention, the report. The error says the rest. */
export function runSummary(facts: RunFacts): string {
  const { run, entities } = facts;
  const error = runError(facts);
  const lines = [
    '',
    ...(error === undefined ? [shown(verdict(facts), 1_000)] : []),
    ...[reconciledText(entities)].filter((text) => text !== ''),
    ...(error === undefined ? entities.flatMap(attention) : []),
    ...(run.report_path === null || error !== undefined ? [] : [`report  ${run.report_path}`]),
    ...(error === undefined ? nextActions(facts).map(nextLine) : []),
    nextLine({ kind: 'run-command', label: 'Every count', command: `./freshet show ${run.id}` }),
  ];
  return lines.join('\n');
}

/** A run for people: verdict, table of entities, then whatever needs attention, and where the report is. */
export function runText(facts: RunFacts): string {
  const { run, entities } = facts;
  const blocks = [
    `${run.pipeline} ${run.id}: ${run.state}\n${shown(verdict(facts), 1_000)}`,
    textTable(COLUMNS, entities.map(entityRow)),
    publishedText(entities),
    reconciledText(entities),
    entities.flatMap(attention).join('\n'),
    [timing(facts), run.report_path === null ? '' : `report  ${run.report_path}`].filter((line) => line !== '').join('\n'),
    nextActions(facts).map(nextLine).join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function entityRow(entity: EntityFacts): string[] {
  const { ledger } = entity;
  const counts = [
    entity.requests,
    ledger.listed,
    ledger.known,
    ledger.fetched,
    ledger.inserted,
    ledger.updated + ledger.revived,
    ledger.unchanged,
  ];
  const state = stateWords(entity);
  return [
    entity.entity,
    state,
    ...counts.map(count),
    count(ledger.rejected + ledger.undetailed),
    count(ledger.live_after),
    count(ledger.lines_after),
    duration(entity.started_at, entity.completed_at),
    readWords(entity),
  ];
}

/** Outcomes that are rare enough to have no column. */
const RARE = [
  ['stale', 'older than what the table has'],
  ['skipped', 'the table has them, and only new ones were asked for'],
  ['duplicate', 'a newer copy was in the same batch'],
] as const;

/** What makes the columns add up. */
function besides({ ledger }: EntityFacts): string | null {
  const told = RARE.filter(([outcome]) => ledger[outcome] > 0).map(([outcome, why]) => `${count(ledger[outcome])} ${outcome} (${why})`);
  return told.length === 0 ? null : told.join(', ');
}

function attention(entity: EntityFacts): string[] {
  const line = (word: string, text: string | null): string[] => (text === null ? [] : [`${entity.entity} ${word}: ${shown(text, 1_000)}`]);
  const broken = bindingEquations(entity).filter(
    ({ left, right }) => entity.state === 'completed' && left(entity.ledger) !== right(entity.ledger),
  );
  return [
    ...line(`failed (${entity.error_code ?? entity.error_type ?? 'error'})`, entity.error_message),
    ...line('held', entity.held_reason),
    ...line('skipped', entity.skipped_reason),
    ...line('do', entity.error_remedy),
    ...line('besides', besides(entity)),
    ...line('waits', entity.wait_reason === null ? null : waitWords(entity, terminalReader())),
    // Differences have a line of their own, with their days.
    ...entity.doubts.flatMap(({ kind, message }) => (kind === 'differences' ? [] : line('doubt', message))),
    ...line('doubt', entity.doubts_accepted === null ? null : acceptedWords(entity.doubts_accepted)),
    ...broken.flatMap(({ text }) => line('ledger broken', text)),
    ...(entity.published === null ? [] : publishedConcerns(entity.published).flatMap(([word, text]) => line(word, text))),
    ...(entity.rejects_total === 0
      ? []
      : line('rejects', `${counted(entity.rejects_total, 'record')} in freshet.reject, with every reason`)),
  ];
}

function timing({ run }: RunFacts): string {
  const start = run.started_at ?? run.created_at;
  const took = run.completed_at === null ? '' : `, took ${duration(start, run.completed_at)}`;
  return `started ${clock(start)}${took}${run.retry_of === null ? '' : `, retry of ${run.retry_of}`}`;
}

/** The error of a run that did not come through: the first entity's own, with the run's next actions. `undefined` for a good or doubtful run. */
export function runError(facts: RunFacts): ErrorView | undefined {
  const { run, entities } = facts;
  if (!isFinalRun(run.state) || ![1, 3].includes(exitCodeOf(run.state))) return undefined;
  const first = entities.find(({ error_message }) => error_message !== null) ?? entities.find(({ held_reason }) => held_reason !== null);
  return {
    code: `run-${run.state}`,
    type: first?.error_type ?? run.error_type ?? (run.state === 'cancelled' ? 'cancelled' : 'transient_error'),
    message: shown(verdict(facts), 1_000),
    why: first === undefined ? run.error_message : shown(`${first.entity}: ${first.error_message ?? first.held_reason ?? ''}`, 2_000),
    where: run.report_path,
    remedy: shown(first?.error_remedy ?? remedyOf(facts), 2_000),
    next: nextActions(facts),
  };
}

function remedyOf({ run }: RunFacts): string {
  if (run.state === 'cancelled') return 'Nothing to repair. Take it up again when you want the rest.';
  return 'Read the report, mend what it names, then take up the rest.';
}

/** The result of a command that waited for a run: its table on stdout (a summary for who has `watched` it there), its exit code by state (contracts §2). */
export function runResult(facts: RunFacts, watched = false): CommandResult {
  const error = runError(facts);
  const text = watched ? runSummary(facts) : runText(facts);
  return { exitCode: exitCodeOf(facts.run.state), data: runJson(facts), text, ...(error === undefined ? {} : { error }) };
}

/** What a command says that stops looking at a run which goes on. */
export function leftRunning(runId: string, signal: NodeJS.Signals): CommandResult {
  const next = [
    { kind: 'run-command', label: 'Watch it again', command: `./freshet follow ${runId}` },
    { kind: 'run-command', label: 'Stop it', command: `./freshet cancel ${runId}` },
  ] as const;
  const message = `${runId} goes on without this terminal.`;
  return {
    exitCode: exitCodeOfSignal(signal),
    data: { run_id: runId, outcome: 'left_running', message, next },
    text: [message, ...next.map(nextLine)].join('\n'),
  };
}

/** A pipeline whose turn had not come when the command was stopped. */
export function notBegun(pipeline: string, signal: NodeJS.Signals): CommandResult {
  const message = `${pipeline} was not begun.`;
  return { exitCode: exitCodeOfSignal(signal), data: { pipeline, outcome: 'not_begun', message }, text: message };
}

/** Not an error: the command found out that the work is being done. */
export function alreadyRunning(request: Pick<ClaimRequest, 'pipeline' | 'kind' | 'command'>, activeRunId: string): CommandResult {
  const { pipeline, kind } = request;
  const replay = kind === 'replay';
  const again = `./freshet ${commandText(request)}`;
  const next: NextAction[] = [
    { kind: 'run-command', label: 'Watch it', command: `./freshet follow ${activeRunId}` },
    ...(replay ? [] : [{ kind: 'run-command' as const, label: 'Run when it has ended', command: [again, '--queue'].join(' ') }]),
    { kind: 'run-command', label: 'Stop it, or end it where its process is gone', command: `./freshet cancel ${activeRunId}` },
  ];
  const wait = replay ? ' The same command with --queue waits until it has ended.' : '';
  const message = `${pipeline} is running already: ${activeRunId}. Nothing was started.${wait}`;
  return {
    exitCode: EXIT.findings,
    data: { pipeline, outcome: 'already_running', active_run_id: activeRunId, message, next },
    text: [message, ...next.map(nextLine)].join('\n'),
  };
}
