import type { ExtractScope } from './extract-slice';
import type { Extraction } from './extraction';
import type { ListedRow } from './listed-row';
import type { NewRow } from './new-rows';
import { seenTable } from './open-extraction';

export interface TakenRows {
  readonly rows: readonly ListedRow[];
  /** Those of them that this extraction has not seen yet. */
  readonly news: readonly NewRow[];
}

/** The rows of a page that the run's limit leaves; `reached`: it has as many records as were asked for. A limit counts ids. */
export async function withinLimit(
  { deps, input }: ExtractScope,
  { id }: Extraction,
  { rows, news }: TakenRows,
): Promise<TakenRows & { readonly reached: boolean }> {
  if (input.limit === undefined) return { rows, news, reached: false };
  const [seen] = await deps.db.query<{ n: string }>(`select count(*) as n from ${seenTable(id)}`);
  return upTo(input.limit - Number(seen?.n ?? 0), { rows, news });
}

/** The rows of a page until so many new ids have come. */
export function upTo(left: number, { rows, news }: TakenRows): TakenRows & { readonly reached: boolean } {
  const fresh = news.filter(({ newId }) => newId);
  const beyond = new Set(fresh.slice(Math.max(0, left)).map(({ row }) => row.id));
  return {
    rows: rows.filter((row) => !beyond.has(row.id)),
    news: news.filter(({ row }) => !beyond.has(row.id)),
    reached: fresh.length >= left,
  };
}
