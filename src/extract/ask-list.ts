import { isFreshetError } from '../domain/errors';
import type { ListRequest, PagePosition } from '../sources/source';
import type { Extraction } from './extraction';
import type { AskingScope } from './extract-slice';
import { WHOLE } from './part';
import { afterLostToken } from './position';
import type { ReadPage } from './page-reader';

/** A list page, and where the extraction stood when it was asked for. */
export interface Listed {
  readonly page: ReadPage;
  readonly asked: Extraction;
}

/** Asks for the next list page. A page token that the source forgot begins the list of its group again. */
export async function askList(scope: AskingScope, extraction: Extraction): Promise<Listed> {
  const { deps, input, ctx } = scope;
  for (let asked = extraction; ;) {
    try {
      return { page: await scope.nextPages.take(listRequest(scope, asked), ctx), asked };
    } catch (error) {
      if (!isFreshetError(error) || error.code !== 'cursor-lost') throw error;
      const position = afterLostToken(asked.position, deps.definition.order === 'cursor_ascending');
      if (position === null) throw error;
      ctx.log('EX-009', { entity: input.entity, from: position.resumed ?? 'its beginning' });
      asked = { ...asked, position };
    }
  }
}

/**
 * Asks for the pages after this one before it is landed, where its rows are the records: a list that is only an index waits for the
 * details anyway, and one paged by number shows most while nothing slides between two of its pages.
 */
export function askAhead(scope: AskingScope, { page, asked }: Listed): void {
  const { definition } = scope.deps;
  if (definition.detail !== null || definition.paging.kind === 'number' || scope.input.limit !== undefined) return;
  const requestAt = (next: PagePosition): ListRequest => listRequest(scope, { ...asked, position: { ...asked.position, next } });
  scope.nextPages.follow(page.answer, { ctx: scope.ctx, requestAt });
}

function listRequest({ input }: AskingScope, { parts, position }: Extraction): ListRequest {
  const group = parts.filter(({ group: number }) => number === position.group);
  return {
    entity: input.object,
    position: position.next,
    from: position.resumed ?? group[0]?.from ?? null,
    to: null,
    partitions: group.flatMap(({ id }) => (id === WHOLE ? [] : [id])),
    filters: input.filters,
  };
}
