import Ajv from 'ajv';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { freezeSettings, thawSettings } from '../../src/config/freeze';
import { loadPipeline } from '../../src/config/pipeline';
import { jsonSchemas } from '../../src/config/json-schemas';
import { readSources } from '../../src/config/sources';
import { load, projectFolder, refusal } from './project-folder';
import { sourceTypes } from '../../src/sources';

const SOURCES = 'books:\n  type: zoho-books\n  environments: { test: { base_url: "http://127.0.0.1:1" } }\n';

function open(publish: string) {
  const yaml = `name: p
source: books
entities:
  contacts: { publish: { table: people, unique_field: code, field_mappings: { code: c, name: n } } }
  invoices: {}
  items:
    depends_on: [contacts]
    publish: { table: things, unique_field: sku, ${publish} }
`;
  const root = projectFolder({ 'config/sources.yaml': SOURCES, 'config/pipelines/p.yaml': yaml });
  const { sources } = readSources({ root, types: sourceTypes });
  return loadPipeline('p', { root, sources, entitiesOf: () => ['contacts', 'items', 'invoices'] }).pipeline;
}

const FIELDS = 'field_mappings: { sku: s, name: n, customer: c }';
const transform = (text: string): string => `${FIELDS}, transforms: [${text}]`;
const rule = (text: string): string => `${FIELDS}, validation_rules: [${text}]`;

test('everything that is left out has its default', () => {
  expect(open(FIELDS).entities['items']?.publish).toEqual({
    schema: 'public',
    table: 'things',
    unique_field: 'sku',
    conflict_strategy: 'source_wins',
    conflict_strategies: {},
    update_existing: true,
    deletes: 'flag',
    missing: 'keep',
    field_mappings: { sku: 's', name: 'n', customer: 'c' },
    references: {},
    transforms: [],
    validation_rules: [],
  });
});

test('null is a word here, with quotes and without', () => {
  const missing = (text: string) => open(`${FIELDS}, missing: ${text}`).entities['items']?.publish?.missing;
  expect([missing('null'), missing('"null"'), missing('keep')]).toEqual(['null', 'null', 'keep']);
});

test('it is frozen with the run and comes back the same', () => {
  const pipeline = open(
    `${FIELDS}, missing: null, transforms: [transform_boolean_flags, { transform: trim, fields: [name], empty: null }], validation_rules: [{ field: sku, rule: sku_format }], references: { customer: { entity: contacts } }`,
  );
  const thawed = thawSettings(freezeSettings({ settings: load({}).settings, source: {} as never, pipeline }).body).pipeline;
  expect(thawed).toEqual(pipeline);
  // The columns stand in the order of the file.
  expect(Object.keys(thawed.entities['items']?.publish?.field_mappings ?? {})).toEqual(['sku', 'name', 'customer']);
});

test.each([
  [
    'an unknown transform',
    transform('{ transform: trm, fields: [name] }'),
    /p\.yaml:8:\d+: \S+transforms\.0\.transform = "trm": must be one of trim, .*; did you mean trim\?/,
  ],
  [
    'an unknown transform by its name alone',
    transform('transform_dimension'),
    /p\.yaml:8:\d+: \S+transforms\.0 = "transform_dimension": must be one of .*; did you mean transform_dimensions\?/,
  ],
  [
    'a transform without what it needs',
    transform('trim'),
    /transforms\.0 = "trim": must be \{ transform: trim, … \} with its settings: fields/,
  ],
  [
    'a setting of another transform',
    transform('{ transform: trim, fields: [name], separator: "," }'),
    /transforms\.0\.separator: unknown key/,
  ],
  [
    'a setting that is almost right',
    transform('{ transform: trim, feilds: [name] }'),
    /transforms\.0\.feilds: unknown key; did you mean fields\?/,
  ],
  [
    'an unknown rule',
    rule('{ field: sku, rule: sku_fromat }'),
    /p\.yaml:8:\d+: \S+validation_rules\.0\.rule = "sku_fromat": must be one of not_empty, .*; did you mean sku_format\?/,
  ],
  [
    'a pattern that RE2 refuses',
    rule('{ field: sku, rule: format, pattern: "(?=a)b" }'),
    /p\.yaml:8:\d+: \S+pattern = "\(\?=a\)b": must be a pattern that RE2 understands: invalid or unsupported Perl syntax/,
  ],
  [
    'an unknown strategy',
    `${FIELDS}, conflict_strategy: newest_win`,
    /p\.yaml:8:\d+: \S+conflict_strategy = "newest_win": must be one of source_wins, .*; did you mean newest_wins\?/,
  ],
  [
    'an unknown strategy of one field',
    `${FIELDS}, conflict_strategies: { name: manuel }`,
    /conflict_strategies\.name = "manuel": must be one of .*; did you mean manual\?/,
  ],
  [
    'a strategy of no target',
    `${FIELDS}, conflict_strategies: { nam: manual }`,
    /conflict_strategies\.nam = nam: no target of this mapping; one of sku, name, customer; did you mean name\?/,
  ],
  [
    'a unique field that is not mapped',
    'field_mappings: { sk: s }',
    /unique_field = sku: no target of this mapping; one of sk; did you mean sk\?/,
  ],
  [
    'a rule of no target',
    rule('{ field: nmae, rule: not_empty }'),
    /p\.yaml:8:\d+: \S+validation_rules\.0\.field = nmae: no target of this mapping; one of sku, name, customer; did you mean name\?/,
  ],
  [
    'a comparison with no target',
    rule('{ field: sku, rule: cross_field, compare: "=", other: names }'),
    /validation_rules\.0\.other = names: .*did you mean name\?/,
  ],
  [
    'a condition on no target',
    rule('{ field: sku, rule: not_empty, when: { field: x, is: [1] } }'),
    /validation_rules\.0\.when\.field = x: no target/,
  ],
  [
    'a transform of what comes later',
    transform('{ transform: trim, fields: [whole] }, { transform: concat, fields: [sku], into: whole }'),
    /transforms\.0\.fields\.0 = whole: no target of this mapping so far/,
  ],
  ['a target that is filled twice', transform('{ transform: concat, from: [a], into: name }'), /transforms\.0 = name: filled already/],
  [
    'a target that freshet keeps',
    'field_mappings: { sku: s, created_at: c }',
    /created_at.*another name, such as source_created_at: created_at is kept by freshet itself/,
  ],
  [
    'a reference to what publishes nothing',
    `${FIELDS}, references: { customer: { entity: contcts } }`,
    /references\.customer\.entity = contcts: publishes no table; one of contacts, items; did you mean contacts\?/,
  ],
  [
    'a reference to no target of it',
    `${FIELDS}, references: { customer: { entity: contacts, field: cod } }`,
    /references\.customer\.field = cod: no target of contacts; one of code, name; did you mean code\?/,
  ],
  [
    'a lookup in no target of it',
    transform('{ transform: lookup, from: c, entity: contacts, match: code, take: nme, into: x }'),
    /transforms\.0\.take = nme: no target of contacts/,
  ],
  [
    'a lookup without a table',
    transform('{ transform: lookup, from: c, match: code, take: name, into: x }'),
    /transforms\.0\.entity: must be an entity of this pipeline, or table: any other table/,
  ],
  [
    'an optional field of no type',
    'field_mappings: { sku: s, n: { from: n, optional: true } }',
    /field_mappings\.n\.type: must be given with optional/,
  ],
  [
    'a constant that PostgreSQL cannot store',
    'field_mappings: { sku: s, n: { value: "a\\0" } }',
    /field_mappings\.n\.value.*a text that PostgreSQL can store/,
  ],
  ['an object where a field stands', 'field_mappings: { sku: { form: s } }', /field_mappings\.sku\.form: unknown key; did you mean from\?/],
  ['an empty object', 'field_mappings: { sku: {} }', /field_mappings\.sku: must be a field, or \{ from: field \} or \{ value: constant \}/],
  [
    'a mapping the wrong way round, which writes a key twice',
    'field_mappings: { sku: Art_Nr, sku: Bezeichnung }',
    /p\.yaml:8:\d+: \S+field_mappings\.sku: this key stands twice; mappings read target: source/,
  ],
])('%s is a mistake of the file, with its place', (_what, text, message) => {
  expect(refusal(() => open(text)).message).toMatch(message);
});

test('a parent has to come first', () => {
  const yaml = `name: p\nsource: books\nentities:\n  contacts: { publish: { table: people, unique_field: code, field_mappings: { code: c } } }\n  items: { publish: { table: things, unique_field: sku, field_mappings: { sku: s }, references: { sku: { entity: contacts } } } }\n`;
  const root = projectFolder({ 'config/sources.yaml': SOURCES, 'config/pipelines/p.yaml': yaml });
  const { sources } = readSources({ root, types: sourceTypes });
  expect(refusal(() => loadPipeline('p', { root, sources })).message).toContain(
    'entities.items.publish.references.sku.entity = contacts: must come first: write depends_on: [contacts] at items',
  );
});

test('the schema for editors takes the files that ship, and underlines what the reader refuses', () => {
  const valid = new Ajv({ strict: false }).compile(jsonSchemas(sourceTypes).pipeline);
  const folder = resolve(__dirname, '../../config/pipelines');
  for (const file of readdirSync(folder)) expect([file, valid(parse(readFileSync(join(folder, file), 'utf8')))]).toEqual([file, true]);
  const publish = (more: object) => ({
    name: 'p',
    source: 's',
    entities: { items: { publish: { table: 't', unique_field: 'a', field_mappings: { a: 'A' }, ...more } } },
  });
  expect(valid(publish({ transforms: ['transform_dimensions', { transform: 'trim', fields: ['a'] }], missing: null }))).toBe(true);
  for (const wrong of [
    { transforms: [{ transform: 'trm', fields: ['a'] }] },
    { transforms: [{ transform: 'trim' }] },
    { transforms: ['transform_dimension'] },
    { validation_rules: [{ field: 'a', rule: 'nonempty' }] },
    { conflict_strategy: 'newest' },
    { field_mappings: { a: { form: 'A' } } },
  ])
    expect([wrong, valid(publish(wrong))]).toEqual([wrong, false]);
});

test('editors learn every transform and every rule with its settings', () => {
  const schema = JSON.stringify(jsonSchemas(sourceTypes).pipeline);
  for (const name of ['transform_dimensions', 'minor_units', 'sku_format', 'cross_field', 'newest_wins'])
    expect(schema).toContain(`"${name}"`);
});
