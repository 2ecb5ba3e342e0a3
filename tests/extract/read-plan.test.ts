import fc from 'fast-check';
import { doubtsOf, median, NOTHING_ACCEPTED, type DoubtFacts } from '../../src/extract/doubt';
import { isKnown } from '../../src/extract/held-rows';
import { raiseGreatest } from '../../src/extract/greatest';
import type { ListedRow } from '../../src/extract/listed-row';
import { planRead, questionOf, type ReadPlanFacts } from '../../src/extract/read-plan';
import type { Watermark } from '../../src/extract/watermark';
import { sources } from '../../src/sources';

const { invoices, contacts } = sources['zoho-books'].entities;
const DAY = 86_400_000n * 1000n;
const now = 1_800_000_000_000_000n;
const asked = { identity: 'zoho-books test 1', filters: {}, target: { schema: 'zoho_books', table: 'json_invoices' } };
const question = questionOf(invoices, asked);
const watermark: Watermark = { kind: 'instant', text: '2027-01-15T08:00:00+0000', sort: now, question, carrierId: '1', carrierText: 't' };
const facts: ReadPlanFacts = {
  definition: invoices,
  lag: 600_000,
  watermark,
  question,
  full: false,
  lastCompleteAt: now - DAY,
  fullEveryMs: 7 * 86_400_000,
  now,
  tableGone: false,
  counter: null,
  counterAtMost: null,
  deletions: null,
};

describe('the kind of a read', () => {
  it('is incremental from the watermark less the lag', () => {
    expect(planRead(facts)).toEqual({
      read: 'incremental',
      from: '2027-01-15T07:50:00.000000Z',
      lateBefore: null,
      reason: '',
      newEpoch: false,
    });
  });

  it.each([
    ['there is no watermark', { watermark: null }, 'first read'],
    ['the question changed', { question: 'another' }, 'the question changed'],
    ['it is asked for', { full: true }, 'asked for with --full'],
    ['the table was dropped', { tableGone: true }, 'the table is gone'],
    ['deletes are held', { heldSince: '7' }, 'the deletes that run 7 found are held'],
    ['full_every is due', { lastCompleteAt: now - 7n * DAY }, 'full_every is due'],
    ['the entity can only be listed whole', { definition: contacts }, 'the source lists this entity only whole'],
  ] as const)('is complete when %s', (_name, change, reason) =>
    expect(planRead({ ...facts, ...change })).toMatchObject({ read: 'complete', from: null, reason }),
  );

  const counting = { ...facts, watermark: { ...watermark, kind: 'integer', text: '100', sort: 100n }, lag: 1_000 } as const;
  const told = { text: '150', sort: 150n, question };
  it.each([
    ['records', { counter: 99n, counterAtMost: 100n }, 'the counter of the source went back from 100 to 99'],
    ['deletions', { counter: 148n, counterAtMost: 149n, deletions: told }, 'the counter of the source went back from 150 to 148'],
  ] as const)('begins a new epoch where the counter stands before what was told of %s', (_name, change, reason) =>
    expect(planRead({ ...counting, ...change })).toMatchObject({ read: 'complete', reason, newEpoch: true }),
  );

  it.each([
    ['the last deletion bears the very number that the server shows', { counter: 149n, counterAtMost: 150n, deletions: told }],
    ['the server keeps its counter to itself', { counter: 100n, deletions: told }],
    ['the deletions were told to another question', { counter: 100n, counterAtMost: 101n, deletions: { ...told, question: 'another' } }],
  ] as const)('is incremental where %s', (_name, change) =>
    expect(planRead({ ...counting, ...change })).toMatchObject({ read: 'incremental', newEpoch: false }),
  );

  it('changes with filters, whatever their order', () => {
    const filtered = (filters: Record<string, number>): string => questionOf(invoices, { ...asked, filters });
    expect(filtered({ a: 1, b: 2 })).toBe(filtered({ b: 2, a: 1 }));
    expect(filtered({ a: 1 })).not.toBe(question);
  });

  it('changes with the account and with the table', () => {
    expect(questionOf(invoices, { ...asked, identity: 'zoho-books live 2' })).not.toBe(question);
    expect(questionOf(invoices, { ...asked, target: { schema: 'books', table: 'json_invoices' } })).not.toBe(question);
  });
});

const row = (sort: bigint | null, id = '1'): ListedRow => ({
  id,
  cursorText: sort === null ? null : `c${sort}`,
  cursorSort: sort,
  version: null,
  part: '',
  tombstone: false,
  offset: 0,
  length: 0,
});

describe('the greatest cursor', () => {
  it('is the greatest listed one that is not later than the source’s clock', () => {
    const sorts = fc.array(fc.option(fc.bigInt({ min: 0n, max: 100n })), { maxLength: 20 });
    fc.assert(
      fc.property(sorts, fc.bigInt({ min: 0n, max: 100n }), (all, ceiling) => {
        const allowed = all.filter((sort): sort is bigint => sort !== null && sort <= ceiling);
        const expected = allowed.length === 0 ? null : allowed.reduce((a, b) => (a > b ? a : b));
        expect(
          raiseGreatest(
            null,
            all.map((sort) => row(sort)),
            ceiling,
          )?.sort ?? null,
        ).toBe(expected);
      }),
    );
  });

  it('does not depend on how rows fall into pages', () => {
    const sorts = fc.array(fc.bigInt({ min: 0n, max: 100n }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sorts, fc.nat(), (all, cut) => {
        const rows = all.map((sort, index) => row(sort, String(index)));
        const at = cut % rows.length;
        const split = raiseGreatest(raiseGreatest(null, rows.slice(0, at), null), rows.slice(at), null);
        expect(split).toEqual(raiseGreatest(null, rows, null));
      }),
    );
  });
});

describe('a held record', () => {
  const settle = 60_000;
  const held = { cursorText: 'c0', cursorInstant: 0n, fetchedAt: 60_000_000n };
  it('is known when it has the same cursor text and was fetched a settle time after it', () => {
    expect(isKnown(held, row(0n), settle)).toBe(true);
    expect(isKnown({ ...held, fetchedAt: 59_999_999n }, row(0n), settle)).toBe(false);
    expect(isKnown(held, row(1n), settle)).toBe(false);
    expect(isKnown({ ...held, cursorText: null }, row(null), settle)).toBe(false);
    expect(isKnown(undefined, row(0n), settle)).toBe(false);
  });
});

const FIVE = [1000, 1000, 1000, 1000, 1000];
const MISSING = { id: '7', fact: '7 c', standing: 'missing' } as const;

describe('doubt', () => {
  const calm: DoubtFacts = {
    read: 'complete',
    listed: 1000,
    liveBefore: 1000,
    carriers: [{ id: '7', fact: '7 c', standing: 'seen' }],
    leftOut: [],
    neverHeldStill: false,
    becameText: [],
    samePageTwice: false,
    history: [],
    accepted: NOTHING_ACCEPTED,
  };
  it.each([
    ['nothing is odd', {}, []],
    ['a complete read finds nothing where there are rows', { listed: 0 }, ['empty']],
    ['an incremental read finds nothing', { listed: 0, read: 'incremental' }, []],
    ['the carrier did not come back', { carriers: [{ id: '7', fact: '7 c', standing: 'missing' }] }, ['carrier-missing']],
    [
      'the carrier could not be looked up',
      { carriers: [{ id: '7', fact: '7 c', standing: 'unknown', trouble: 'quota' }] },
      ['carrier-missing'],
    ],
    ['the carrier is deleted', { carriers: [{ id: '7', fact: '7 c', standing: 'deleted' }] }, []],
    ['the complete list left records out', { leftOut: ['8'] }, ['left-out']],
    ['the list never held still', { neverHeldStill: true }, ['list-never-still']],
    ['a column became text', { becameText: [{ name: 'total', from: 'numeric' }] }, ['column-became-text']],
    ['a page came twice', { samePageTwice: true }, ['same-page-twice']],
    ['half of the usual is listed, from five reads on', { listed: 400, history: [1000, 1000, 1000, 1000, 1000] }, ['unusual-count']],
    ['there are only four reads to compare with', { listed: 400, history: [1000, 1000, 1000, 1000] }, []],
    ['more than ten times the usual is listed', { listed: 1000, history: [10, 10, 10, 90, 10] }, ['unusual-count']],
    ['the empty list is accepted', { listed: 0, accepted: { ...NOTHING_ACCEPTED, empty: true } }, []],
    ['a count like an accepted one', { listed: 400, history: FIVE, accepted: { ...NOTHING_ACCEPTED, counts: [300] } }, []],
    [
      'a count far below an accepted one',
      { listed: 100, history: FIVE, accepted: { ...NOTHING_ACCEPTED, counts: [300] } },
      ['unusual-count'],
    ],
    ['the missing carrier is accepted', { carriers: [MISSING], accepted: { ...NOTHING_ACCEPTED, carriers: new Set(['7 c']) } }, []],
    [
      'another watermark’s carrier is accepted',
      { carriers: [MISSING], accepted: { ...NOTHING_ACCEPTED, carriers: new Set(['7 b']) } },
      ['carrier-missing'],
    ],
    ['small counts differ', { listed: 1, history: [9, 9, 9, 9, 9] }, []],
  ] as const)('when %s', (_name, change, kinds) => expect(doubtsOf({ ...calm, ...change }).map(({ kind }) => kind)).toEqual(kinds));

  it('takes the middle of an even count between its two middle values', () => {
    expect([median([]), median([3]), median([1, 2]), median([5, 1, 3])]).toEqual([null, 3, 1.5, 3]);
  });
});
