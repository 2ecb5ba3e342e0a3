import { OUTCOMES } from '../domain/publish-ledger';
import { lookedAt } from '../report/published-words';
import type { EntityFacts } from '../report/run-facts';
import { count } from '../report/words';
import { textTable } from './text-table';

/** Both sides of the equation, so that every row of the table adds up; what everybody looks for is never left out. */
const COUNTS = ['changed', 'retried', ...OUTCOMES] as const;
const ALWAYS: ReadonlySet<string> = new Set(['changed', 'created', 'updated', 'unchanged']);

const COLUMNS = [
  { title: 'typed table' },
  ...COUNTS.map((title) => ({ title, right: true, spare: !ALWAYS.has(title) })),
  { title: 'looked at' },
];

/** What a run made of its entities in their typed tables; empty where it published nothing. */
export function publishedText(entities: readonly EntityFacts[]): string {
  const rows = entities.flatMap(({ published }) =>
    published === null ? [] : [[published.table, ...COUNTS.map((name) => count(published[name])), lookedAt(published)]],
  );
  return rows.length === 0 ? '' : textTable(COLUMNS, rows);
}
