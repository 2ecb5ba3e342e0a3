import fc from 'fast-check';
import { STRATEGIES } from '../../src/domain/strategies/registry';
import { expectAgreement } from './both-merges';
import { HISTORY_FIELDS, historyArbitrary, playPure } from './history';
import type { Rules, Sides } from './reference-merge';

const STRATEGY_NAMES = Object.keys(STRATEGIES);
const DELETES = ['flag', 'delete', 'keep'];
const BOTH = [false, true];
const HELD = [null, 'a', 'b'];

/** Every combination of the lists, one after the other. */
function* combinations<T extends Record<string, readonly unknown[]>>(lists: T): Generator<{ [Name in keyof T]: T[Name][number] }> {
  const names = Object.keys(lists);
  const total = names.reduce((product, name) => product * lists[name]!.length, 1);
  for (let n = 0; n < total; n++) {
    let rest = n;
    yield Object.fromEntries(
      names.map((name) => {
        const list = lists[name]!;
        const value = list[rest % list.length];
        rest = Math.floor(rest / list.length);
        return [name, value];
      }),
    ) as { [Name in keyof T]: T[Name][number] };
  }
}

it('agrees with the reference on every case of one field: base, source and target null, absent, equal, differing; strategies; deletes and revivals', () => {
  let cases = 0;
  const lists = {
    ...{
      gone: BOTH,
      state: ['none', 'live', 'deleted'] as const,
      base: HELD,
      source: [undefined, null, 'a', 'b', 'c'],
      target: [undefined, null, 'a', 'b', 'c'],
    },
    ...{
      flagged: BOTH,
      pin: [undefined, 'p'],
      newer: BOTH,
      referenced: BOTH,
      strategy: STRATEGY_NAMES,
      deletes: DELETES,
      updateExisting: BOTH,
    },
  };
  for (const each of combinations(lists)) {
    if ((each.state === 'none' && each.base !== null) || (each.target === undefined && each.flagged)) continue;
    const sides: Sides = {
      gone: each.gone,
      source: each.source === undefined ? {} : { f: each.source },
      base: { state: each.state, values: { f: each.base } },
      target: each.target === undefined ? null : { flagged: each.flagged, values: { f: each.target } },
      pins: each.pin === undefined ? {} : { f: each.pin },
      targetIsNewer: each.newer,
      referenced: each.referenced,
    };
    const rules: Rules = { fields: ['f'], strategy: each.strategy, deletes: each.deletes, updateExisting: each.updateExisting };
    expectAgreement(sides, rules);
    cases++;
  }
  expect(cases).toBeGreaterThan(100_000);
});

it('agrees with the reference along 20,000 random histories of edits on both sides, and loses no edit of a person', () => {
  fc.assert(
    fc.property(historyArbitrary(HISTORY_FIELDS), (history) => {
      playPure(history);
    }),
    { numRuns: 20_000 },
  );
});
