import { CLASS_WORDS, reconciledWords } from '../report/reconciled-words';
import type { EntityFacts, Reconciled } from '../report/run-facts';
import { count } from '../report/words';
import { shown } from './output';
import { textTable } from './text-table';

/** Days that a terminal shows of each entity. */
const DAYS = 14;

/** What a comparison with the source found: a line an entity, and the last days that differ. Empty for runs of other kinds. */
export function reconciledText(entities: readonly EntityFacts[]): string {
  return entities
    .flatMap(({ entity, reconciled: found }) =>
      found === null ? [] : [`${entity}: ${shown(reconciledWords(found), 1_000)}${daysOf(found)}`],
    )
    .join('\n');
}

function daysOf({ days, days_total: total }: Reconciled): string {
  if (days.length === 0) return '';
  const last = days.slice(-DAYS);
  const rows = last.map(({ day, samples, ...counts }) => [
    day === '' ? 'no day' : day,
    ...CLASS_WORDS.map(([name]) => count(counts[name])),
    shown(
      CLASS_WORDS.flatMap(([name]) => samples[name] ?? [])
        .slice(0, 3)
        .join(' '),
      100,
    ),
  ]);
  const more =
    total > last.length ? `\n${count(total - last.length)} earlier days differ, too; the report has more, freshet.reconcile_day all` : '';
  return `\n${textTable(COLUMNS, rows)}${more}`;
}

const COLUMNS = [
  { title: 'day (UTC)' },
  ...CLASS_WORDS.map(([, title]) => ({ title, right: true, spare: true })),
  { title: 'some of them', spare: true },
];
