import fc from 'fast-check';
import { formatInstant, isCalendarDay, parseInstant, parseLegacyDay } from '../../src/domain/instant';

const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });

describe('instants', () => {
  it('read back what they format, to the microsecond', () => {
    fc.assert(fc.property(micros, (instant) => expect(parseInstant(formatInstant(instant))?.micros).toBe(instant)));
  });

  it('are the same whatever offset the text carries', () => {
    const offset = fc.integer({ min: -14 * 60, max: 14 * 60 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000n }), offset, (seconds, minutes) => {
        const wall = new Date(Number(seconds) * 1000 + minutes * 60_000).toISOString().slice(0, 19);
        const sign = minutes < 0 ? '-' : '+';
        const two = (part: number): string => String(part).padStart(2, '0');
        const [hours, rest] = [two(Math.floor(Math.abs(minutes) / 60)), two(Math.abs(minutes) % 60)];
        for (const form of [`${wall}${sign}${hours}${rest}`, `${wall}${sign}${hours}:${rest}`]) {
          expect(parseInstant(form)?.micros).toBe(seconds * 1_000_000n);
        }
      }),
    );
  });

  it('cut digits below the microsecond and never round up', () => {
    expect(formatInstant(parseInstant('2026-01-02T10:05:07.999999999Z')?.micros ?? 0n)).toBe('2026-01-02T10:05:07.999999Z');
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01',
    '2026-01-01T24:00:01Z',
    '2026-01-01T24:00:00.1Z',
    '2026-01-01T10:00:61Z',
    '2026-01-01T10:00:60.5Z',
    'yesterday',
    '',
    '05!10!2013',
    '2026-01-01T10',
  ])('does not take %s for an instant', (text) => expect(parseInstant(text)).toBeNull());

  it.each([
    ['2026-02-28T24:00:00Z', '2026-03-01T00:00:00.000000Z'],
    ['2026-02-28 24:00+01:00', '2026-02-28T23:00:00.000000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000000Z'],
    ['2017-01-01T05:29:60+0530', '2017-01-01T00:00:00.000000Z'],
  ])('read %s as PostgreSQL does', (text, instant) => expect(formatInstant(parseInstant(text)?.micros ?? 0n)).toBe(instant));

  it.each([
    ['05!10!2013', '2013-10-05'],
    ['5!1!2013', '2013-01-05'],
    ['29!02!2024', '2024-02-29'],
    ['0!0!0', null],
    ['00!00!00', null],
    ['00!00!0000', null],
    ['29!02!2023', undefined],
    ['05!13!2013', undefined],
    ['05!10!13', undefined],
    ['0!10!2013', undefined],
    ['05!10!2013 ', undefined],
    ['05.10.2013', undefined],
  ])('of 4D: %s is %s', (text, day) => expect(parseLegacyDay(text)).toBe(day));

  it('apply the zone of the source where the text has no offset, also around changes of the clock', () => {
    const at = (text: string): string => formatInstant(parseInstant(text, 'Europe/Berlin')?.micros ?? 0n);
    expect(at('2026-01-15T12:00:00')).toBe('2026-01-15T11:00:00.000000Z');
    expect(at('2026-07-15T12:00:00')).toBe('2026-07-15T10:00:00.000000Z');
    expect(at('2026-03-29T01:59:59')).toBe('2026-03-29T00:59:59.000000Z');
    expect(at('2026-03-29T03:00:00')).toBe('2026-03-29T01:00:00.000000Z');
    expect(at('2026-10-25T03:00:00')).toBe('2026-10-25T02:00:00.000000Z');
  });

  it('agree with Intl on the wall clock of any zone outside gaps and folds', () => {
    const zone = fc.constantFrom('America/Los_Angeles', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Europe/Berlin', 'UTC');
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 4_000_000_000 }), (timeZone, seconds) => {
        const wall = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
        const text = wall.format(new Date(seconds * 1000)).replace(' ', 'T');
        const read = parseInstant(text, timeZone);
        expect(wall.format(new Date(Number((read?.micros ?? 0n) / 1000n))).replace(' ', 'T')).toBe(text);
      }),
    );
  });

  it('know the days of the calendar', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) =>
        expect(isCalendarDay(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(true),
      ),
    );
    expect(isCalendarDay(1900, 2, 29)).toBe(false);
    expect(isCalendarDay(2000, 2, 29)).toBe(true);
  });
});
