import { FreshetError } from '../../src/domain/errors';
import { sources } from '../../src/sources';
import type { DetailAnswer, ListAnswer, Source, SourceClient } from '../../src/sources/source';

/** Ids of invoices; a test changes them while the source is in use. */
export interface Forgotten {
  /** Lists leave them out. */
  readonly unlisted: ReadonlySet<string>;
  /** They are not found when they are asked for by themselves. */
  readonly lost: ReadonlySet<string>;
  /** They are answered with an error then. */
  readonly broken?: ReadonlySet<string>;
}

/** Zoho Books as it is, but for the invoices that it forgets. */
export function forgetfulZoho({ unlisted, lost, broken }: Forgotten): Source {
  return {
    ...sources['zoho-books'],
    open: (connection): SourceClient => {
      const client = sources['zoho-books'].open(connection);
      return {
        list: async (request, ctx) => without(await client.list(request, ctx), unlisted),
        detail: async (request, ctx): Promise<DetailAnswer> => {
          if (broken?.has(request.id) === true)
            throw new FreshetError('source_error', { code: 'not-now', message: 'not now', remedy: 'Ask again.' });
          const answer = await client.detail(request, ctx);
          return lost.has(request.id) ? { found: false, clock: answer.clock, requestDigest: answer.requestDigest } : answer;
        },
        close: () => client.close(),
      };
    },
  };
}

function without(answer: ListAnswer, unlisted: ReadonlySet<string>): ListAnswer {
  const body = JSON.parse(answer.body.toString()) as Record<string, unknown>;
  const isShown = (row: unknown): boolean => !unlisted.has(String((row as Record<string, unknown>)['invoice_id']));
  const kept = Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? value.filter(isShown) : value] as const);
  return { ...answer, body: Buffer.from(JSON.stringify(Object.fromEntries(kept))) };
}
