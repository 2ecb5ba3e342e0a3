import { OUTCOMES } from '../domain/publish-ledger';
import { code, md, table } from './markdown';
import { lookedAt, publishedConcerns } from './published-words';
import type { EntityFacts } from './run-facts';
import { count } from './words';

/** Both sides of the equation, so that every row of the table adds up. */
const COLUMNS = ['changed', 'retried', ...OUTCOMES] as const;

/** What a run made of its entities in their typed tables, with what somebody should look at; empty where it published nothing. */
export function publishedTable(entities: readonly EntityFacts[]): string {
  const rows = entities.flatMap(({ entity, published }) =>
    published === null
      ? []
      : [[md(entity), code(published.table), md(lookedAt(published)), ...COLUMNS.map((name) => count(published[name]))]],
  );
  if (rows.length === 0) return '';
  const concerns = entities.flatMap(({ entity, published }) =>
    published === null ? [] : publishedConcerns(published).map(([word, text]) => `- ${md(entity)} ${word}: ${md(text)}`),
  );
  const head = table(['entity', 'typed table', 'looked at', ...COLUMNS], rows);
  return concerns.length === 0 ? head : `${head}\n\n${concerns.join('\n')}`;
}

/** Rows that are stored although they break a rule of severity warning. */
export function warningTable(entities: readonly EntityFacts[]): string {
  const rows = entities.flatMap(({ entity, published }) =>
    (published?.warned ?? []).map((warning) => [
      md(entity),
      code(warning.unique_value ?? warning.record_id),
      md(warning.field),
      md(warning.rule),
      md(warning.message),
    ]),
  );
  if (rows.length === 0) return '';
  const hidden = entities.reduce((sum, { published }) => sum + (published === null ? 0 : published.warnings - published.warned.length), 0);
  const more = hidden <= 0 ? '' : `\n\nand ${count(hidden)} more (${code('freshet.publish_warning')})`;
  return table(['entity', 'row', 'field', 'rule', 'warning'], rows) + more;
}
