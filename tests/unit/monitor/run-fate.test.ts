import { fateOf, type WorkflowSight } from '../../../src/monitor/run-fate';

const now = new Date('2026-03-01T12:00:00Z');
const ago = (seconds: number): Date => new Date(now.getTime() - seconds * 1000);
const closed = (seconds: number): WorkflowSight => ({ kind: 'closed', how: 'terminated', closedAt: ago(seconds) });

const run = (state: 'starting' | 'running' | 'paused', createdAgo: number, progressAgo: number) => ({
  state,
  createdAt: ago(createdAgo),
  progressAt: ago(progressAgo),
});

test.each([
  ['claimed just now, without a workflow', run('starting', 59, 59), { kind: 'missing' }, 'leave'],
  ['claimed a minute ago, without a workflow', run('starting', 60, 60), { kind: 'missing' }, 'start'],
  ['claimed a minute ago, its workflow closed', run('starting', 60, 60), closed(1), 'end'],
  ['at work', run('running', 900, 900), { kind: 'running' }, 'leave'],
  ['with fresh progress, its workflow gone', run('running', 900, 59), { kind: 'missing' }, 'leave'],
  ['without progress, its workflow gone', run('running', 900, 60), { kind: 'missing' }, 'start'],
  ['paused, its workflow gone', run('paused', 900, 60), { kind: 'missing' }, 'start'],
  ['its workflow just closed', run('running', 900, 900), closed(59), 'leave'],
  ['its workflow long closed', run('running', 900, 900), closed(60), 'end'],
  ['while Temporal does not answer', run('running', 90_000, 90_000), { kind: 'unknown' }, 'leave'],
] as const)('a run %s', (_, active, sight, fate) => {
  expect(fateOf(active, sight, now, 60_000).kind).toBe(fate);
});
