import fc from 'fast-check';
import type { SourceEvent } from './source-driver';

/** Something happens at the source while freshet reads: at the n-th request of a kind, before or after its answer is computed. */
export interface MidRead {
  readonly on: 'list' | 'detail';
  readonly nth: number;
  readonly when: 'before' | 'after';
  readonly events: readonly SourceEvent[];
}

export interface Round {
  /** Happen before the run, in this order. */
  readonly before: readonly SourceEvent[];
  readonly during: readonly MidRead[];
  readonly full: boolean;
}

/** One history of a source and of the runs that read it. Plain data: it prints, shrinks and replays. */
export interface Schedule {
  readonly seed: number;
  readonly records: number;
  readonly pageSize: number;
  readonly lagSeconds: number;
  readonly concurrent: number;
  readonly detailPage: number;
  /** Of the source's clock against ours. */
  readonly skewHours: number;
  readonly startMillis: number;
  /** Whether the source's filter leaves out rows equal to the bound. */
  readonly filterExclusive: boolean;
  readonly rounds: readonly Round[];
  /** Between the last event and the run that must make everything equal. */
  readonly quietSeconds: number;
}

/** Plain objects, so that a counterexample can be read and pasted. */
function record<T>(shape: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record(shape, { noNullPrototype: true });
}

const pick = fc.nat({ max: 60 });
const pickOrNew = fc.option(pick, { freq: 2 });
const patch = fc.nat({ max: 6 });

const advance = record({
  kind: fc.constant('advance' as const),
  millis: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(1, 300, 999, 1_000, 1_001) },
    { weight: 3, arbitrary: fc.integer({ min: 1_000, max: 5_000 }) },
    { weight: 3, arbitrary: fc.constantFrom(59_000, 60_000, 61_000, 599_000, 600_000, 601_000) },
    { weight: 1, arbitrary: fc.constantFrom(3_599_000, 3_601_000, 90_000_000) },
  ),
});
const create = record({ kind: fc.constant('create' as const), count: fc.integer({ min: 1, max: 6 }) });
const edit = record({ kind: fc.constant('edit' as const), pick, patch });
const editAsked = record({ kind: fc.constant('edit-asked' as const), patch });
const remove = record({ kind: fc.constant('remove' as const), pick });
const late = record({
  kind: fc.constant('late' as const),
  pick: pickOrNew,
  part: fc.oneof(fc.constantFrom(0, 999, 1_000), fc.nat({ max: 1_000 })),
});
const future = record({
  kind: fc.constant('future' as const),
  pick: pickOrNew,
  seconds: fc.constantFrom(1, 2, 30, 59, 61, 700, 86_400),
});
const expire = fc.constant({ kind: 'expire-token' as const });
const nullCursor = record({ kind: fc.constant('null-cursor' as const), pick, empty: fc.boolean() });
const beyondLag = record({ kind: fc.constant('beyond-lag' as const), pick: pickOrNew, seconds: fc.constantFrom(1, 2, 3, 60, 5_000) });

type Weighted = fc.WeightedArbitrary<SourceEvent>;

const ORDINARY: readonly Weighted[] = [
  { weight: 5, arbitrary: edit },
  { weight: 4, arbitrary: advance },
  { weight: 3, arbitrary: create },
  { weight: 3, arbitrary: remove },
  { weight: 3, arbitrary: late },
  { weight: 1, arbitrary: future },
  { weight: 1, arbitrary: expire },
];
const UNREACHABLE: readonly Weighted[] = [
  { weight: 4, arbitrary: nullCursor },
  { weight: 4, arbitrary: beyondLag },
];

function midRead(events: readonly Weighted[]): fc.Arbitrary<MidRead> {
  const when = fc.constantFrom('before' as const, 'after' as const);
  const atList = record({
    on: fc.constant('list' as const),
    nth: fc.integer({ min: 1, max: 8 }),
    when,
    events: fc.array(fc.oneof(...events), { minLength: 1, maxLength: 3 }),
  });
  const atDetail = record({
    on: fc.constant('detail' as const),
    nth: fc.integer({ min: 1, max: 12 }),
    when,
    events: fc.array(fc.oneof({ weight: 6, arbitrary: editAsked }, ...events), { minLength: 1, maxLength: 3 }),
  });
  return fc.oneof(atList, atDetail);
}

function round(events: readonly Weighted[]): fc.Arbitrary<Round> {
  return record({
    before: fc.array(fc.oneof(...events), { maxLength: 4 }),
    during: fc.array(midRead(events), { maxLength: 3 }),
    full: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  });
}

function schedules(events: readonly Weighted[]): fc.Arbitrary<Schedule> {
  return record({
    seed: fc.integer({ min: 1, max: 1_000 }),
    records: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 7 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 12 }) }),
    // Small pages have more edges, and cost most: rarer.
    pageSize: fc.constantFrom(7, 5, 7, 5, 4, 3, 2),
    lagSeconds: fc.constantFrom(600, 0, 1, 60),
    concurrent: fc.constantFrom(1, 3),
    detailPage: fc.constantFrom(25, 25, 4),
    skewHours: fc.constantFrom(0, -30, -2, 3, 40),
    startMillis: fc.constantFrom(0, 1, 500, 999),
    filterExclusive: fc.boolean(),
    rounds: fc.oneof(
      { weight: 30, arbitrary: fc.array(round(events), { minLength: 1, maxLength: 1 }) },
      { weight: 3, arbitrary: fc.array(round(events), { minLength: 2, maxLength: 2 }) },
      { weight: 1, arbitrary: fc.array(round(events), { minLength: 3, maxLength: 4 }) },
    ),
    quietSeconds: fc.constantFrom(60, 61, 600, 4_000),
  });
}

/** What an incremental read must find by itself. */
export const reachable: fc.Arbitrary<Schedule> = schedules(ORDINARY);

/** With records that no filter by modification can return: null cursors, and commits later than the lag. */
export const partlyUnreachable: fc.Arbitrary<Schedule> = schedules([...ORDINARY, ...UNREACHABLE]);
