import { refusal } from '../config/project-folder';
import { compiled, publishOf } from './support';

const FAMILY = { Art_Nr: 'text', Familie_ID: 'bigint', Gewicht: 'numeric', Aktiv: 'boolean', Zusatz: 'jsonb', Geaendert: 'date' } as const;

test('one source field feeds several targets, in the order of the file, with the types of the raw columns', () => {
  const { mapping, map } = compiled('field_mappings: { sku: Art_Nr, base_sku: Art_Nr, legacy_id: Familie_ID, weight: Gewicht }', FAMILY);
  expect(mapping.sourceColumns).toEqual(['art_nr', 'familie_id', 'gewicht']);
  expect(mapping.targets).toEqual([
    { name: 'sku', type: 'text' },
    { name: 'base_sku', type: 'text' },
    { name: 'legacy_id', type: 'bigint' },
    { name: 'weight', type: 'numeric' },
  ]);
  expect(map({ Art_Nr: 'F1', Familie_ID: '9007199254740993', Gewicht: null })).toEqual({
    row: { sku: 'F1', base_sku: 'F1', legacy_id: '9007199254740993', weight: null },
    findings: [],
  });
});

test('a path leads into JSON, with every digit; what is not there is absent, what is null is null', () => {
  const { map, mapping } = compiled(
    'field_mappings: { sku: Art_Nr, n: Zusatz.num, tag: Zusatz.tags.0, tags: { from: Zusatz.tags, type: jsonb }, m: { from: Zusatz.num, type: numeric } }',
    FAMILY,
  );
  expect(mapping.targets.map(({ type }) => type)).toEqual(['text', 'text', 'text', 'jsonb', 'numeric']);
  expect(map({ Art_Nr: 'a', Zusatz: '{"num": 12345678901234567890.10, "tags": ["a", "Größe"]}' }).row).toEqual({
    sku: 'a',
    n: '12345678901234567890.1',
    tag: 'a',
    tags: '["a","Größe"]',
    m: '12345678901234567890.1',
  });
  expect(map({ Art_Nr: 'a', Zusatz: '{"num": null}' }).row).toMatchObject({ n: null, tag: undefined, tags: undefined });
  expect(map({ Art_Nr: 'a', Zusatz: null }).row).toMatchObject({ n: null, tag: null });
});

test.each([
  ['null', { n: null }, []],
  ['keep', { n: undefined }, []],
  ['reject', { n: undefined }, [{ rule: 'missing', field: 'n', severity: 'error', message: 'Zusatz.num is missing in the record' }]],
])('missing: %s decides what an absent key is', (missing, row, findings) => {
  const { map } = compiled(`{ missing: "${missing}", field_mappings: { sku: Art_Nr, n: Zusatz.num } }`, FAMILY);
  expect(map({ Art_Nr: 'a', Zusatz: '{}' })).toMatchObject({ row, findings });
  expect(map({ Art_Nr: 'a', Zusatz: '{"num": null}' })).toMatchObject({ row: { n: null }, findings: [] });
});

test('constants and defaults have the type of their target', () => {
  const { map, mapping } = compiled(
    `field_mappings:
       sku: Art_Nr
       channel: { value: shop }
       tax: { value: "19.00", type: numeric }
       on: { value: true }
       weight: { from: Gewicht, default: 0 }
       n: { from: Zusatz.num, default: "5", type: bigint }
       later: { from: Not_Yet, optional: true, type: bigint }`,
    FAMILY,
  );
  expect(mapping.targets.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'sku text',
    'channel text',
    'tax numeric',
    'on boolean',
    'weight numeric',
    'n bigint',
    'later bigint',
  ]);
  expect(map({ Art_Nr: 'a', Gewicht: null, Zusatz: null }).row).toEqual({
    sku: 'a',
    channel: 'shop',
    tax: '19',
    on: 't',
    weight: '0',
    n: '5',
    later: undefined,
  });
});

test('a record without its unique field is told so', () => {
  const { map } = compiled('field_mappings: { sku: Art_Nr }', FAMILY);
  const expected = [{ rule: 'unique_field', field: 'sku', severity: 'error', message: 'record missing unique field: sku' }];
  for (const Art_Nr of [null, undefined, '']) expect(map({ Art_Nr }).findings).toEqual(expected);
});

test('what does not fit its declared type is a finding, and the next row begins anew', () => {
  const { map } = compiled('field_mappings: { sku: Art_Nr, n: { from: Gewicht, type: bigint } }', FAMILY);
  expect(map({ Art_Nr: 'a', Gewicht: '1.5' }).findings).toEqual([
    { rule: 'type', field: 'n', severity: 'error', message: 'n is "1.5", which is no bigint', value: '1.5' },
  ]);
  expect(map({ Art_Nr: 'a', Gewicht: '2.0' })).toEqual({ row: { sku: 'a', n: '2' }, findings: [] });
});

test('a reference leads to the unique field of the parent’s table, or to the one that is named', () => {
  const published = {
    parents: publishOf('{ table: parent_products, unique_field: sku, field_mappings: { sku: Art_Nr, legacy_id: Familie_ID } }'),
  };
  const references = (said: string) =>
    compiled(`{ field_mappings: { sku: Art_Nr, family_id: Familie_ID }, references: { family_id: ${said} } }`, FAMILY, { published })
      .mapping.references;
  const parent = { target: 'family_id', entity: 'parents', schema: 'public', table: 'parent_products', severity: 'error', message: null };
  expect(references('{ entity: parents }')).toEqual([{ ...parent, column: 'sku' }]);
  expect(references('{ entity: parents, field: legacy_id }')).toEqual([{ ...parent, column: 'legacy_id' }]);
});

test.each([
  [
    'a field that is not there',
    'field_mappings: { sku: Art_nr }',
    'field_mappings.sku: the raw table has no field Art_nr',
    'Did you mean Art_Nr?',
  ],
  [
    'a part of what is no JSON',
    'field_mappings: { sku: Art_Nr.x }',
    'field_mappings.sku: Art_Nr is text, and only JSON has parts such as Art_Nr.x',
  ],
  [
    'a unique field that is not mapped',
    'field_mappings: { sk: Art_Nr }',
    'unique_field: sku is no target of this mapping (sk)',
    'Did you mean sk?',
  ],
  [
    'types without a way',
    'field_mappings: { sku: Art_Nr, n: { from: Aktiv, type: numeric } }',
    'field_mappings.n.type: boolean does not become numeric by itself',
  ],
  [
    'a constant of another type',
    'field_mappings: { sku: Art_Nr, n: { value: x, type: numeric } }',
    'field_mappings.n: "x" is no value of type numeric',
  ],
  [
    'a reference to nobody',
    '{ field_mappings: { sku: Art_Nr }, references: { sku: { entity: parent } } }',
    'references.sku.entity: parent publishes no table',
  ],
])('%s does not fit, and is named', (_what, yaml, message, remedy = 'Correct publish.') => {
  const error = refusal(() => compiled(yaml, FAMILY));
  expect(error).toMatchObject({ type: 'config_error', code: 'mapping-does-not-fit' });
  expect(error.message).toContain(message);
  expect(error.remedy).toContain(remedy);
});
