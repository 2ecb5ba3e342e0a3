import { jsonSchemas } from '../../src/config/json-schemas';
import { meaningOf, PIPELINE_MEANINGS, SETTING_MEANINGS } from '../../src/config/schema/meanings';
import { leavesOf, schemaTree, type SchemaNode } from '../../src/config/schema-tree';
import { settingsSchema } from '../../src/config/schema/settings';

const keys = leavesOf(schemaTree(settingsSchema)).map(({ path }) => path.join('.'));

test('every setting has a meaning, and no meaning is of a setting that is gone', () => {
  expect(keys.filter((key) => meaningOf(key) === undefined)).toEqual([]);
  expect(Object.keys(SETTING_MEANINGS).filter((key) => !keys.includes(key))).toEqual([]);
});

test('editors learn types, bounds, defaults and meanings of settings', () => {
  const { settings } = jsonSchemas(['zoho-books']);
  const node = (settings as { properties: Record<string, { properties: Record<string, unknown> }> }).properties['sync_pipeline']!;
  expect(node.properties['default_cutoff_days']).toMatchObject({
    type: 'integer',
    minimum: 1,
    maximum: 36_500,
    default: 7,
    description: SETTING_MEANINGS['sync_pipeline.default_cutoff_days'],
  });
  expect(node.properties['full_every']).toMatchObject({ type: 'string', default: '7d', pattern: expect.any(String) });
  expect(settings).toMatchObject({ additionalProperties: false, $schema: 'http://json-schema.org/draft-07/schema#' });
});

test('every meaning of a pipeline key stands in its schema; an entity without anything behind it is none of the editor’s errors', () => {
  const { pipeline } = jsonSchemas(['zoho-books']);
  const tree = pipeline as unknown as SchemaNode & { properties: { entities: { additionalProperties: { anyOf: SchemaNode[] } } } };
  const [entity, nothing] = tree.properties.entities.additionalProperties.anyOf;
  expect(nothing).toEqual({ type: 'null' });
  for (const path of Object.keys(PIPELINE_MEANINGS)) {
    const at = path.startsWith('entities.*.')
      ? path
          .split('.')
          .slice(2)
          .reduce<SchemaNode | undefined>((node, key) => node?.properties?.[key], entity)
      : tree.properties[path as 'entities'];
    expect(at).toMatchObject({ description: PIPELINE_MEANINGS[path] });
  }
});

test('the kinds of source are those of this build', () => {
  expect(JSON.stringify(jsonSchemas(['zoho-books', 'square']).sources)).toContain('"enum":["zoho-books","square"]');
});
