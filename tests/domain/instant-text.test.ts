import fc from 'fast-check';
import { formatInstant, parseInstant } from '../../src/domain/instant';
import { quickDay, quickInstantText } from '../../src/domain/instant-text';
import { offsetAt, wallOffset } from '../../src/domain/zone-offset';

// Clocks that change at night, at noon in UTC, a minute past midnight, by half an hour, by a whole day, and not at all.
const zone = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Africa/Casablanca',
);

const two = (n: number): string => String(n).padStart(2, '0');
const number = (max: number): fc.Arbitrary<string> => fc.oneof({ weight: 20, arbitrary: fc.nat(max).map(two) }, fc.nat(99).map(two));
const year = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1960, max: 2050 }) },
  fc.integer({ min: 1, max: 9999 }).map((n) => String(n).padStart(4, '0')),
);
const day = fc.tuple(year, number(12), number(31)).map((parts) => parts.join('-'));
const time = fc.tuple(fc.constantFrom('T', ' ', 't'), number(23), number(59), number(59)).map(([t, h, m, s]) => `${t}${h}:${m}:${s}`);
const fraction = fc.oneof(
  fc.constant(''),
  fc.tuple(fc.constantFrom('.', ','), fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 13 })).map((parts) => parts.join('')),
);
const offset = fc.oneof(
  fc.constantFrom('', '', 'Z', 'z', ' Z'),
  fc.tuple(fc.constantFrom('+', '-', ' '), number(15), fc.constantFrom('', ':'), number(59)).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('+', '-'), number(15)).map((parts) => parts.join('')),
);
const well = fc.oneof(
  day,
  fc.tuple(day, time, fraction, offset).map((parts) => parts.join('')),
);
/** One character of a text replaced or left out. */
const spoilt = fc
  .tuple(well, fc.nat(40), fc.constantFrom('', ' ', 'x', '-', ':', '0', '٣'))
  .map(([text, at, by]) => text.slice(0, at) + by + text.slice(at + 1));

test('what the quick way says of a text is what the slow way says', () => {
  let quick = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: well }, spoilt), zone, (text, zoneName) => {
      const found = quickInstantText(text, zoneName);
      if (found === null) return;
      quick++;
      expect(found).toBe(formatInstant(parseInstant(text, zoneName)!.micros));
    }),
    { numRuns: 5000 },
  );
  expect(quick).toBeGreaterThan(1000);
});

test('the quick way knows the forms that the sources send', () => {
  const texts = [
    '2024-08-05T12:06:10+0530',
    '2024-08-05T12:06:10Z',
    '2024-08-05 12:06:10.123',
    '2024-08-05T12:06:10,1234567-03',
    '2024-08-05T12:06:10+02:00',
  ];
  expect(texts.map((text) => quickInstantText(text, 'Europe/Berlin'))).toEqual([
    '2024-08-05T06:36:10.000000Z',
    '2024-08-05T12:06:10.000000Z',
    '2024-08-05T10:06:10.123000Z',
    '2024-08-05T15:06:10.123456Z',
    '2024-08-05T10:06:10.000000Z',
  ]);
});

test('a text that begins with a day begins with a day for the slow way, too', () => {
  fc.assert(
    fc.property(fc.oneof(day, spoilt), (text) => {
      if (text.length === 10 && quickDay(text) !== null) expect(parseInstant(text)).toMatchObject({ dateOnly: true });
    }),
    { numRuns: 2000 },
  );
});

test('the offset kept for a day is that of each of its minutes', () => {
  const HOUR = 3_600_000;
  fc.assert(
    fc.property(zone, fc.integer({ min: -200_000, max: 700_000 }), fc.nat(3599), (zoneName, hour, second) => {
      const wall = hour * HOUR + second * 1000;
      const found = wallOffset(wall, zoneName);
      // Either reading of the wall clock leads back to it, or the clock jumped over it.
      const back = offsetAt(wall - found, zoneName);
      if (back !== found) expect(offsetAt(wall - back, zoneName)).not.toBe(back);
    }),
    { numRuns: 1000 },
  );
});

test('around each change of the clock the quick way agrees with the slow one, or leaves it to it', () => {
  const MINUTE = 60_000;
  const changes = ['2011-03-13T00:01', '2011-11-06T00:01', '2024-03-31T02:00', '2024-10-27T03:00', '2011-12-30T00:00'];
  for (const zoneName of ['America/St_Johns', 'Europe/Berlin', 'Pacific/Apia']) {
    for (const change of changes) {
      for (let minutes = -2000; minutes < 2000; minutes += 7) {
        const text = new Date(Date.parse(`${change}Z`) + minutes * MINUTE).toISOString().slice(0, 19);
        const found = quickInstantText(text, zoneName);
        const wall = Date.parse(`${text}Z`);
        if (found !== null) expect(offsetAt(Date.parse(found), zoneName)).toBe(wall - Date.parse(found));
      }
    }
  }
});
