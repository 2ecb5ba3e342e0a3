import type { NextAction } from '../domain/errors';
import { waitWords, type Wait } from '../domain/wait-words';
import { commandText, loadedInput } from './command-text';
import { ledgerLines } from './ledger-lines';
import { code, md, section, table } from './markdown';
import { publishedTable, warningTable } from './published-tables';
import { reconciledWords } from './reconciled-words';
import type { EntityFacts, RunFacts, RunHead } from './run-facts';
import { acceptedWords, nextActions, stateWords, verdict } from './verdict';
import { clock, count, duration, readWords, reportReader } from './words';

/** `_SYNC_SUMMARY.md`: the run on one page. A function of the facts alone, so that writing it again gives the same bytes. */
export function summary(facts: RunFacts): string {
  const { run, entities } = facts;
  const parts = [
    `# ${md(run.pipeline)}: ${run.state}\n\n**${md(verdict(facts))}**\n`,
    table(['', ''], headRows(run)) + '\n',
    section('Entities', entities.length === 0 ? '' : table(ENTITY_HEAD, entities.map(entityRow))),
    section('Ledgers', entities.map((entity) => `### ${md(entity.entity)}\n\n${ledgerLines(entity)}`).join('\n\n')),
    section('Typed tables', publishedTable(entities)),
    section('Warnings', warningTable(entities)),
    section('Compared with the source', bullets(entities.map(reconciledLine))),
    section('Doubts', bullets(entities.flatMap(doubtLines))),
    section('Errors', [runError(run), ...entities.map(errorBlock)].filter((text) => text !== '').join('\n\n')),
    section('Waiting', bullets([waitLine('the run', run, run), ...entities.map((entity) => waitLine(entity.entity, entity, run))])),
    section('Held and skipped', bullets(entities.map(stoppedLine))),
    section('Files that were not loaded', badFileTable(entities)),
    section('Rejects', rejectTable(entities)),
    section('Batches and landing files', batchTable(entities)),
    section('Next', bullets(nextActions(facts).map(nextLine))),
  ];
  return `${parts.filter((part) => part !== '').join('\n')}`;
}

function headRows(run: RunHead): string[][] {
  const moment = (iso: string | null): string => (iso === null ? '–' : clock(iso));
  return [
    ['run', code(run.id)],
    ['asked for', code(commandText(run))],
    ...(run.retry_of === null ? [] : [['retry of', code(run.retry_of)]]),
    ...inputRow(run),
    ['by', run.actor === '' ? '–' : md(run.actor)],
    ['environment', md(run.environment)],
    ['started', moment(run.started_at ?? run.created_at)],
    ['ended', moment(run.completed_at)],
    ['duration', duration(run.started_at ?? run.created_at, run.completed_at)],
    ['landing session', run.session_id === null ? '–' : code(run.session_id)],
    ['settings', code(run.config_digest)],
  ];
}

function inputRow(run: RunHead): string[][] {
  const load = loadedInput(run);
  return load === null ? [] : [['input', `${md(load.input)} in ${code(load.root)}: ${md(load.why.join('; '))}`]];
}

const ENTITY_HEAD = [
  'entity',
  'state',
  'read',
  'listed',
  'known',
  'fetched',
  'inserted',
  'updated',
  'revived',
  'unchanged',
  'stale',
  'duplicate',
  'rejected',
  'found late',
  'rows',
  'lines',
  'time',
];

function entityRow(entity: EntityFacts): string[] {
  const { ledger } = entity;
  const counts = [
    ledger.listed,
    ledger.known,
    ledger.fetched,
    ledger.inserted,
    ledger.updated,
    ledger.revived,
    ledger.unchanged,
    ledger.stale,
    ledger.duplicate,
    ledger.rejected + ledger.undetailed,
    ledger.found_late,
    ledger.live_after,
    ledger.lines_after,
  ];
  const state = stateWords(entity);
  return [md(entity.entity), state, md(readWords(entity)), ...counts.map(count), duration(entity.started_at, entity.completed_at)];
}

function reconciledLine({ entity, reconciled }: EntityFacts): string {
  return reconciled === null ? '' : `${md(entity)}: ${md(reconciledWords(reconciled))}`;
}

function doubtLines({ entity, doubts, doubts_accepted: accepted }: EntityFacts): string[] {
  const lines = doubts.map((doubt) => `${md(entity)}: ${md(doubt.message)} (${code(doubt.kind)})`);
  return accepted === null ? lines : [...lines, `${md(entity)}: ${md(acceptedWords(accepted))}`];
}

function runError(run: RunHead): string {
  return run.error_message === null ? '' : `**the run** · ${code(run.error_type ?? 'error')}: ${md(run.error_message)}`;
}

function errorBlock(entity: EntityFacts): string {
  if (entity.error_message === null) return '';
  const kind = [entity.error_type, entity.error_code].filter((part) => part !== null).join(' ');
  const remedy = entity.error_remedy === null ? '' : `\n\n→ ${md(entity.error_remedy)}`;
  return `**${md(entity.entity)}** · ${code(kind)}: ${md(entity.error_message)}${remedy}`;
}

function waitLine(who: string, wait: Wait, run: RunHead): string {
  return wait.wait_reason === null ? '' : `${md(who)}: ${md(waitWords(wait, reportReader(run)))}`;
}

function stoppedLine(entity: EntityFacts): string {
  const reason = entity.held_reason ?? entity.skipped_reason;
  const remedy = entity.state === 'held' && entity.error_remedy !== null ? ` → ${md(entity.error_remedy)}` : '';
  return reason === null ? '' : `${md(entity.entity)} ${entity.state}: ${md(reason)}${remedy}`;
}

function badFileTable(entities: readonly EntityFacts[]): string {
  const rows = entities.flatMap(({ entity, bad_files: files }) =>
    files.map(({ path, code: fault, message, remedy }) => [md(entity), code(path), code(fault), md(message), md(remedy)]),
  );
  return rows.length === 0 ? '' : table(['entity', 'file', 'error', 'what', 'what to do'], rows);
}

function rejectTable(entities: readonly EntityFacts[]): string {
  const rows = entities.flatMap(({ entity, rejects }) =>
    rejects.map((reject) => [
      md(entity),
      reject.stage,
      reject.record_id === null ? '–' : code(reject.record_id),
      reject.reasons.map((reason) => md(reasonText(reason))).join('; '),
      reject.file === null ? '–' : code(`${reject.file} @${reject.offset ?? '?'}+${reject.length ?? '?'}`),
    ]),
  );
  if (rows.length === 0) return '';
  const hidden = entities.reduce((sum, entity) => sum + entity.rejects_total - entity.rejects.length, 0);
  const more = hidden === 0 ? '' : `\n\nand ${count(hidden)} more in ${code('freshet.reject')}`;
  return table(['entity', 'stage', 'record', 'reasons', 'where'], rows) + more;
}

function reasonText(reason: unknown): string {
  const message = typeof reason === 'object' && reason !== null ? (reason as { message?: unknown }).message : reason;
  return typeof message === 'string' ? message : JSON.stringify(reason);
}

function batchTable(entities: readonly EntityFacts[]): string {
  const rows = entities.flatMap(({ entity, batches }) =>
    batches.map((batch) => [
      md(entity),
      count(batch.n),
      batch.state,
      count(batch.records),
      count(batch.bytes),
      code(batch.file),
      batch.sha256 === null ? '–' : code(batch.sha256.slice(0, 12)),
    ]),
  );
  return rows.length === 0 ? '' : table(['entity', 'batch', 'state', 'records', 'bytes', 'file', 'sha256'], rows);
}

function nextLine(action: NextAction): string {
  if (action.kind === 'run-command') return `${md(action.label)}: ${code(action.command)}`;
  return `${md(action.label)}: ${code(action.kind === 'open-url' ? action.url : action.file)}`;
}

function bullets(lines: readonly string[]): string {
  return lines
    .filter((line) => line !== '')
    .map((line) => `- ${line}`)
    .join('\n');
}
