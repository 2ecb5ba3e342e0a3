import { TRANSFORM_NAMES, type TransformName } from '../../src/config/schema/publish-transform';
import { TRANSFORMS } from '../../src/publish/transforms/registry';
import type { Cell } from '../../src/publish/mapping/mapping';
import type { ColumnType } from '../../src/sources/source';
import { compiled } from './support';

interface Row {
  readonly what: string;
  /** Settings beside the name; the target is `a`, made of the field `A`. */
  readonly settings?: string;
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Field `A`, or several fields. */
  readonly from: Cell | Readonly<Record<string, Cell>>;
  readonly to: Readonly<Record<string, Cell>>;
  /** Types of the targets that matter. */
  readonly made?: Readonly<Record<string, ColumnType>>;
  /** `severity rule field` of each finding. */
  readonly findings?: readonly string[];
  readonly zone?: string;
  readonly looked?: readonly Cell[];
}

const a = (from: Cell, to: Cell, more: Partial<Row> & { what: string }): Row => ({ from, to: { a: to }, ...more });
const bad = (from: Cell, what: string, rule: string, settings = 'fields: [a]', more: Partial<Row> = {}): Row =>
  a(from, null, { what, settings, findings: [`error ${rule} a`], ...more });

const IN_PLACE = 'fields: [a]';

/** At least one row for each key of the registry. */
const TABLE: Readonly<Record<TransformName, readonly Row[]>> = {
  trim: [
    a(' x  y\t', 'x  y', { what: 'both ends', settings: IN_PLACE }),
    a('  ', '', { what: 'an empty text stays', settings: IN_PLACE }),
    a('  ', null, { what: 'empty: null', settings: `${IN_PLACE}, empty: null` }),
    a(' x \n y ', 'x y', { what: 'collapse', settings: `${IN_PLACE}, collapse: true` }),
    a(null, null, { what: 'null stays null', settings: IN_PLACE }),
    a(undefined, undefined, { what: 'absent stays absent', settings: IN_PLACE }),
    a('17', '17', { what: 'a number stays a number', settings: IN_PLACE, types: { A: 'bigint' }, made: { a: 'bigint' } }),
  ],
  upper: [a('straße', 'STRASSE', { what: 'letters of every language', settings: IN_PLACE })],
  lower: [a('ÄB-1', 'äb-1', { what: 'letters of every language', settings: IN_PLACE })],
  title: [a("o'neill JACKE, größe xl", "O'neill Jacke, Größe Xl", { what: 'each word', settings: IN_PLACE })],
  number: [
    a('0012.50', '12.5', { what: 'every digit that means something', settings: IN_PLACE, made: { a: 'numeric' } }),
    a('12345678901234567890.12345678901', '12345678901234567890.12345678901', { what: 'more digits than a double', settings: IN_PLACE }),
    a('1.234.567,89 €', '1234567.89', { what: 'as Germans write money', settings: `${IN_PLACE}, decimal: ",", group: ".", units: ["€"]` }),
    a("-1'000", '-1000', { what: 'as the Swiss write', settings: `${IN_PLACE}, group: "'"` }),
    a('', null, { what: 'an empty text is no number', settings: IN_PLACE }),
    a('1e3', '1000', { what: 'an exponent', settings: IN_PLACE }),
    bad('1.23.4', 'two points', 'number'),
    bad('1.23', 'groups of two', 'number', `${IN_PLACE}, decimal: ",", group: "."`),
    bad('kg', 'a unit alone', 'number', `${IN_PLACE}, units: [kg]`),
    bad('NaN', 'what is called no number', 'number'),
    a('many', null, { what: 'invalid: clear', settings: `${IN_PLACE}, invalid: clear`, findings: ['warning number a'] }),
    a('7', '7', { what: 'a number already', settings: IN_PLACE, types: { A: 'bigint' }, made: { a: 'bigint' } }),
    a('"7,5"', '7.5', { what: 'a text in JSON', settings: `${IN_PLACE}, decimal: ","`, types: { A: 'jsonb' } }),
  ],
  boolean: [
    a('Ja', 't', { what: 'words in any case', settings: IN_PLACE, made: { a: 'boolean' } }),
    a('0', 'f', { what: 'nought', settings: IN_PLACE, types: { A: 'bigint' } }),
    a(' ', null, { what: 'an empty text', settings: IN_PLACE }),
    a('voll', 't', { what: 'words of the file', settings: `${IN_PLACE}, yes: [voll], no: [leer]` }),
    bad('ja', 'words that the file does not name', 'boolean', `${IN_PLACE}, yes: [voll], no: [leer]`),
    bad('2', 'a number that is neither', 'boolean'),
    a('f', 'f', { what: 'a boolean already', settings: IN_PLACE, types: { A: 'boolean' } }),
  ],
  date: [
    a('2024-02-29', '2024-02-29', { what: 'ISO', settings: IN_PLACE, made: { a: 'date' } }),
    a('05!10!2013', '2013-10-05', { what: 'as 4D writes days', settings: IN_PLACE }),
    a('0!0!0', null, { what: '4D’s empty day', settings: IN_PLACE }),
    a('0000-00-00', null, { what: 'MySQL’s empty day', settings: IN_PLACE }),
    a('2013-10-05T00:00:00Z', '2013-10-05', { what: 'a day written as midnight UTC', settings: IN_PLACE, zone: 'America/New_York' }),
    a('2013-10-04T22:00:00Z', '2013-10-05', { what: 'midnight of the zone, in UTC', settings: IN_PLACE, zone: 'Europe/Berlin' }),
    a('2013-10-05T23:30:00-0800', '2013-10-06', { what: 'an instant’s day in the zone', settings: IN_PLACE }),
    a('29.02.2024', '2024-02-29', { what: 'a format', settings: `${IN_PLACE}, formats: [MM/DD/YYYY, DD.MM.YYYY]` }),
    a('00.00.0000', null, { what: 'a format’s empty day', settings: `${IN_PLACE}, formats: [DD.MM.YYYY]` }),
    a('20240229', '2024-02-29', { what: 'digits', settings: `${IN_PLACE}, formats: [YYYYMMDD]`, types: { A: 'bigint' } }),
    bad('30.02.2024', 'a day that the calendar lacks', 'date', `${IN_PLACE}, formats: [DD.MM.YYYY]`),
    bad('02/03/2024', 'a form that could mean two days', 'date'),
    bad('2024-02-30', 'a day that the calendar lacks, in ISO', 'date'),
    a('2025-07-12 23:30:00+00', '2025-07-13', {
      what: 'of an instant',
      settings: IN_PLACE,
      types: { A: 'timestamptz' },
      zone: 'Europe/Berlin',
    }),
  ],
  instant: [
    a('2024-08-05T12:06:10+0530', '2024-08-05T06:36:10.000000Z', {
      what: 'with an offset',
      settings: IN_PLACE,
      made: { a: 'timestamptz' },
    }),
    a('2024-08-05 12:06', '2024-08-05T10:06:00.000000Z', { what: 'without one: the zone’s', settings: IN_PLACE, zone: 'Europe/Berlin' }),
    a('05.08.2024 12:06:10', '2024-08-05T12:06:10.000000Z', { what: 'a format', settings: `${IN_PLACE}, formats: [DD.MM.YYYY HH:mm:ss]` }),
    a('1722859570123', '2024-08-05T12:06:10.123000Z', { what: 'milliseconds', settings: `${IN_PLACE}, unix: ms`, types: { A: 'bigint' } }),
    a('1722859570.1234567', '2024-08-05T12:06:10.123456Z', { what: 'seconds', settings: `${IN_PLACE}, unix: s`, types: { A: 'numeric' } }),
    a('-0.0000001', '1969-12-31T23:59:59.999999Z', { what: 'cut, never rounded up', settings: `${IN_PLACE}, unix: s` }),
    a('2024-08-05', '2024-08-04T22:00:00.000000Z', { what: 'a day', settings: IN_PLACE, types: { A: 'date' }, zone: 'Europe/Berlin' }),
    bad('soon', 'a word', 'instant'),
    bad('999999999999999999', 'a time that no calendar has', 'instant', `${IN_PLACE}, unix: s`),
  ],
  day_and_time: [
    {
      what: 'a 4D day and the milliseconds of that day',
      settings: 'day: D, time: T, into: at',
      types: { D: 'date', T: 'bigint' },
      from: { D: '2024-08-05', T: '43570123' },
      to: { at: '2024-08-05T10:06:10.123000Z' },
      made: { at: 'timestamptz' },
      zone: 'Europe/Berlin',
    },
    {
      what: 'texts',
      settings: 'day: D, time: T, into: at',
      types: { D: 'text', T: 'text' },
      from: { D: '05!08!2024', T: '12:06:10' },
      to: { at: '2024-08-05T12:06:10.000000Z' },
    },
    {
      what: 'one of both missing',
      settings: 'day: D, time: T, into: at',
      types: { D: 'date', T: 'bigint' },
      from: { D: '2024-08-05', T: null },
      to: { at: null },
    },
    {
      what: 'a time that no day has',
      settings: 'day: D, time: T, into: at',
      types: { D: 'date', T: 'bigint' },
      from: { D: '2024-08-05', T: '86400000' },
      to: { at: null },
      findings: ['error day_and_time at'],
    },
  ],
  minor_units: [
    a('1999', '19.99', { what: 'cents', settings: IN_PLACE, types: { A: 'bigint' }, made: { a: 'numeric' } }),
    a('-5', '-0.05', { what: 'less than one', settings: IN_PLACE }),
    a('100', '1', { what: 'a round sum', settings: IN_PLACE }),
    a('900719925474099312345', '9007199254740993123.45', { what: 'more than a double', settings: IN_PLACE }),
    a('1999', '1999', { what: 'no digits', settings: `${IN_PLACE}, digits: 0` }),
    bad('19.99', 'an amount already', 'minor_units'),
    ...(
      [
        ['EUR', '15', []],
        ['jpy', '1500', []],
        ['KWD', '1.5', []],
        [null, '15', ['error minor_units C']],
      ] as const
    ).map(([currency, to, findings]) => ({
      what: `the currency ${currency}`,
      settings: `${IN_PLACE}, currency: C`,
      types: { A: 'bigint', C: 'text' } as const,
      from: { A: '1500', C: currency },
      to: findings.length === 0 ? { a: to } : {},
      findings,
    })),
  ],
  concat: [
    {
      what: 'fields of the source',
      settings: 'from: [A, B, N], into: whole, separator: ", "',
      types: { A: 'text', B: 'text', N: 'bigint' },
      from: { A: 'x', B: '', N: '7' },
      to: { whole: 'x, 7' },
      made: { whole: 'text' },
    },
    {
      what: 'targets, with nothing in them',
      settings: 'fields: [a, b], into: whole',
      types: { A: 'text', B: 'boolean' },
      from: { A: null, B: null },
      to: { whole: null },
    },
    {
      what: 'targets that the source leaves out',
      settings: 'fields: [a], into: whole',
      from: undefined,
      to: { whole: undefined },
    },
    {
      what: 'values that are no texts',
      settings: 'fields: [a, b], into: whole',
      types: { A: 'text', B: 'boolean' },
      from: { A: 'on', B: 't' },
      to: { whole: 'on true' },
    },
  ],
  lookup: [
    {
      what: 'a key that is there',
      settings: 'from: A, table: others, match: code, take: name, into: found',
      types: { A: 'bigint' },
      from: '17',
      looked: ['Seventeen'],
      to: { found: 'Seventeen' },
    },
    {
      what: 'a key that is not there (yet)',
      settings: 'from: A, table: others, match: code, take: name, into: found',
      from: '17',
      looked: [undefined],
      to: { found: null },
      findings: ['error lookup found'],
    },
    {
      what: 'missing: null',
      settings: 'from: A, table: others, match: code, take: name, into: found, missing: null, type: bigint',
      from: '17',
      looked: [undefined],
      to: { found: null },
      made: { found: 'bigint' },
    },
    {
      what: 'missing: reject',
      settings: 'from: A, table: others, match: code, take: name, into: found, missing: reject',
      from: '17',
      looked: [undefined],
      to: { found: null },
      findings: ['error lookup-missing found'],
    },
    {
      what: 'nothing to look for',
      settings: 'from: A, table: others, match: code, take: name, into: found',
      from: '',
      looked: [undefined],
      to: { found: null },
    },
  ],
  translate: [
    a('offen', 'open', { what: 'a value that is there', settings: `${IN_PLACE}, values: { offen: open, "2": 2 }` }),
    a('2', '2', {
      what: 'a number',
      settings: `${IN_PLACE}, values: { offen: open, "2": 2 }`,
      types: { A: 'bigint' },
      made: { a: 'text' },
    }),
    a('x', null, { what: 'to nothing', settings: `${IN_PLACE}, values: { x: null }` }),
    a('y', 'y', { what: 'otherwise: keep', settings: `${IN_PLACE}, values: { x: z }, otherwise: keep` }),
    a('y', null, { what: 'otherwise: null', settings: `${IN_PLACE}, values: { x: z }, otherwise: null` }),
    bad('constructor', 'a value that is not there', 'translate', `${IN_PLACE}, values: { x: z }`),
  ],
  default: [
    a(null, '0', { what: 'for null', settings: `${IN_PLACE}, value: 0`, types: { A: 'bigint' }, made: { a: 'bigint' } }),
    a(undefined, 'x', { what: 'for what is absent', settings: `${IN_PLACE}, value: x` }),
    a('', 'x', { what: 'for an empty text', settings: `${IN_PLACE}, value: x` }),
    a('y', 'y', { what: 'not for a value', settings: `${IN_PLACE}, value: x` }),
  ],
  dimensions: [
    {
      what: 'a text of three numbers',
      settings: 'from: A, into: [length, width, height], decimal: ",", units: [cm]',
      from: '12,50 x 3×4 cm',
      to: { length: '12.5', width: '3', height: '4' },
      made: { length: 'numeric', height: 'numeric' },
    },
    { what: 'an empty text', settings: 'from: A, into: [length, width]', from: ' ', to: { length: null, width: null } },
    { what: 'an absent one', settings: 'from: A, into: [length, width]', from: undefined, to: { length: undefined, width: undefined } },
    {
      what: 'too few',
      settings: 'from: A, into: [length, width, height], invalid: clear',
      from: '3 x 4',
      to: { length: null },
      findings: ['warning dimensions A'],
    },
  ],
  transform_dimensions: [
    {
      what: 'the measures of a 4D article, exactly',
      types: { Laenge: 'numeric', Breite: 'numeric', Hoehe: 'numeric' },
      from: { Laenge: '12.50', Breite: '3', Hoehe: '199.99' },
      to: { length: '12.50', width: '3', height: '199.99', dimensions: '12.50 × 3 × 199.99' },
      made: { length: 'numeric', dimensions: 'text' },
    },
    {
      what: 'a measure that nobody took',
      types: { Laenge: 'numeric', Breite: 'numeric', Hoehe: 'numeric' },
      from: { Laenge: '0', Breite: '0.00', Hoehe: null },
      to: { length: null, width: null, height: null, dimensions: null },
    },
    {
      what: 'a negative measure, with fields and a name of the file’s own',
      settings: 'from: { width: B }, into: size',
      types: { B: 'text' },
      from: { B: '-3' },
      to: { width: null, size: null },
      findings: ['error transform_dimensions width'],
    },
  ],
  transform_boolean_flags: [
    {
      what: 'the flags that the raw table has',
      types: { Aktiv: 'boolean', Haengend: 'bigint', Neuheit: 'text' },
      from: { Aktiv: 'f', Haengend: '-1', Neuheit: 'nein' },
      to: { is_active: 'f', is_hanging: 't', is_new: 'f' },
      made: { is_active: 'boolean', is_new: 'boolean' },
    },
    {
      what: 'flags of the file',
      settings: 'flags: { is_sold: Verkauf }',
      types: { Verkauf: 'text' },
      from: { Verkauf: 'vielleicht' },
      to: {},
      findings: ['error transform_boolean_flags is_sold'],
    },
    {
      what: 'nothing invented for null',
      types: { Aktiv: 'boolean' },
      from: { Aktiv: null },
      to: { is_active: null },
    },
  ],
};

const rows = Object.entries(TABLE).flatMap(([name, each]) => each.map((row) => [name, row.what, row] as const));

test('the registry, the settings and this table name the same transforms', () => {
  expect(Object.keys(TRANSFORMS).sort()).toEqual([...TRANSFORM_NAMES].sort());
  expect(Object.keys(TABLE).sort()).toEqual([...TRANSFORM_NAMES].sort());
  expect(Object.values(TABLE).filter((each) => each.length === 0)).toEqual([]);
});

test.each(rows)('%s: %s', (name, _what, { settings, types = { A: 'text' }, from, to, made = {}, findings = [], zone, looked }) => {
  const record = typeof from === 'object' && from !== null ? from : { A: from };
  const mapped = Object.keys(types).map((field) => `${field.toLowerCase()}: { from: ${field} }`);
  const yaml = `{ unique_field: key, field_mappings: { key: { value: k }, ${mapped.join(', ')} }, transforms: [{ transform: ${name}${settings === undefined ? '' : `, ${settings}`} }] }`;
  const { mapping, map } = compiled(yaml, types, zone === undefined ? {} : { zone });
  const done = map(record, looked);
  expect(done.findings.map(({ severity, rule, field }) => `${severity} ${rule} ${field}`)).toEqual(findings);
  expect(done.row).toMatchObject(to);
  const typed = Object.fromEntries(mapping.targets.map((target) => [target.name, target.type]));
  expect(typed).toMatchObject(made);
});
