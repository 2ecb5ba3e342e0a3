import type { ColumnRule } from '../../src/compare/comparison';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { compared, comparing } from './comparing';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 1 });
});
afterAll(() => db.close());

type Zones = { readonly left?: string; readonly right?: string };

async function equal(left: string, right: string, rule: ColumnRule = {}, zones: Zones = {}): Promise<boolean> {
  const of = (value: string): string => `query:select 1 as id, ${value} as v`;
  return (await compared(db, comparing(of(left), of(right), { rules: { v: rule }, zones, statistics: 'counts' }))).equal;
}

type Case = [left: string, right: string, same: boolean, rule?: ColumnRule, zones?: Zones];

describe('two values are compared', () => {
  it.each<Case>([
    ['1.10', '1.1', true],
    ['1.10::numeric(10,4)', '1.1::float8', true],
    [`'+01.500'::text`, '1.5', true],
    [`' 15e-1 '::text`, '1.5', true],
    ['12345678901234567890.12', '12345678901234567890.13', false],
    ['9007199254740993::bigint', '9007199254740992::bigint', false],
    ['0.1::float8 + 0.2::float8', '0.3', false],
    ['0.1::float4', '0.1', true],
    [`'NaN'::float8`, `'NaN'::numeric`, true],
    [`'n/a'::text`, '0', false],
    [`'1,5'::text`, '1.5', false],
    ['-0.0', '0', true],
    ['null::int', '0', false],
    ['null::int', 'null::text', true],
  ])('as numbers: %s and %s', async (...[left, right, same]: Case) => expect(await equal(left, right)).toBe(same));

  it.each<Case>([
    ['10.00', '10.01', true, { absolute: '0.01' }],
    ['10.00', '10.011', false, { absolute: '0.01' }],
    ['0.1::float8 + 0.2::float8', '0.3', true, { absolute: '0.000001' }],
    ['200', '201', true, { relative: '0.005' }],
    ['200', '201.1', false, { relative: '0.005' }],
    ['-200', '-201', true, { relative: '0.005' }],
    ['200', '-200', false, { relative: '0.005' }],
    ['10.00', `'10.01'::text`, true, { absolute: '0.01' }],
    ['10.00', `'ten'::text`, false, { absolute: '100' }],
    ['null::int', '0', false, { absolute: '1' }],
    [`'NaN'::numeric`, '0', false, { absolute: '1' }],
    [`'NaN'::numeric`, '5', false, { relative: '0.01' }],
    [`'NaN'::float8`, `'NaN'::numeric`, true, { relative: '0.01' }],
    [`'Infinity'::float8`, '5', false, { relative: '0.01' }],
    [`'Infinity'::float8`, `'-Infinity'::float8`, false, { relative: '0.01' }],
    ['12345678901234567890.12', '12345678901234567890.13', true, { absolute: '0.01' }],
    ['12345678901234567890.12', '12345678901234567890.14', false, { absolute: '0.01' }],
  ])('as numbers: %s and %s within %p', async (...[left, right, same, rule]: Case) => expect(await equal(left, right, rule)).toBe(same));

  it.each<Case>([
    [`timestamptz '2026-03-01 10:00:00+01'`, `timestamptz '2026-03-01 09:00:00Z'`, true],
    [`timestamptz '2026-03-01 09:00:00Z'`, `'2026-03-01T10:00:00+01:00'::text`, true],
    [`timestamptz '2026-03-01 09:00:00.123456Z'`, `'2026-03-01 09:00:00.123456999Z'::text`, true],
    [`timestamptz '2026-03-01 09:00:00.123456Z'`, `'2026-03-01 09:00:00.123457Z'::text`, false],
    [`timestamptz '2026-03-01 09:00:00Z'`, `'2026-03-01 09:00'::text`, true],
    [`timestamptz '2026-03-01 09:00:00Z'`, `timestamp '2026-03-01 10:00'`, true, {}, { right: 'Europe/Berlin' }],
    [`timestamptz '2026-07-01 08:00:00Z'`, `'2026-07-01 10:00:00'::text`, true, {}, { right: 'Europe/Berlin' }],
    [`timestamptz '2026-03-01 00:00:00Z'`, `date '2026-03-01'`, true],
    [`timestamptz '2026-03-01 00:00:00Z'`, `'2026-02-30 00:00:00Z'::text`, false],
    [`timestamptz '2026-03-01 00:00:00Z'`, `'2026-13-01'::text`, false],
    [`timestamptz '2024-02-29 00:00:00Z'`, `'2024-02-29'::text`, true],
    [`timestamptz '2026-03-01 00:00:00Z'`, `'2100-02-29'::text`, false],
    [`timestamptz 'infinity'`, `timestamptz 'infinity'`, true],
    [`timestamptz 'infinity'`, `'2026-03-01'::text`, false],
    [`date '2026-03-01'`, `'2026-03-01T00:00:00.000'::text`, true],
    [`date '2026-03-01'`, `'2026-03-01 01:00'::text`, false],
    [`date '2026-03-01'`, `'1.3.2026'::text`, false],
    [`timestamptz '2026-03-01 09:00:00Z'`, `timestamptz '2026-03-01 09:00:02Z'`, true, { within: 2000 }],
    [`timestamptz '2026-03-01 09:00:00Z'`, `timestamptz '2026-03-01 09:00:02.000001Z'`, false, { within: 2000 }],
    [`timestamptz '2026-03-01 09:00:00Z'`, `'2026-03-01 09:00:01.5'::text`, true, { within: 2000 }],
    [`timestamptz '2026-03-01 09:00:00Z'`, `'soon'::text`, false, { within: 2000 }],
  ])('as times: %s and %s', async (...[left, right, same, rule, zones]: Case) => expect(await equal(left, right, rule, zones)).toBe(same));

  it.each<Case>([
    ['true', `'Yes'::text`, true],
    ['true', '1', true],
    ['false', '0', true],
    ['true', `'f'::text`, false],
    ['false', 'null::boolean', false],
    ['true', '2', false],
    [`'{"a":1,"b":2}'::json`, `'{"b":2,"a":1.0}'::jsonb`, true],
    [`'{"a":1}'::jsonb`, `'{"a":2}'::jsonb`, false],
    [`'00000000-0000-0000-0000-00000000000a'::uuid`, `'00000000-0000-0000-0000-00000000000a'::text`, true],
    [`array[1, 2]`, `'{1,2}'::text`, true],
    [`'01'::text`, `'1'::text`, false],
    [`'01'::text`, `'1'::text`, true, { as: 'number' }],
    [`'01'::text`, '1', false, { as: 'text' }],
  ])('as what they are: %s and %s', async (...[left, right, same, rule]: Case) => expect(await equal(left, right, rule)).toBe(same));

  it.each<Case>([
    [`' a '::text`, `'a'::text`, false],
    [`E' a\\n'::text`, `'a'::text`, true, { trim: true }],
    [`'A'::text`, `'a'::text`, true, { ignoreCase: true }],
    [`'Ä'::text`, `'ä'::text`, true, { ignoreCase: true }],
    [`E'a \\t b'::text`, `'a b'::text`, true, { collapse: true }],
    [`''::text`, 'null::text', false],
    [`''::text`, 'null::text', true, { emptyIsNull: true }],
    [`'  '::text`, 'null::text', false, { emptyIsNull: true }],
    [`'  '::text`, 'null::text', true, { emptyIsNull: true, trim: true }],
    [`' '::text`, 'null::int', true, { emptyIsNull: true }],
    [`''::text`, 'null::int', false],
    [`E'it''s \\\\ 100%'::text`, `E'it''s \\\\ 100%'::text`, true],
  ])('as texts: %s and %s', async (...[left, right, same, rule]: Case) => expect(await equal(left, right, rule)).toBe(same));
});

it('no text ends a comparison, whatever kind it is compared with', async () => {
  const hostile = [
    `'9'::text || repeat('9', 500)`,
    `'1e99999'`,
    `'--1'`,
    `'0000-01-01'`,
    `'2026-01-01 25:00'`,
    `'2026-01-01 10:00+99'`,
    `'\u0660'`,
    `'Infinity'`,
  ];
  const left = `query:select n as id, v, v as w, v as x, v as y from unnest(array[${hostile.join(', ')}]) with ordinality u(v, n)`;
  const right = `query:select n as id, 1::numeric as v, now() as w, true as x, date '2026-01-01' as y from generate_series(1, ${hostile.length}) n`;
  const { columns } = await compared(db, comparing(left, right, { rules: { v: { absolute: '1' }, w: { within: 1000 } } }));
  expect(columns.map(({ kind, differing }) => [kind, differing])).toEqual(
    ['number', 'instant', 'boolean', 'date'].map((kind) => [kind, 8]),
  );
});

it('figures of a column are exact', async () => {
  const left = `query:select n as id, n::numeric / 100 as v, case when n > 2 then 'a' end as t from generate_series(1, 4) n`;
  const { columns } = await compared(db, comparing(left, left));
  expect(columns.map(({ statistics }) => statistics.left)).toEqual([
    { count: 4, nulls: 0, distinct: 4, min: '0.01', max: '0.04', sum: '0.1' },
    { count: 2, nulls: 2, distinct: 1, min: 'a', max: 'a', sum: null },
  ]);
});
