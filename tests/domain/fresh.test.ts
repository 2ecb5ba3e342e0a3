import { freshReason, isFresh } from '../../src/domain/fresh';
import { runOutcome } from '../../src/domain/run';

it('the reason of a fresh entity says until when, and what overrules it', () => {
  const reason = freshReason('2026-11-23T03:40:12.000000Z');
  expect(reason).toBe('fresh until 2026-11-23 03:40 UTC (fresh_for of the pipeline file); --force reads it all the same');
  expect(isFresh(reason)).toBe(true);
  expect([isFresh('waited for contacts, which failed'), isFresh(null)]).toEqual([false, false]);
});

it('a run of which everything is fresh is completed', () => {
  const fresh = { state: 'skipped', doubt: false, freshUntil: true } as const;
  expect(runOutcome([fresh, fresh], false)).toBe('completed');
  expect(runOutcome([fresh, { state: 'failed', doubt: false, freshUntil: false }], false)).toBe('failed');
});
