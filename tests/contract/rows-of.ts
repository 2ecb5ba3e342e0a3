import type { ListedRow } from '../../src/extract/listed-row';
import { PageReader, type ReadingDeps } from '../../src/extract/page-reader';
import { parseExact } from '../../src/json/decode';
import { openList } from '../../src/json/cut-list';
import type { ListAnswer } from '../../src/sources/source';

/** The rows of a list answer; none where the source leaves an empty list out. */
export function rowsOf(answer: ListAnswer, deps: ReadingDeps): readonly ListedRow[] {
  const list = openList(answer.body, deps.definition.recordsPath);
  const reader = new PageReader(deps);
  for (const place of list?.elements ?? []) {
    const text = answer.body.toString('utf8', place.offset, place.offset + place.length);
    reader.take(parseExact(text), place, answer.body);
  }
  return reader.page(answer, list?.slice ?? null).rows;
}
