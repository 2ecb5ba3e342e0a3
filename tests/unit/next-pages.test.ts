import { NextPages } from '../../src/extract/next-pages';
import type { ListAnswer, ListReading, ListRequest, PagePosition } from '../../src/sources/source';
import { orders } from '../../src/sources/square/entities/orders';
import { testContext } from '../http/test-context';

const position = (page: number): PagePosition => ({ cursor: `page-${page}` });
const request = (page: number): ListRequest => requestAt(position(page));
const requestAt = (at: PagePosition): ListRequest => ({
  entity: 'orders',
  position: at,
  from: null,
  to: null,
  partitions: ['L1'],
  filters: {},
});
const following = { ctx: testContext(), requestAt };

interface Asked {
  readonly page: unknown;
  readonly signal: AbortSignal;
  readonly reading: ListReading | undefined;
  answer(next?: number): void;
  fail(error: Error): void;
}

/** A source whose answers come when the test lets them. */
function source() {
  const asked: Asked[] = [];
  const list = (of: ListRequest, { signal }: { readonly signal: AbortSignal }, reading?: ListReading): Promise<ListAnswer> =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      const page = of.position?.['cursor'];
      asked.push({
        page,
        signal,
        reading,
        answer: (next) =>
          resolve({
            body: Buffer.from('{"orders":[]}'),
            next: next === undefined ? null : position(next),
            clock: null,
            requestDigest: String(page),
          }),
        fail: reject,
      });
    });
  return { asked, next: new NextPages({ list }, { definition: orders, zone: 'UTC' }) };
}

const settled = (): Promise<void> => new Promise(setImmediate);
const pages = (asked: readonly Asked[]): unknown[] => asked.map(({ page }) => page);

describe('the pages after the one that is being landed', () => {
  it('are asked for once, whoever takes them', async () => {
    const { asked, next } = source();
    next.follow({ next: position(2) }, following);
    const taken = next.take(request(2), testContext());
    asked[0]!.answer();
    expect((await taken).answer.requestDigest).toBe('page-2');
    expect(asked).toHaveLength(1);
  });

  it('are three and no more, until one is taken', async () => {
    const { asked, next } = source();
    next.follow({ next: position(2) }, following);
    for (const [n, after] of [3, 4, 5].entries()) {
      asked[n]!.answer(after);
      await settled();
    }
    expect(pages(asked)).toEqual(['page-2', 'page-3', 'page-4']);
    const { answer } = await next.take(request(2), testContext());
    next.follow(answer, following);
    expect(pages(asked)).toEqual(['page-2', 'page-3', 'page-4', 'page-5']);
  });

  it('are asked for as soon as their token is known, though the answer that tells it is not read yet', () => {
    const { asked, next } = source();
    next.follow({ next: position(2) }, following);
    asked[0]!.reading!.onNext(position(3));
    // The same answer asked for again says so again.
    asked[0]!.reading!.onNext(position(3));
    expect(pages(asked)).toEqual(['page-2', 'page-3']);
  });

  it('are asked for behind one that was taken before its answer came', () => {
    const { asked, next } = source();
    next.follow({ next: position(2) }, following);
    void next.take(request(2), testContext());
    asked[0]!.reading!.onNext(position(3));
    expect(pages(asked)).toEqual(['page-2', 'page-3']);
  });

  it('end with the list', async () => {
    const { asked, next } = source();
    next.follow({ next: position(2) }, following);
    asked[0]!.answer();
    next.follow((await next.take(request(2), testContext())).answer, following);
    expect(asked).toHaveLength(1);
  });

  it('are given up where another one is wanted: a token that was lost, another group', async () => {
    const { asked, next } = source();
    next.follow({ next: position(2) }, following);
    const taken = next.take(request(7), testContext());
    asked[1]!.answer();
    expect((await taken).answer.requestDigest).toBe('page-7');
    expect(asked.map(({ page, signal }) => [page, signal.aborted])).toEqual([
      ['page-2', true],
      ['page-7', false],
    ]);
  });

  it('are given up with the slice, and with the run', () => {
    const { asked, next } = source();
    next.follow({ next: position(2) }, following);
    next.drop();
    expect(asked[0]!.signal.aborted).toBe(true);
    const run = new AbortController();
    next.follow({ next: position(3) }, { ...following, ctx: { ...testContext(), signal: run.signal } });
    run.abort();
    expect(asked[1]!.signal.aborted).toBe(true);
  });

  it('fail whoever takes them, and nobody else', async () => {
    const { asked, next } = source();
    next.follow({ next: position(2) }, following);
    asked[0]!.fail(new Error('the source broke'));
    await settled();
    await expect(next.take(request(2), testContext())).rejects.toThrow('the source broke');
  });
});
