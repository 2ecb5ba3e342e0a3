import { backstopMs, givenUpWords, givesUp, overdueWords } from '../../src/domain/give-up';
import type { Schedule } from '../../src/domain/schedule';

const HOUR = 3_600_000;
const daily: Schedule = { kind: 'daily', time: '04:30', timezone: 'Europe/Berlin' };
const at = (time: string): number => Date.parse(`2027-06-01T${time}Z`);
const never = { configuredMs: null, schedule: null };

describe('a run without progress is given up', () => {
  it('after 12 h where nobody comes after it', () => {
    expect(givesUp(never, { idleMs: 12 * HOUR - 1, strikes: 99 }, at('12:00:00'))).toBe(false);
    expect(givesUp(never, { idleMs: 12 * HOUR, strikes: 0 }, at('12:00:00'))).toBe(true);
  });

  it('after the time that is set, whatever the schedule says', () => {
    const patience = { configuredMs: 2 * HOUR, schedule: daily };
    expect(givesUp(patience, { idleMs: 2 * HOUR - 1, strikes: 9 }, at('02:45:00'))).toBe(false);
    expect(givesUp(patience, { idleMs: 2 * HOUR, strikes: 0 }, at('02:00:00'))).toBe(true);
  });

  it('once the next nominal time has come, which is 02:30 in UTC', () => {
    const patience = { configuredMs: null, schedule: daily };
    expect(givesUp(patience, { idleMs: 20 * HOUR, strikes: 40 }, at('02:29:59'))).toBe(false);
    expect(givesUp(patience, { idleMs: 20 * HOUR, strikes: 40 }, at('02:30:00'))).toBe(true);
  });

  it('but not for a trouble in that very minute: three attempts in a row must come to nothing, across that time', () => {
    const patience = { configuredMs: null, schedule: daily };
    expect(givesUp(patience, { idleMs: 30_000, strikes: 1 }, at('02:30:10'))).toBe(false);
    expect(givesUp(patience, { idleMs: 30_000, strikes: 2 }, at('02:30:10'))).toBe(true);
    expect(givesUp(patience, { idleMs: 30_000, strikes: 2 }, at('02:45:00'))).toBe(false);
  });

  it('and says after how long, and what the last error was', () => {
    expect(givenUpWords(12.04 * HOUR, 'Zoho refused')).toBe('Given up after 12 h without progress: Zoho refused');
    expect(givenUpWords(90_000, null)).toBe('Given up after 90 s without progress');
    expect(overdueWords(15 * HOUR, 'Zoho refused')).toBe('Given up, not done within 15 h: Zoho refused');
  });
});

it('where no attempt can be made at all, a step lasts three hours longer than patience would, and never shorter than it may make progress', () => {
  expect(backstopMs(never, 0)).toBe(15 * HOUR);
  expect(backstopMs({ configuredMs: 5, schedule: daily }, 0)).toBe(3 * HOUR + 5);
  const patience = { configuredMs: null, schedule: daily };
  expect(backstopMs(patience, Date.parse('2027-10-30T02:30:00Z'))).toBe(28 * HOUR);
  // Triggered by hand ten seconds before the daily time; and a period that is no longer than one slice.
  expect(backstopMs(patience, Date.parse('2027-06-01T02:29:50Z'))).toBe(15 * HOUR);
  expect(backstopMs({ configuredMs: null, schedule: { kind: 'every', everyMs: 60_000 } }, 7 * HOUR)).toBe(15 * HOUR);
});
