import { NextPage } from '../../src/extract/next-page';
import type { ListAnswer, ListRequest } from '../../src/sources/source';
import { testContext } from '../http/test-context';

const request = (page: number): ListRequest => ({
  entity: 'orders',
  position: { cursor: `page-${page}` },
  from: null,
  to: null,
  partitions: ['L1'],
  filters: {},
});

/** A source whose answers come when the test lets them. */
function source() {
  const asked: { readonly page: unknown; readonly signal: AbortSignal; answer(body: string): void; fail(error: Error): void }[] = [];
  const list = (of: ListRequest, { signal }: { readonly signal: AbortSignal }): Promise<ListAnswer> =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      asked.push({
        page: of.position?.['cursor'],
        signal,
        answer: (body) => resolve({ body: Buffer.from(body), next: null, clock: null, requestDigest: body }),
        fail: reject,
      });
    });
  return { asked, next: new NextPage({ list }) };
}

describe('the page after the one that is being landed', () => {
  it('is asked for once, whoever takes it', async () => {
    const { asked, next } = source();
    next.ask(request(2), testContext());
    const taken = next.take(request(2), testContext());
    asked[0]!.answer('two');
    expect((await taken).requestDigest).toBe('two');
    expect(asked).toHaveLength(1);
  });

  it('is given up where another one is wanted: a token that was lost, another group', async () => {
    const { asked, next } = source();
    next.ask(request(2), testContext());
    const taken = next.take(request(7), testContext());
    asked[1]!.answer('seven');
    expect((await taken).requestDigest).toBe('seven');
    expect(asked.map(({ page, signal }) => [page, signal.aborted])).toEqual([
      ['page-2', true],
      ['page-7', false],
    ]);
  });

  it('is given up with the slice, and with the run', () => {
    const { asked, next } = source();
    next.ask(request(2), testContext());
    next.drop();
    expect(asked[0]!.signal.aborted).toBe(true);
    const run = new AbortController();
    next.ask(request(3), { ...testContext(), signal: run.signal });
    run.abort();
    expect(asked[1]!.signal.aborted).toBe(true);
  });

  it('fails whoever takes it, and nobody else', async () => {
    const { asked, next } = source();
    next.ask(request(2), testContext());
    asked[0]!.fail(new Error('the source broke'));
    await new Promise(setImmediate);
    await expect(next.take(request(2), testContext())).rejects.toThrow('the source broke');
  });
});
