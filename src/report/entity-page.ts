import { waitWords } from '../domain/wait-words';
import { LEDGER_COLUMNS } from '../domain/ledger';
import { ledgerLines } from './ledger-lines';
import { code, md, section, table } from './markdown';
import type { EntityFacts, RunHead } from './run-facts';
import { publishedTable, warningTable } from './published-tables';
import { CLASS_WORDS, reconciledWords } from './reconciled-words';
import { acceptedWords } from './verdict';
import { clock, count, duration, readWords, reportReader } from './words';

/** `summaries/<entity>.md`: everything about one entity of a run. */
export function entityPage(run: RunHead, entity: EntityFacts): string {
  const parts = [
    `# ${md(run.pipeline)} · ${md(entity.entity)}: ${entity.state}\n`,
    table(['', ''], factRows(run, entity)) + '\n',
    section('Compared with the source', reconciledText(entity)),
    section('Typed table', publishedTable([entity])),
    section('Warnings', warningTable([entity])),
    section('Ledger', ledgerLines(entity)),
    section(
      'Counts',
      table(
        ['count', 'value'],
        LEDGER_COLUMNS.map((column) => [code(column), count(entity.ledger[column])]),
      ),
    ),
  ];
  return parts.join('\n');
}

function reconciledText({ reconciled: found }: EntityFacts): string {
  if (found === null) return '';
  const days = found.days.map(({ day, samples, ...counts }) => [
    day === '' ? '–' : day,
    ...CLASS_WORDS.map(([name]) => count(counts[name])),
    CLASS_WORDS.flatMap(([name]) => (samples[name] ?? []).map((id) => code(id))).join(' '),
  ]);
  const more =
    found.days_total > found.days.length
      ? `\n\n${count(found.days_total - found.days.length)} earlier days differ, too: freshet.reconcile_day.`
      : '';
  const head = ['day (UTC)', ...CLASS_WORDS.map(([, words]) => words), 'some of them'];
  return `${md(reconciledWords(found))}${days.length === 0 ? '' : `\n\n${table(head, days)}`}${more}`;
}

function factRows(run: RunHead, entity: EntityFacts): string[][] {
  const optional = (name: string, value: string | null): string[][] => (value === null ? [] : [[name, md(value)]]);
  return [
    ['run', code(run.id)],
    ['table', code(entity.table)],
    ['read', md(readWords(entity))],
    ['complete read', entity.read_complete ? 'yes' : 'no'],
    ['started', entity.started_at === null ? '–' : clock(entity.started_at)],
    ['duration', duration(entity.started_at, entity.completed_at)],
    ['pages', count(entity.pages)],
    ['requests', count(entity.requests)],
    ['batches', count(entity.batches.length)],
    ...optional('held', entity.held_reason),
    ...optional('skipped', entity.skipped_reason),
    ...optional('waiting', entity.wait_reason === null ? null : waitWords(entity, reportReader(run))),
    ...entity.doubts.map((doubt) => ['doubt', md(doubt.message)]),
    ...optional('doubt', entity.doubts_accepted === null ? null : acceptedWords(entity.doubts_accepted)),
    ...optional('error', entity.error_message),
    ...optional('what to do', entity.error_remedy),
  ];
}
