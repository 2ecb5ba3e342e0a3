import { PUBLISH_RULE_NAMES, type PublishRuleName } from '../../src/config/schema/publish-rule';
import { RULES } from '../../src/publish/rules/registry';
import type { Cell } from '../../src/publish/mapping/mapping';
import type { ColumnType } from '../../src/sources/source';
import { refusal } from '../config/project-folder';
import { compiled } from './support';

interface Row {
  readonly settings?: string;
  readonly type?: ColumnType;
  readonly good: readonly Cell[];
  readonly bad: readonly Cell[];
}

/** Of rules that one row can break: at least one row for each key of the registry. */
const TABLE: Readonly<Record<keyof typeof RULES, readonly Row[]>> = {
  not_empty: [
    { good: ['x', '0'], bad: [null, undefined, '', ' \t'] },
    { type: 'bigint', good: ['0'], bad: [null] },
  ],
  format: [
    { settings: "pattern: '[A-Z]{2}-\\d+'", good: ['AB-1', null, ''], bad: ['AB-', 'xAB-1', 'AB-1x', 'AB-1\n'] },
    { settings: "pattern: '\\d{3}'", type: 'bigint', good: ['123'], bad: ['12'] },
    { settings: "pattern: '(?i)größe'", good: ['GRÖSSE'.replace('SS', 'ß')], bad: ['groesse'] },
  ],
  sku_format: [
    { good: ['F000001', 'F000001-0000001', 'a', 'A.1/b_2', `${'x'.repeat(64)}`], bad: ['-a', 'a-', 'a b', 'Größe', 'x'.repeat(65)] },
    { settings: "pattern: '\\d{6}'", good: ['123456'], bad: ['F00001'] },
  ],
  range: [
    {
      settings: 'min: 0, max: 100',
      type: 'numeric',
      good: ['0', '-0', '100.00', '99.99999999999999999999', null],
      bad: ['-0.01', '100.00000000000000000001', 'NaN', 'Infinity'],
    },
    { settings: 'min: "9007199254740993"', type: 'bigint', good: ['9007199254740993'], bad: ['9007199254740992'] },
    { settings: 'min: 1', good: ['1e3', '1'], bad: ['many', '0.9'] },
    { settings: 'min: "2020-01-01"', type: 'date', good: ['2020-01-01', '2024-02-29'], bad: ['2019-12-31'] },
    {
      settings: 'max: "2025-07-12T10:30:15Z"',
      type: 'timestamptz',
      good: ['2025-07-12 10:30:15+00'],
      bad: ['2025-07-12 10:30:15.000001+00'],
    },
  ],
  length: [
    { settings: 'min: 2, max: 3', good: ['ab', '😀😀😀', null], bad: ['a', 'abcd', '😀'] },
    { settings: 'max: 2', type: 'bigint', good: ['17'], bad: ['170'] },
  ],
  enum: [
    { settings: 'values: [open, 2]', good: ['open', '2'], bad: ['Open', '3'] },
    { settings: 'values: [1.5, 2]', type: 'numeric', good: ['1.50', '2', '2.000'], bad: ['2.0001'] },
    { settings: 'values: [true]', type: 'boolean', good: ['t'], bad: ['f'] },
  ],
  date: [
    { good: ['2024-02-29', '05!10!2013', null], bad: ['2024-02-30', '29.02.2024', '2024-02-29T10:00:00Z'] },
    { settings: 'format: DD.MM.YYYY', good: ['29.02.2024'], bad: ['29.02.2023', '2024-02-29'] },
    { type: 'date', good: ['2024-02-29'], bad: [] },
  ],
  cross_field: [
    { settings: 'compare: "<=", other: other', type: 'numeric', good: ['10', '9.999', '-1'], bad: ['10.01', '100'] },
    { settings: 'compare: "!=", other: other', type: 'numeric', good: ['9'], bad: ['10.0', '1e1'] },
  ],
};

const rows = Object.entries(TABLE).flatMap(([name, each]) => each.map((row) => [name, row.settings ?? '', row] as const));

function held(name: string, { settings, type = 'text' }: Row, value: Cell): boolean {
  const rule = `{ field: a, rule: ${name}${settings === undefined ? '' : `, ${settings}`} }`;
  const { map } = compiled(
    `{ unique_field: key, field_mappings: { key: { value: k }, a: A, other: { value: 10 } }, validation_rules: [${rule.replaceAll('\\', '\\')}] }`,
    { A: type },
  );
  const { findings } = map({ A: value });
  expect(findings.every((finding) => finding.rule === name && finding.field === 'a')).toBe(true);
  return findings.length === 0;
}

test('the registry, the settings and this table name the same rules; two more need other rows', () => {
  const ofTables: PublishRuleName[] = ['unique', 'foreign_key'];
  expect(Object.keys(RULES).sort()).toEqual(PUBLISH_RULE_NAMES.filter((name) => !ofTables.includes(name)).sort());
  expect(Object.keys(TABLE).sort()).toEqual(Object.keys(RULES).sort());
});

test.each(rows)('%s %s lets pass and refuses', (name, _settings, row) => {
  expect(row.good.filter((value) => !held(name, row, value))).toEqual([]);
  expect(row.bad.filter((value) => held(name, row, value))).toEqual([]);
});

const RULED = `
field_mappings: { sku: Art_Nr, name: Bezeichnung, status: Status, sold_from: Von, sold_to: Bis, size: Groesse }
validation_rules:
  - { field: sku, rule: sku_format, error_message: Invalid SKU format }
  - { field: name, rule: not_empty, error_message: Name cannot be empty }
  - { field: status, rule: enum, values: [offen, zu], severity: warning }
  - { field: sold_to, rule: not_empty, when: { field: status, is: [zu] } }
  - { field: sold_to, rule: not_empty, when: { field: size, is: [1.5] } }
  - { field: sold_from, rule: cross_field, compare: "<=", other: sold_to }
  - { field: name, rule: unique, severity: warning }`;
const FIELDS = { Art_Nr: 'text', Bezeichnung: 'text', Status: 'text', Von: 'date', Bis: 'date', Groesse: 'numeric' } as const;

test('every failing rule is told, in the order of the file, with the file’s own sentence; warnings are marked', () => {
  const { map } = compiled(RULED, FIELDS);
  const said = (record: Readonly<Record<string, Cell>>) =>
    map(record).findings.map(({ severity, rule, field, message }) => `${severity} ${rule} ${field}: ${message}`);
  expect(said({ Art_Nr: null, Bezeichnung: '', Status: 'zuu', Von: '2024-02-29', Bis: '2024-02-28' })).toEqual([
    'error unique_field sku: record missing unique field: sku',
    'error not_empty name: Name cannot be empty',
    'warning enum status: status is "zuu", not one of offen, zu',
    'error cross_field sold_from: sold_from is "2024-02-29", not <= sold_to',
  ]);
  expect(said({ Art_Nr: '-', Bezeichnung: 'x', Status: 'zu', Von: null, Bis: null })).toEqual([
    'error sku_format sku: Invalid SKU format',
    'error not_empty sold_to: sold_to is empty',
  ]);
  expect(said({ Art_Nr: 'a', Bezeichnung: 'x', Status: 'offen', Von: '2024-02-29', Bis: null })).toEqual([]);
  expect(said({ Art_Nr: 'a', Bezeichnung: 'x', Groesse: '1.50' })).toEqual(['error not_empty sold_to: sold_to is empty']);
});

test('what only other rows can tell is handed on', () => {
  expect(compiled(RULED, FIELDS).mapping.unique).toEqual([{ field: 'name', severity: 'warning', message: null }]);
  const published = { others: compiledParent() };
  const rule = '{ field: sku, rule: foreign_key, entity: others, to: code, severity: warning, error_message: Nobody of that code }';
  const { mapping } = compiled(`{ field_mappings: { sku: Art_Nr }, validation_rules: [${rule}] }`, FIELDS, { published });
  expect(mapping.references).toEqual([
    {
      target: 'sku',
      entity: 'others',
      schema: 'public',
      table: 'others',
      column: 'code',
      severity: 'warning',
      message: 'Nobody of that code',
    },
  ]);
});

function compiledParent() {
  return { schema: 'public', table: 'others', unique_field: 'id' } as never;
}

test.each([
  ['a range of booleans', '{ field: b, rule: range, min: 0 }', 'validation_rules.0: b is boolean, and has no range'],
  ['a bound of another kind', '{ field: n, rule: range, min: soon }', 'validation_rules.0.min: soon is no value to compare numeric with'],
  ['bounds that nothing fits', '{ field: n, rule: range, min: 2, max: "1.99" }', 'validation_rules.0: min is above max'],
  [
    'an order of texts',
    '{ field: a, rule: cross_field, compare: "<", other: b }',
    'validation_rules.0.compare: text is the same or not (= or !=)',
  ],
  ['two kinds', '{ field: n, rule: cross_field, compare: "<", other: a }', 'n is numeric and a is text: they cannot be compared'],
  ['a value of another type', '{ field: n, rule: enum, values: [x] }', 'validation_rules.0.values.0: "x" is no value of type numeric'],
])('%s does not fit, and is named', (_what, rule, message) => {
  const fields = { A: 'text', B: 'boolean', N: 'numeric' } as const;
  const yaml = `{ unique_field: a, field_mappings: { a: A, b: B, n: N }, validation_rules: [${rule}] }`;
  expect(refusal(() => compiled(yaml, fields)).message).toContain(message);
});
