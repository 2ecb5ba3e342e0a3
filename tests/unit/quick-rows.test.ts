import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArraySplitter } from '../../src/json/array-stream';
import { ByteWriter } from '../../src/json/byte-writer';
import { recordHash } from '../../src/load/batch-file';
import { copyLine } from '../../src/database/copy-text';
import type { LoadDefinition } from '../../src/load/load-definition';
import { QuickRows } from '../../src/load/quick-rows';
import { RowReader, type RowShape } from '../../src/load/row';
import type { ColumnType } from '../../src/sources/source';

const TYPES: readonly ColumnType[] = ['text', 'jsonb', 'boolean', 'bigint', 'numeric', 'date', 'timestamptz'];
const FIELDS = ['id', 'n', 'changed', 'version', 'total', 'at', 'deep', 'name', '__proto__', '7', 'é', 'constructor'];
const FETCHED = '2025-07-02T00:00:00Z';

const number = fc.oneof(
  fc.integer().map(String),
  fc.tuple(fc.nat(99_999), fc.stringMatching(/^\d{1,12}$/), fc.boolean()).map(([a, b, minus]) => `${minus ? '-' : ''}${a}.${b}`),
  fc.constantFrom(
    '0',
    '-0',
    '-0.0',
    '0.00',
    '-0.5',
    '1.10',
    '100',
    '1e5',
    '1E-3',
    '9007199254740993',
    '123456789012345',
    '1234567890.123456',
  ),
  fc.constantFrom('0.0000001', '0.000001', '01', '-', '1.', '.5', '+1', '1.0', '12.500', 'NaN', '00.1', '-01'),
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => JSON.stringify(value)),
  fc.constantFrom('""', '"a"', '"x|y"', '"50%"', '"\\u0000"', '"\\ud800"', '"a\\tb"', '"a\tb"', '"😀"', '"\u007f"', '"\u2028"', '"\\\\N"'),
  fc.constantFrom('"2025-07-02"', '"2025-02-30"', '"2025-07-02T10:00:00+0200"', '"2025-07-02T23:30:00-02:00"', '"2025-07-02 10:00:00"'),
  fc.constantFrom(
    '"2025-07-02T10:00:00.123Z"',
    '"2024-03-31T02:30:00"',
    '"05!10!2013"',
    '"0999-01-01"',
    '"2025-07-02T10:00"',
    '"9999-12-31"',
  ),
  fc.string({ minLength: 195, maxLength: 205, unit: fc.constantFrom('a', 'ü') }).map((value) => JSON.stringify(value)),
);
const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...FIELDS).map((field) => JSON.stringify(field)) },
  fc.constantFrom('"a\\u0062"', '"\\""', '""'),
);
const space = fc.constantFrom('', '', '', ' ', '\n  ', '\t', '\r\n');

/** JSON by its grammar, and a little beyond it, as text: a number is not always what JSON.stringify makes of it. */
const wild = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: text },
    { weight: 3, arbitrary: number },
    fc.constantFrom('null', 'true', 'false', 'nul', 'True'),
    fc.tuple(fc.array(tie('value'), { maxLength: 3 }), space).map(([members, gap]) => `[${gap}${members.join(`${gap},`)}${gap}]`),
    fc.tuple(fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }), space).map(([members, gap]) => objectOf(members, gap)),
  ),
})).value;

const exact = fc.oneof(
  fc.integer().map(String),
  fc.tuple(fc.nat(99_999), fc.stringMatching(/^\d{1,8}$/)).map((parts) => parts.join('.')),
);
const word = fc.stringMatching(/^[ -!#-[\]-~äöüß€]{0,14}$/).map((letters) => `"${letters}"`);
const instant = fc.constantFrom('"2025-07-02T10:00:00+0200"', '"2025-07-02T12:30:00.5Z"', '"2025-07-02 10:00:00"', '"2025-07-02"', '""');
const deep = fc.constantFrom(
  '{"b": 1, "a": [1.50, "x", {}]}',
  '[]',
  '{}',
  '[{"z":null,"y":true}]',
  '"x"',
  '1.0',
  '{"é":{"c":1,"b":2,"a":""}}',
  '{"a":["\\n\\"\\u00e9\\\\"],"b":"\\t"}',
  '"\\t\\\\"',
);
const FITTING = new Map<string, readonly [ColumnType, fc.Arbitrary<string>]>([
  ['n', ['bigint', fc.oneof(fc.integer().map(String), fc.constantFrom('7.0', '0'))]],
  ['changed', ['timestamptz', instant]],
  ['version', ['text', fc.oneof(fc.nat().map(String), fc.constantFrom(`"${'9'.repeat(1000)}"`, `"${'9'.repeat(1001)}"`, '"-7"', '"7a"'))]],
  ['total', ['numeric', exact]],
  ['at', ['date', fc.constantFrom('"2025-07-02"', '"2024-02-29"', '""', 'null')]],
  ['deep', ['jsonb', deep]],
  ['name', ['text', fc.oneof(word, exact, fc.constantFrom('true', '"a \\"b\\"\\n"', '"\\u00fc\\\\"', '"\\/\\ud83d\\ude00"'))]],
  ['__proto__', ['jsonb', deep]],
  ['7', ['text', word]],
  ['é', ['text', word]],
  ['constructor', ['boolean', fc.constantFrom('true', 'false', 'null')]],
]);
/** Nearly always what the field's column takes, or one and the same. */
const fitting = (field: string): fc.Arbitrary<string> => fc.oneof({ weight: 60, arbitrary: FITTING.get(field)?.[1] ?? word }, wild);

function objectOf(members: readonly (readonly [string, string])[], gap: string): string {
  return `{${gap}${members.map(([name, content]) => `${name}${gap}:${gap}${content}`).join(`${gap},${gap}`)}${gap}}`;
}

const members = (names: readonly string[]): fc.Arbitrary<[string, string][]> =>
  fc.tuple(...names.map((name) => fitting(name).map((content): [string, string] => [JSON.stringify(name), content])));
const fieldsIn = fc.shuffledSubarray(FIELDS.slice(1));
const line = fc.tuple(fieldsIn.chain(members), space).map(([found, gap]) => objectOf(found, gap));
const lineItems = fc.oneof(
  { weight: 8, arbitrary: fc.array(line, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`) },
  fc.constantFrom('[]', 'null', '""', '{}', '[1]', '7'),
);
const id = fc.oneof({ weight: 8, arbitrary: fc.constantFrom('"i1"', '460000000026049', '7', '1.50') }, text, number);
const record = fc
  .tuple(fieldsIn.chain(members), fc.option(lineItems), id, space)
  .map(([found, lines, own, gap]) => objectOf([['"id"', own], ...found, ...(lines === null ? [] : [['"lines"', lines] as const])], gap));
const damaged = fc.tuple(record, fc.nat(), fc.constantFrom('', '}', ',', '"', '\u0001', 'x', '"id":1,')).map(([whole, at, put]) => {
  const place = at % (whole.length + 1);
  return whole.slice(0, place) + put + (put === '' ? '' : whole.slice(place));
});

const typeOf = (field: string): ColumnType => FITTING.get(field)?.[0] ?? 'text';
const fit = FIELDS.map((field, n) => ({ field, name: field, type: typeOf(field), ordinal: n + 1 }));
const odd = fc
  .tuple(fc.subarray([...FIELDS, 'lines']), fc.array(fc.constantFrom(...TYPES), { minLength: 13, maxLength: 13 }))
  .map(([names, types]) => names.map((field, n) => ({ field, name: field, type: types[n]!, ordinal: n + 1 })));
const columns = fc.oneof({ weight: 3, arbitrary: fc.constant(fit) }, odd);
const cursor = fc.constantFrom(null, { field: 'changed', kind: 'instant' }, { field: 'n', kind: 'integer' });
const definition = fc
  .record({
    key: fc.constantFrom(['id'], ['id', 'n']),
    cursor,
    version: fc.constantFrom(null, 'version'),
    lineItems: fc.constantFrom(null, { field: 'lines' }),
    volatile: fc.constantFrom([], ['total']),
    emptyIsNull: fc.boolean(),
  })
  .map((made) => ({ ...made, columns: {}, lineItemColumns: {}, settleMs: 0 }) as unknown as LoadDefinition);

interface Copied {
  readonly header: string;
  readonly lines: string;
}

function quickly(rows: QuickRows, bytes: Buffer): Copied | null {
  const out = { header: new ByteWriter(16), lines: new ByteWriter(16) };
  const written = rows.write({ seq: 1, offset: 0, bytes, fetchedAt: FETCHED, hash: recordHash(bytes) }, out);
  const copied = { header: Buffer.from(out.header.take()).toString(), lines: Buffer.from(out.lines.take()).toString() };
  if (written === null) expect(copied).toEqual({ header: '', lines: '' });
  return written === null ? null : copied;
}

function slowly(reader: RowReader, bytes: Buffer): Copied | null {
  const row = reader.read(bytes, FETCHED);
  if (row.kind === 'reject') return null;
  const header = copyLine([...row.header, '1', row.lines === null ? '\\N' : String(row.lines.length)]);
  return { header, lines: (row.lines ?? []).map((cells) => copyLine([...cells, '1'])).join('') };
}

const ZONE = 'Europe/Berlin';

test('rows written from bytes are those that parsing gives, or none', () => {
  let written = 0;
  const shapes = fc.record({ header: columns, lines: columns });
  fc.assert(
    fc.property(
      shapes,
      definition,
      fc.array(fc.oneof({ weight: 3, arbitrary: record }, damaged), { minLength: 1, maxLength: 4 }),
      (shape, made, texts) => {
        const whole: RowShape = made.lineItems === null ? { ...shape, lines: null } : shape;
        const [rows, reader] = [QuickRows.of(whole, made, ZONE)!, new RowReader(whole, made, ZONE)];
        // The second time its names are known.
        for (const bytes of [...texts, ...texts].map((text) => Buffer.from(text))) {
          const found = quickly(rows, bytes);
          if (found === null) continue;
          written++;
          expect(found).toEqual(slowly(reader, bytes));
        }
      },
    ),
    { numRuns: 700 },
  );
  expect(written).toBeGreaterThan(150);
});

test('nothing of the hostile files is written otherwise than parsing would', () => {
  const folder = join(__dirname, '../fixtures/hostile');
  const made = { key: ['id'], cursor: { field: 'last_modified_time', kind: 'instant' }, version: null, lineItems: { field: 'line_items' } };
  const whole = { ...made, volatile: [], emptyIsNull: true, columns: {}, lineItemColumns: {}, settleMs: 0 } as unknown as LoadDefinition;
  let records = 0;
  for (const file of readdirSync(folder)) {
    const found = new ArraySplitter().push(readFileSync(join(folder, file)));
    for (const type of TYPES) {
      const names = [...new Set(found.flatMap(({ bytes }) => keysOf(bytes)))];
      const header = names.map((field, n) => ({
        field,
        name: field,
        type: field.endsWith('id') ? ('text' as const) : type,
        ordinal: n + 1,
      }));
      const [rows, reader] = [QuickRows.of({ header, lines: header }, whole, ZONE), new RowReader({ header, lines: header }, whole, ZONE)];
      for (const { bytes } of found) {
        const quick = rows === null ? null : quickly(rows, bytes);
        if (quick !== null) expect(quick).toEqual(slowly(reader, bytes));
        if (quick !== null) records++;
      }
    }
  }
  expect(records).toBeGreaterThan(0);
});

function keysOf(bytes: Buffer): string[] {
  try {
    return Object.keys(JSON.parse(bytes.toString()) as object);
  } catch {
    return [];
  }
}
