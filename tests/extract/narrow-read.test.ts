import fc from 'fast-check';
import { narrowRead } from '../../src/extract/narrow-read';
import type { ReadPlan } from '../../src/extract/read-plan';
import { sources } from '../../src/sources';

const { invoices, contacts } = sources['zoho-books'].entities;
const { orders } = sources.square.entities;
const now = 1_800_000_000_000_000n;
const incremental: ReadPlan = { read: 'incremental', from: '2027-01-15T07:50:00.000000Z', lateBefore: null, reason: '', newEpoch: false };
const complete: ReadPlan = { read: 'complete', from: null, lateBefore: 5n, reason: 'first read', newEpoch: true };
const stamped = { ...orders, cursor: { ...orders.cursor, kind: 'integer' as const } };

it('a read that nobody narrowed stays as it was planned', () => {
  expect(narrowRead(incremental, { definition: invoices, now })).toEqual(incremental);
  expect(narrowRead(complete, { definition: contacts, now })).toEqual(complete);
});

it('a limit begins where the plan does, a cut-off where it says', () => {
  expect(narrowRead(incremental, { definition: invoices, now, limit: 5 })).toEqual({
    ...incremental,
    read: 'partial',
    reason: 'at most 5 records',
  });
  expect(narrowRead(complete, { definition: invoices, now, cutoffDays: 1, limit: 1 })).toEqual({
    read: 'partial',
    from: '2027-01-14T08:00:00.000000Z',
    lateBefore: null,
    reason: 'cut-off of 1 day; at most 1 record',
    newEpoch: true,
  });
});

it.each([
  ['a source that lists it only whole', contacts, complete, 'first read; no cut-off: the source lists it only whole'],
  ['changes that are counted', stamped, incremental, 'no cut-off: the source counts its changes and does not date them'],
] as const)('a cut-off cannot be asked of %s: it is read as planned, and says so', (_what, definition, plan, reason) => {
  expect(narrowRead(plan, { definition, now, cutoffDays: 7 })).toEqual({ ...plan, reason });
});

it('whatever is asked for, a narrowed read is partial and never looks for what was missed', () => {
  const wish = fc.record(
    { limit: fc.integer({ min: 1, max: 1e6 }), cutoffDays: fc.integer({ min: 1, max: 36_500 }) },
    { requiredKeys: ['limit'] },
  );
  fc.assert(
    fc.property(wish, fc.constantFrom(incremental, complete), fc.constantFrom(invoices, contacts, stamped), (narrow, plan, definition) => {
      expect(narrowRead(plan, { definition, now, ...narrow })).toMatchObject({
        read: 'partial',
        lateBefore: null,
        newEpoch: plan.newEpoch,
      });
    }),
  );
});
