import { fetchProblems, type Fetches } from './fetched-twice';
import { contentDifferences, type HeldContent } from './held-content';
import { brokenTrial, median, verdictOf } from './verdict';
import type { Evidence } from './trial';

const asked = (contacts: readonly number[], details: Readonly<Record<string, number>> = { i1: 1, i2: 1 }): Fetches => ({
  lists: new Map([['contacts', contacts]]),
  details: new Map(Object.entries(details)),
});
const undisturbed = asked([1, 2, 3, 1, 2, 3]);
const many = (count: number, calls: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`i${n}`, calls]));

describe('what may be fetched twice', () => {
  it('is the one list page in flight for each death, in either pass', () => {
    expect(fetchProblems(asked([1, 2, 3, 1, 2, 3]), undisturbed, 1)).toEqual([]);
    expect(fetchProblems(asked([1, 2, 2, 3, 1, 2, 3]), undisturbed, 1)).toEqual([]);
    expect(fetchProblems(asked([1, 2, 3, 1, 2, 3, 3]), undisturbed, 1)).toEqual([]);
    expect(fetchProblems(asked([1, 1, 2, 3, 1, 2, 3, 3]), undisturbed, 1)).toEqual([
      'contacts: 2 list pages fetched twice: 1 1 2 3 1 2 3 3',
    ]);
    expect(fetchProblems(asked([1, 1, 2, 3, 1, 2, 3, 3]), undisturbed, 2)).toEqual([]);
  });

  it('is never a list begun anew, a page left out, or a pass too many', () => {
    for (const pages of [
      [1, 2, 1, 2, 3, 1, 2, 3],
      [1, 2, 3, 2, 3],
      [1, 2, 3],
      [1, 2, 3, 1, 2, 3, 1],
    ]) {
      expect(fetchProblems(asked(pages), undisturbed, 1)).toHaveLength(1);
    }
  });

  it('is 25 details for each death, and none is left out or made up', () => {
    const once = { ...undisturbed, details: new Map(Object.entries(many(60, 1))) };
    const again = (count: number): Fetches => ({ ...undisturbed, details: new Map(Object.entries({ ...many(60, 1), ...many(count, 2) })) });
    expect(fetchProblems(again(25), once, 1)).toEqual([]);
    expect(fetchProblems(again(26), once, 1)).toEqual(['26 detail calls repeated']);
    expect(fetchProblems(asked([1, 2, 3, 1, 2, 3], { i1: 1, i9: 1 }), undisturbed, 1)).toEqual([
      '1 details were never asked: i2',
      '1 details that no undisturbed run asks: i9',
    ]);
  });
});

const held = (rows: Readonly<Record<string, string>>): HeldContent => new Map([['json_contacts', new Map(Object.entries(rows))]]);

describe('what the tables must hold', () => {
  it('is every row of the undisturbed run, no other, and nothing different in it', () => {
    expect(contentDifferences(held({ a: '1', b: '2' }), held({ b: '2', a: '1' }))).toEqual([]);
    expect(contentDifferences(held({ a: '1', c: '3' }), held({ a: '2', b: '2' }))).toEqual([
      '3 of 2 rows of json_contacts differ',
      'a: held 1, expected 2',
      'b: held nothing, expected 2',
      'c: held 3, expected nothing',
    ]);
    expect(contentDifferences(new Map(), held({ a: '1' }))).toHaveLength(2);
  });
});

describe('the verdict over a trial', () => {
  const trial = { name: 't', first: { site: 'a.b', hit: 2 } };
  const evidence: Evidence = {
    state: 'completed',
    kills: 1,
    content: held({ a: '1' }),
    fetches: undisturbed,
    problems: [],
    trialMs: 4321,
    told: '',
  };

  it('is clean when every promise was kept, with what the death cost', () => {
    const seen = { ...evidence, fetches: asked([1, 1, 2, 3, 1, 2, 3], { i1: 2, i2: 1 }) };
    expect(verdictOf(trial, seen, evidence)).toEqual({
      ...{ name: 't', site: 'a.b', hit: 2, secondAfter: null, kills: 1, seconds: 4.3, problems: [] },
      ...{ repeatedPages: 1, repeatedDetails: 1 },
    });
  });

  it('names a worker that was never killed, a run that did not complete, and every problem found', () => {
    const seen: Evidence = { ...evidence, kills: 0, state: 'partial', problems: ['left behind'], content: held({}) };
    const { problems } = verdictOf(trial, seen, evidence);
    expect(problems.slice(0, 3)).toEqual(['the worker never came to a.b for the 2. time', 'the run ended partial', 'left behind']);
    expect(problems).toContain('1 of 1 rows of json_contacts differ');
  });

  it('is a broken promise when the trial itself failed', () => {
    expect(brokenTrial(trial, new Error('no end')).problems).toEqual(['no end']);
  });

  it('takes the middle of the times', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });
});
