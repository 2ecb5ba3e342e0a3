import type { StageContext } from '../observability/stage-context';
import type { ListAnswer, ListRequest, SourceClient } from '../sources/source';

interface Asked {
  readonly question: string;
  readonly answer: Promise<ListAnswer>;
  readonly stop: AbortController;
}

/**
 * The next page of a list, asked for while the one before it is landed: in memory only, so whoever comes after a crash asks for it
 * again. One page ahead and no more.
 */
export class NextPage {
  private asked: Asked | null = null;

  constructor(private readonly client: Pick<SourceClient, 'list'>) {}

  /** Asks already. What goes wrong is heard by whoever takes the answer. */
  ask(request: ListRequest, ctx: StageContext): void {
    this.drop();
    const stop = new AbortController();
    const signal = AbortSignal.any([ctx.signal, stop.signal]);
    const answer = this.client.list(request, { ...ctx, signal });
    answer.catch(() => undefined);
    this.asked = { question: questionOf(request), answer, stop };
  }

  /** The answer to this very request: the one that is under way, else a new one. */
  take(request: ListRequest, ctx: StageContext): Promise<ListAnswer> {
    const { asked } = this;
    if (asked === null || asked.question !== questionOf(request)) {
      this.drop();
      return this.client.list(request, ctx);
    }
    this.asked = null;
    return asked.answer;
  }

  /** Nobody wants it any more. */
  drop(): void {
    this.asked?.stop.abort();
    this.asked = null;
  }
}

function questionOf({ entity, position, from, to, partitions, filters }: ListRequest): string {
  return JSON.stringify([entity, position, from, to, partitions, filters]);
}
