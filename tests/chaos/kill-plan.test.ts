import { drawn, everySite, FAMILIES, livesOf, pairs, PUBLISH_FAMILIES, stratified } from './kill-plan';
import { wishedTrials } from './wish';
import { FAULT_SITES } from '../../src/observability/fault-sites';

const hits = new Map(FAULT_SITES.map((site, n) => [site as string, 1 + (n % 7)]));

describe('the plan of kills', () => {
  it('has ten families that share no site, and every site a worker passes is in one', () => {
    const homes = new Map(FAULT_SITES.map((site) => [site, [...FAMILIES, ...PUBLISH_FAMILIES].filter(({ has }) => has(site)).length]));
    expect([...homes].filter(([, families]) => families > 1)).toEqual([]);
    // Passed by the client, and by the monitor's rounds beside the run: `npm run chaos` kills there too. A comparison of two sides is no run.
    // A rehearsal writes nothing, and its acceptance is one transaction, broken off in tests/publish/accepted.test.ts.
    const besideTheRun = (site: string): boolean =>
      /^(claim|client|monitor|schedule|compare|publish\.(rehearse|rehearsed|accept))\./.test(site);
    expect([...homes].filter(([site, families]) => families === 0 && !besideTheRun(site))).toEqual([]);
    expect(FAMILIES).toHaveLength(10);
    for (const { has } of PUBLISH_FAMILIES) expect(FAULT_SITES.some(has)).toBe(true);
  });

  it('takes one trial of each family, at a hit that the site has, and the same ones for the same seed', () => {
    const trials = stratified(hits, 5);
    expect(trials.map(({ name }) => name)).toEqual(FAMILIES.map(({ name }) => name));
    for (const { first } of trials) {
      expect(first.hit).toBeGreaterThanOrEqual(1);
      expect(first.hit).toBeLessThanOrEqual(hits.get(first.site)!);
    }
    expect(stratified(hits, 5)).toEqual(trials);
    expect(stratified(hits, 6)).not.toEqual(trials);
  });

  it('goes to the first, middle and last hit of every site, once each, everywhere first before anywhere again', () => {
    const trials = everySite(
      new Map([
        ['a', 5],
        ['b', 1],
        ['c', 2],
      ]),
    );
    expect(trials.map(({ first }) => `${first.site}${first.hit}`)).toEqual(['a1', 'b1', 'c1', 'a3', 'a5', 'c2']);
    expect(
      everySite(
        new Map([
          ['a', 1],
          ['b', 1],
        ]),
        ['b'],
      ).map(({ first }) => first.site),
    ).toEqual(['b']);
  });

  it('kills every third drawn worker once more, at a hit of its next life', () => {
    const trials = drawn(hits, 3, 6);
    expect(trials.map((trial) => trial.secondAfter !== undefined)).toEqual([false, false, true, false, false, true]);
    expect(livesOf({ name: '', first: { site: 'a', hit: 2 }, secondAfter: 4 })).toEqual(['kill:a:2', 'kill@4']);
  });

  it('draws pairs: the successor dies while it takes over, within what is left to do, and the same ones for the same seed', () => {
    const passages = ['a', 'b', 'a', 'c', 'a'];
    const trials = pairs(passages, 3, 50);
    for (const { first, secondAfter } of trials) {
      const at = passages.map((site, n) => `${site}${passages.slice(0, n + 1).filter((each) => each === site).length}`);
      const left = passages.length - 1 - at.indexOf(`${first.site}${first.hit}`);
      expect(secondAfter).toBeGreaterThanOrEqual(1);
      expect(secondAfter).toBeLessThanOrEqual(Math.max(1, left));
    }
    expect(new Set(trials.map(({ first }) => first.site))).toEqual(new Set(['a', 'b', 'c']));
    expect(pairs(passages, 3, 50)).toEqual(trials);
  });

  it('refuses a site that no run passes, naming those there are', () => {
    const wish = { asked: '', sites: ['b'], all: false, seeds: [], draws: 0, pairs: 0, record: false, resume: false, commit: '' };
    expect(() => wishedTrials(wish, ['a'])).toThrow('no run passes b; there are: a');
  });
});
