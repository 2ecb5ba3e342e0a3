import { openDatabase, type Database } from '../../src/database/database';
import { conversion } from '../../src/publish/mapping/convert';
import { dayReader, fromUnix, instantReader } from '../../src/publish/transforms/date';
import { fromMinorUnits, readNumber } from '../../src/publish/transforms/number';
import { COLUMN_TYPES } from '../../src/config/schema/names';
import type { ColumnType } from '../../src/sources/source';
import { testDatabase } from '../support/database';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 1 });
});
afterAll(() => db.close());

const ZONE = 'Europe/Berlin';

/** How PostgreSQL writes a value of a type when it is given this text. */
async function written(text: string, type: ColumnType): Promise<string> {
  const [row] = await db.query<{ text: string }>(`select ($1::text)::${type}::text as text`, [text]);
  return row!.text;
}

/** Of each type values as COPY writes them, with what they become; `null`: there is no way, `undefined`: this one does not fit. */
const TABLE: Readonly<Record<ColumnType, Readonly<Record<string, Partial<Record<ColumnType, string | null | undefined>>>>>> = {
  boolean: { t: { text: 'true', jsonb: 'true', numeric: null, bigint: null, date: null, timestamptz: null } },
  bigint: { '-9007199254740993': { text: '-9007199254740993', jsonb: '-9007199254740993', numeric: '-9007199254740993', boolean: null } },
  numeric: {
    '12.50': { text: '12.50', jsonb: '12.50', bigint: undefined, date: null },
    '12.00': { bigint: '12' },
    '9223372036854775808': { bigint: undefined },
  },
  date: { '2024-02-29': { text: '2024-02-29', jsonb: '"2024-02-29"', timestamptz: '2024-02-28 23:00:00+00', numeric: null } },
  timestamptz: {
    '2025-07-12 22:30:15.5+00': {
      text: '2025-07-12T22:30:15.500000Z',
      jsonb: '"2025-07-12T22:30:15.500000Z"',
      date: '2025-07-13',
      bigint: null,
    },
  },
  text: {
    t: { boolean: 'true', jsonb: '"t"', numeric: undefined },
    False: { boolean: undefined },
    '': { boolean: null, bigint: null, numeric: null, date: null, timestamptz: null, jsonb: '""' },
    '007.10': { numeric: '7.1', bigint: undefined },
    '05!10!2013': { date: '2013-10-05', timestamptz: '2013-10-04 22:00:00+00' },
    '0!0!0': { date: null, timestamptz: null },
    '2024-08-05T12:06:10+0530': { timestamptz: '2024-08-05 06:36:10+00', date: undefined },
    'a "b"\n': { jsonb: '"a \\"b\\"\\n"' },
  },
  jsonb: {
    '"x"': { text: 'x', numeric: undefined },
    '{"a": 1.10}': { text: '{"a": 1.10}', numeric: undefined },
    '12345678901234567890.10': { numeric: '12345678901234567890.1', text: '12345678901234567890.10' },
    true: { boolean: 'true' },
    null: { numeric: null, text: null },
  },
};

const rows = COLUMN_TYPES.flatMap((from) =>
  Object.entries(TABLE[from]).flatMap(([text, made]) =>
    Object.entries(made).map(([to, expected]) => [from, to as ColumnType, text, expected] as const),
  ),
);

test.each(rows)('a %s as %s: %j', async (from, to, text, expected) => {
  const convert = conversion(from, to, ZONE);
  const made = convert?.(text);
  if (typeof expected === 'string') expect(await written(made as string, to)).toBe(expected);
  else expect(convert === null ? null : made).toBe(expected);
});

test('PostgreSQL reads what transforms make as the value that they mean', async () => {
  const made: readonly (readonly [unknown, ColumnType, string])[] = [
    [
      readNumber('1.234.567.890.123.456.789,012345678901234567890', { decimal: ',', group: '.', units: [] }),
      'numeric',
      '1234567890123456789.01234567890123456789',
    ],
    [fromMinorUnits('-90071992547409931', 3), 'numeric', '-90071992547409.931'],
    [fromUnix('-1.5', 's'), 'timestamptz', '1969-12-31 23:59:58.5+00'],
    [dayReader(['DD.MM.YYYY'], ZONE)('29.02.2024'), 'date', '2024-02-29'],
    // Twice on that day: the later one, as PostgreSQL itself reads it.
    [instantReader(undefined, ZONE)('2025-10-26 02:30:00'), 'timestamptz', '2025-10-26 01:30:00+00'],
  ];
  for (const [text, type, expected] of made) expect(await written(text as string, type)).toBe(expected);
  const [own] = await db.query<{ at: string }>(`select ('2025-10-26 02:30:00'::timestamp at time zone $1)::text as at`, [ZONE]);
  expect(own?.at).toBe('2025-10-26 01:30:00+00');
});

test('the day of an instant is the one that PostgreSQL sees in the zone', async () => {
  const instants = [
    '2025-03-30 00:59:59+00',
    '2025-03-30 23:30:00+00',
    '2025-10-26 22:59:59.999999+00',
    '1970-01-01 00:00:00+00',
    '1950-06-30 23:30:00+00',
  ];
  for (const zone of ['Europe/Berlin', 'America/New_York', 'Pacific/Kiritimati', 'Asia/Kathmandu', 'UTC'])
    for (const instant of instants) {
      const [row] = await db.query<{ day: string }>(`select ($1::timestamptz at time zone $2)::date::text as day`, [instant, zone]);
      expect([zone, instant, conversion('timestamptz', 'date', zone)!(instant)]).toEqual([zone, instant, row!.day]);
    }
});
