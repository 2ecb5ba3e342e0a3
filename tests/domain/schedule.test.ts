import fc from 'fast-check';
import { offsetAt } from '../../src/domain/zone-offset';
import { daysLeftOut, nextNominal, nominalTimes, scheduleText, scheduledWorkflowId, type Schedule } from '../../src/domain/schedule';

const daily = (time: string, timezone: string): Schedule => ({ kind: 'daily', time, timezone });
const at = (iso: string): number => Date.parse(iso);
const times = (schedule: Schedule, from: string, to: string): string[] =>
  nominalTimes(schedule, at(from), at(to)).map((time) => new Date(time).toISOString().replace('.000Z', 'Z'));

describe('a daily schedule', () => {
  it('follows the clocks of its zone over both changes of the year', () => {
    expect(times(daily('04:30', 'Europe/Berlin'), '2027-03-27T00:00:00Z', '2027-03-29T00:00:00Z')).toEqual([
      '2027-03-27T03:30:00Z',
      '2027-03-28T02:30:00Z',
    ]);
    expect(times(daily('04:30', 'Europe/Berlin'), '2027-10-30T00:00:00Z', '2027-11-01T00:00:00Z')).toEqual([
      '2027-10-30T02:30:00Z',
      '2027-10-31T03:30:00Z',
    ]);
  });

  it('has no time on a day whose clocks leave it out, and says so', () => {
    const [schedule, from, to] = [daily('02:30', 'Europe/Berlin'), '2027-03-27T00:00:00Z', '2027-03-30T00:00:00Z'] as const;
    expect(times(schedule, from, to)).toEqual(['2027-03-27T01:30:00Z', '2027-03-29T00:30:00Z']);
    expect(daysLeftOut(schedule, at(from), at(to))).toEqual(['2027-03-28']);
    expect(nextNominal(schedule, at('2027-03-27T01:30:00Z'))).toBe(at('2027-03-29T00:30:00Z'));
  });

  it('comes twice where clocks show its time twice', () => {
    expect(times(daily('01:30', 'America/Los_Angeles'), '2027-11-07T00:00:00Z', '2027-11-08T00:00:00Z')).toEqual([
      '2027-11-07T08:30:00Z',
      '2027-11-07T09:30:00Z',
    ]);
  });

  it('comes on the leap day', () => {
    expect(times(daily('00:00', 'UTC'), '2028-02-28T00:00:00Z', '2028-03-01T00:00:00Z')).toEqual([
      '2028-02-29T00:00:00Z',
      '2028-03-01T00:00:00Z',
    ]);
  });
});

it('an interval counts in whole multiples since 1970', () => {
  expect(times({ kind: 'every', everyMs: 900_000 }, '2027-01-01T00:00:00Z', '2027-01-01T00:30:00Z')).toEqual([
    '2027-01-01T00:15:00Z',
    '2027-01-01T00:30:00Z',
  ]);
});

describe('for any schedule', () => {
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/Los_Angeles', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia');
  const clock = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((parts) => parts.map((n) => String(n).padStart(2, '0')).join(':'));
  const schedules = fc.oneof(
    fc.tuple(clock, zones).map(([time, zone]) => daily(time, zone)),
    fc.integer({ min: 60, max: 200_000 }).map((seconds): Schedule => ({ kind: 'every', everyMs: seconds * 1000 })),
  );
  const instants = fc.integer({ min: at('2010-01-01'), max: at('2040-01-01') });
  const DAY = 86_400_000;

  it('going from one nominal time to the next finds the same times as asking for the whole span', () => {
    fc.assert(
      fc.property(schedules, instants, fc.integer({ min: 0, max: 5 * DAY }), (schedule, from, span) => {
        const walked: number[] = [];
        for (let time = nextNominal(schedule, from); time <= from + span; time = nextNominal(schedule, time)) walked.push(time);
        expect(nominalTimes(schedule, from, from + span)).toEqual(walked);
      }),
      { numRuns: 100 },
    );
  });

  it('a span cut anywhere has the times of its parts', () => {
    fc.assert(
      fc.property(
        schedules,
        instants,
        fc.integer({ min: 0, max: 4 * DAY }),
        fc.integer({ min: 0, max: 4 * DAY }),
        (schedule, from, a, b) => {
          const cut = [...nominalTimes(schedule, from, from + a), ...nominalTimes(schedule, from + a, from + a + b)];
          expect(nominalTimes(schedule, from, from + a + b)).toEqual(cut);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('the clocks of the zone show its time, and each local day is served or left out; on the day of a change it may come twice', () => {
    fc.assert(
      fc.property(clock, zones, instants, (time, zone, from) => {
        const found = nominalTimes(daily(time, zone), from, from + 10 * DAY);
        const changes = (instant: number) => offsetAt(instant - DAY, zone) !== offsetAt(instant + DAY, zone);
        const shown = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
        const usual = found.filter((instant) => !changes(instant));
        expect(usual.map((instant) => shown.format(instant))).toEqual(usual.map(() => time));
        expect(found.length).toBeLessThanOrEqual(11);
        expect(found.length + daysLeftOut(daily(time, zone), from, from + 10 * DAY).length).toBeGreaterThanOrEqual(9);
      }),
      { numRuns: 100 },
    );
  });
});

it('a schedule and the workflow of a nominal time have names', () => {
  expect(scheduleText(daily('02:00', 'Europe/Berlin'))).toBe('daily 02:00 Europe/Berlin');
  expect(scheduleText({ kind: 'every', everyMs: 900_000 })).toBe('every 15m');
  expect(scheduledWorkflowId('zoho-books', at('2027-01-02T01:00:00Z'))).toBe('schedule/zoho-books-2027-01-02T01:00:00Z');
});
