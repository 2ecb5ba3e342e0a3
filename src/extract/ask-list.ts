import { isFreshetError } from '../domain/errors';
import type { ListAnswer } from '../sources/source';
import type { Extraction } from './extraction';
import type { ExtractScope } from './extract-slice';
import { WHOLE } from './part';
import { afterLostToken } from './position';

/** A list answer, and where the extraction stood when it was asked for. */
export interface Listed {
  readonly answer: ListAnswer;
  readonly asked: Extraction;
}

/** Asks for the next list page. A page token that the source forgot begins the list of its group again. */
export async function askList(scope: ExtractScope, extraction: Extraction): Promise<Listed> {
  const { deps, input, ctx } = scope;
  for (let asked = extraction; ;) {
    try {
      return { answer: await deps.client.list(listRequest(scope, asked), ctx), asked };
    } catch (error) {
      if (!isFreshetError(error) || error.code !== 'cursor-lost') throw error;
      const position = afterLostToken(asked.position, deps.definition.order === 'cursor_ascending');
      if (position === null) throw error;
      ctx.log('EX-009', { entity: input.entity, from: position.resumed ?? 'its beginning' });
      asked = { ...asked, position };
    }
  }
}

function listRequest({ input }: ExtractScope, { parts, position }: Extraction): Parameters<ExtractScope['deps']['client']['list']>[0] {
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
