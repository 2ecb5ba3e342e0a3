import { createHash } from 'node:crypto';
import { FreshetError } from '../domain/errors';
import { formatInstant, parseInstant } from '../domain/instant';
import type { EntityDefinition, ListAnswer } from '../sources/source';
import { afterListing } from './confirm';
import type { AskingScope } from './extract-slice';
import type { Extraction } from './extraction';
import type { TakenRows } from './limit';
import type { ListedRow } from './listed-row';
import type { ReadPage } from './page-reader';
import { countFresh } from './new-rows';
import { groupCount, raiseParts } from './part';
import { afterListPage } from './position';

/** A source that gives the same page this often in a row does not turn its pages. */
const SAME_PAGE_LIMIT = 3;

/** A list answer, its rows, and those of them that the run takes. */
export interface Taken extends TakenRows {
  readonly answer: ListAnswer;
  readonly whole: Pick<ReadPage, 'rows'>;
  /** The run has as many records as it was asked for: the list is not read on, nor again. */
  readonly reached: boolean;
}

/** Where the extraction stands after a list answer. Errors: `source_error` code `pages-do-not-turn`. */
export function afterAnswer(scope: AskingScope, begun: Extraction, { answer, whole, rows, news, reached }: Taken): Extraction {
  const { definition } = scope.deps;
  const step = {
    ...(reached ? { next: null, slides: false, groups: 1 } : { next: answer.next, slides: slides(scope), groups: groupCount(begun.parts) }),
    fresh: countFresh(news, begun),
    digest: contentDigest(whole),
    rows: rows.length,
    then: afterListing(scope, begun),
    reached: definition.order === 'cursor_ascending' ? reachedBy(rows, definition) : null,
  };
  const position = afterListPage(begun.position, step);
  if (position.repeats >= SAME_PAGE_LIMIT) throw pagesDoNotTurn(scope.input.entity, position.page);
  return { ...raise(scope, begun, rows), position };
}

/**
 * The first answer of an extraction tells the source's clock, or its counter, at its start. A list that does not show the counter leaves what was
 * known of it before the list was asked for.
 */
export function begin({ input }: Pick<AskingScope, 'input'>, extraction: Extraction, answer: ListAnswer): Extraction {
  const clock = extraction.sourceStartedAt !== null || answer.clock === null ? null : parseInstant(answer.clock);
  const told = answer.counter ?? input.counter;
  const counter = extraction.counter ?? (told === null ? null : BigInt(told));
  return { ...extraction, counter, ...(clock === null ? {} : { sourceStartedAt: formatInstant(clock.micros) }) };
}

function raise(scope: AskingScope, extraction: Extraction, rows: readonly ListedRow[]): Extraction {
  const { watermarks } = scope;
  return { ...extraction, parts: raiseParts(extraction.parts, rows, { watermarks, ceiling: ceiling(scope, extraction) }) };
}

/** The greatest cursor of an ascending page: everything before it was listed. */
function reachedBy(rows: readonly ListedRow[], { cursor }: EntityDefinition): string | null {
  let greatest: bigint | null = null;
  for (const { cursorSort } of rows) if (cursorSort !== null && (greatest === null || cursorSort > greatest)) greatest = cursorSort;
  if (greatest === null || cursor === null) return null;
  return cursor.kind === 'instant' ? formatInstant(greatest) : greatest.toString();
}

/** What is later than the source's clock, or its counter, at the read's start was perhaps not listed. */
export function ceiling(scope: AskingScope, extraction: Extraction): bigint | null {
  if (scope.deps.definition.cursor?.kind === 'integer') return extraction.counter;
  if (scope.deps.definition.cursor === null || extraction.sourceStartedAt === null) return null;
  return parseInstant(extraction.sourceStartedAt)?.micros ?? null;
}

function slides(scope: AskingScope): boolean {
  const { paging } = scope.deps.definition;
  return paging.kind === 'number' || (paging.kind === 'token' && scope.deps.definition.order !== 'cursor_ascending');
}

function contentDigest(page: Pick<ReadPage, 'rows'>): string {
  const hash = createHash('sha256');
  for (const row of page.rows) hash.update(JSON.stringify([row.id, row.cursorText]));
  return hash.digest('hex').slice(0, 16);
}

function pagesDoNotTurn(entity: string, page: number): FreshetError {
  return new FreshetError('source_error', {
    code: 'pages-do-not-turn',
    message: `The source answers page ${page} of ${entity} with the same records as the ${SAME_PAGE_LIMIT} pages before`,
    why: 'Reading on would never end, and stopping here would take an unread list for a whole one.',
    remedy: 'Try again later; if it stays, open the list in the source and look whether paging works there.',
    retryable: true,
  });
}
