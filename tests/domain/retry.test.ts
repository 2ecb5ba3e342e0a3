import { covers, isLeft, isRetryable } from '../../src/domain/retry';
import { freshReason } from '../../src/domain/fresh';
import { RUN_KINDS } from '../../src/domain/ids';
import { ENTITY_STATES } from '../../src/domain/run';

test('what a retry takes up: everything that did not complete, but for what was fresh', () => {
  const left = ENTITY_STATES.filter((state) => isLeft({ state, skippedReason: null }));
  expect(left).toEqual(ENTITY_STATES.filter((state) => state !== 'completed'));
  expect(isLeft({ state: 'skipped', skippedReason: freshReason('2026-11-23T00:00:00.000000Z') })).toBe(false);
  expect(isLeft({ state: 'skipped', skippedReason: 'waited for parents, which failed' })).toBe(true);
});

test('runs that ask a source can be retried; loads, replays, pushes and windows have ways of their own', () => {
  expect(RUN_KINDS.filter((kind) => isRetryable({ kind }))).toEqual(['sync', 'full', 'retry', 'reconcile']);
});

const PLAIN = { kind: 'sync', command: { full: false } };
const FULL = { kind: 'full', command: { full: true } };
const LIMIT = { kind: 'sync', command: { full: false, limit: 5 } };
const DAYS = { kind: 'sync', command: { full: false, cutoff_days: 7 } };
const compared = (fix: boolean) => ({ kind: 'reconcile', command: { full: false, reconcile: { fix, from: null, to: null } } });

test.each([
  ['a plain run by a later plain one', PLAIN, PLAIN, true],
  ['a plain run by a full one', FULL, PLAIN, true],
  ['a plain run by a retry', { kind: 'retry', command: { retry_of: 'x' } }, PLAIN, true],
  ['a full run by a plain one', PLAIN, FULL, false],
  ['a full run by a full one', FULL, FULL, true],
  ['a plain run by a partial read', LIMIT, PLAIN, false],
  ['a partial read by a plain run', PLAIN, LIMIT, true],
  ['a partial read by the same', LIMIT, LIMIT, true],
  ['a partial read by another', DAYS, LIMIT, false],
  ['a plain run by a comparison', compared(true), PLAIN, false],
  ['a comparison by a plain run', PLAIN, compared(true), false],
  ['a comparison that mends by one that only looks', compared(false), compared(true), false],
  ['a comparison by the same', compared(true), compared(true), true],
  ['a plain run by a load', { kind: 'load', command: {} }, PLAIN, false],
])('%s is made up for: %s', (_, later, asked, covered) => {
  expect(covers(later, asked)).toBe(covered);
});
