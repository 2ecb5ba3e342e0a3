import type { StageContext } from '../observability/stage-context';
import type { ListAnswer, ListRequest, PagePosition, SourceClient } from '../sources/source';
import { PageReader, readPage, type ReadingDeps, type ReadPage } from './page-reader';

/** So many pages are under way, or wait in memory, beside the one that is being landed. */
const AHEAD = 3;

interface Asked {
  readonly question: string;
  readonly page: Promise<ReadPage>;
  readonly stop: AbortController;
  /** Where the list goes on behind it; absent as long as that is not known. */
  next?: PagePosition | null;
}

/** A list that is asked ahead. */
export interface Following {
  readonly ctx: StageContext;
  readonly requestAt: (position: PagePosition) => ListRequest;
}

/**
 * The next pages of a list, asked for while the one before them is landed: in memory only, so whoever comes after a crash asks for them
 * again. A page is asked for as soon as the answer before it has told its token.
 */
export class NextPages {
  private readonly ahead: Asked[] = [];
  /** The one that was asked for last, which may be taken already though its answer has not come. */
  private last: Asked | null = null;
  private following: Following | null = null;

  constructor(
    private readonly client: Pick<SourceClient, 'list'>,
    private readonly deps: ReadingDeps,
  ) {}

  /** Asks already for what follows an answer. What goes wrong is heard by whoever takes the page. */
  follow({ next }: Pick<ListAnswer, 'next'>, following: Following): void {
    this.following = following;
    if (this.last !== null) this.extend();
    else if (next !== null) this.ask(next, following);
  }

  /** The page of this very request: the one that is under way, else a new one. */
  take(request: ListRequest, ctx: StageContext): Promise<ReadPage> {
    const [next] = this.ahead;
    if (next?.question !== questionOf(request)) {
      this.drop();
      return this.read(request, ctx, () => undefined);
    }
    this.ahead.shift();
    return next.page;
  }

  /** Nobody wants them any more. */
  drop(): void {
    for (const { stop } of this.ahead.splice(0)) stop.abort();
    this.last = null;
    this.following = null;
  }

  private extend(): void {
    const next = this.last?.next;
    if (next && this.following !== null && this.ahead.length < AHEAD) this.ask(next, this.following);
  }

  private ask(position: PagePosition, { ctx, requestAt }: Following): void {
    const request = requestAt(position);
    const stop = new AbortController();
    const told = (next: PagePosition | null): void => {
      asked.next = next;
      if (this.last === asked) this.extend();
    };
    const page = this.read(request, { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) }, told);
    page.catch(() => undefined);
    const asked: Asked = { question: questionOf(request), page, stop };
    this.last = asked;
    this.ahead.push(asked);
  }

  private async read(request: ListRequest, ctx: StageContext, onNext: (next: PagePosition | null) => void): Promise<ReadPage> {
    const answer = await this.client.list(request, ctx, { onNext, taker: () => new PageReader(this.deps) });
    onNext(answer.next);
    return readPage(answer, this.deps);
  }
}

function questionOf({ entity, position, from, to, partitions, filters }: ListRequest): string {
  return JSON.stringify([entity, position, from, to, partitions, filters]);
}
