import fc from 'fast-check';
import {
  adopted,
  afterDetailPage,
  afterListPage,
  MAX_PASSES,
  neverHeldStill,
  START,
  afterLostToken,
  type ListStep,
  type Position,
} from '../../src/extract/position';

const step = (more: Partial<ListStep>): ListStep => ({
  next: null,
  fresh: 0,
  digest: 'd',
  rows: 1,
  slides: true,
  then: 'done',
  groups: 1,
  reached: null,
  ...more,
});

/** Reads a sliding list whose passes show so many fresh rows a page; answers with every position. */
function read(passes: readonly (readonly number[])[], details = false): Position[] {
  const positions = [START];
  for (let at = START; at.phase === 'list'; at = positions[positions.length - 1] ?? START) {
    const pages = passes[Math.min(at.pass, passes.length) - 1] ?? [0];
    const last = at.page + 1 >= pages.length;
    const digest = `${at.pass}.${at.page}`;
    positions.push(
      afterListPage(
        at,
        step({ next: last ? null : { page: at.page + 2 }, fresh: pages[at.page] ?? 0, digest, then: details ? 'detail' : 'done' }),
      ),
    );
  }
  return positions;
}

describe('the position of an extraction', () => {
  it('needs one pass for a list of one page', () => {
    expect(read([[5]])).toHaveLength(2);
  });

  it('reads a longer list again until a pass shows nothing fresh', () => {
    expect(
      read([
        [200, 190],
        [0, 0],
      ]).at(-1),
    ).toMatchObject({ phase: 'done', pass: 2 });
    expect(
      read([
        [200, 190],
        [0, 1],
        [0, 0],
      ]).at(-1),
    ).toMatchObject({ phase: 'done', pass: 3, fresh: 0 });
  });

  it('gives up after three passes, and says that the list never held still', () => {
    const end =
      read([
        [200, 190],
        [1, 0],
        [0, 1],
      ]).at(-1) ?? START;
    expect(end.pass).toBe(MAX_PASSES);
    expect(neverHeldStill(end)).toBe(true);
  });

  it('never reads a keyset list twice', () => {
    const first = afterListPage(START, step({ next: { after: 'x' }, fresh: 9, slides: false }));
    expect(afterListPage(first, step({ fresh: 9, slides: false, digest: 'e' })).phase).toBe('done');
  });

  it('numbers its pages without a gap, whatever the passes show', () => {
    const pages = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(pages, { minLength: 1, maxLength: 4 }), fc.boolean(), (passes, details) => {
        const positions = read(passes, details);
        expect(positions.map(({ seq }) => seq)).toEqual(positions.map((_, index) => index + 1));
        expect(positions.at(-1)?.phase).toBe(details ? 'detail' : 'done');
        expect(positions.at(-1)?.pass).toBeLessThanOrEqual(MAX_PASSES);
      }),
    );
  });

  it('remembers that two pages in a row were the same, unless both were empty', () => {
    const first = afterListPage(START, step({ next: { page: 2 }, digest: 'same' }));
    expect(afterListPage(first, step({ next: { page: 3 }, digest: 'same' }))).toMatchObject({ repeats: 1, samePage: true });
    expect(afterListPage(first, step({ next: { page: 3 }, digest: 'same', rows: 0 }))).toMatchObject({ repeats: 0, samePage: false });
  });

  it('taken over by another run, begins a half-read list again and keeps finished details', () => {
    const half = afterListPage(START, step({ next: { page: 2 }, fresh: 200 }));
    expect(adopted(half)).toMatchObject({ phase: 'list', pass: 1, page: 0, next: null, seq: 2 });
    const details = afterDetailPage({ ...half, phase: 'detail' }, 7, 'done');
    expect(adopted(details)).toEqual(details);
  });

  it('goes through the groups of parts one after another, each from its own beginning', () => {
    const slides = false;
    const first = afterListPage(START, step({ groups: 3, slides, reached: '5' }));
    expect(first).toMatchObject({ phase: 'list', group: 1, next: null, reached: null, page: 1 });
    const second = afterListPage(first, step({ groups: 3, slides, next: { cursor: 'x' }, reached: '7', digest: 'e' }));
    expect(second).toMatchObject({ phase: 'list', group: 1, next: { cursor: 'x' }, reached: '7' });
    const third = afterListPage(second, step({ groups: 3, slides, reached: '8', digest: 'f' }));
    expect(afterListPage(third, step({ groups: 3, slides, digest: 'g' })).phase).toBe('done');
  });

  it('whose page token is lost each time behind a page of equal cursors gives up after as many times as any other', () => {
    let at: Position | null = START;
    let times = 0;
    for (; at !== null && times < 100; times++) {
      at = afterLostToken(afterListPage(at, step({ next: { cursor: 'x' }, reached: '7', digest: String(times) })), true);
    }
    expect(times).toBe(6);
  });

  it('whose page token is lost goes on from where an ascending list stands, and begins any other again, a few times', () => {
    const half = afterListPage(START, step({ next: { cursor: 'x' }, reached: '7' }));
    expect(afterLostToken(half, true)).toMatchObject({ next: null, resumed: '7', page: 1, lost: 1 });
    const other = afterListPage(START, step({ next: { cursor: 'x' } }));
    expect(afterLostToken(other, false)).toMatchObject({ next: null, resumed: null, page: 0, lost: 1 });
    expect(afterLostToken(START, false)).toBeNull();
    let at: Position | null = other;
    let times = 0;
    for (; at !== null; times++) at = afterLostToken({ ...at, next: { cursor: 'y' } }, false);
    expect(times).toBe(6);
  });
});
