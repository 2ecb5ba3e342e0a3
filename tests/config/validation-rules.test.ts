import { loadPipeline } from '../../src/config/pipeline';
import { readSources } from '../../src/config/sources';
import { projectFolder, refusal } from './project-folder';
import { sourceTypes } from '../../src/sources';

const SOURCES = 'books:\n  type: zoho-books\n  environments: { test: { base_url: "http://127.0.0.1:1" } }\n';

function open(contacts: string) {
  const yaml = `name: p\nsource: books\nentities:\n  items: {}\n  contacts:\n    ${contacts}\n`;
  const root = projectFolder({ 'config/sources.yaml': SOURCES, 'config/pipelines/p.yaml': yaml });
  const { sources } = readSources({ root, types: sourceTypes });
  return loadPipeline('p', { root, sources, entitiesOf: () => ['contacts', 'items'] }).pipeline.entities['contacts'];
}

const rule = (text: string): string => `validation: [${text}]`;

test('rules, budget and insert-only are read as they are written', () => {
  expect(open(rule('{ field: a, rule: range, min: 0.5 }, { field: "l[].b", rule: foreign_key, entity: items }'))?.validation).toEqual([
    { field: 'a', rule: 'range', min: 0.5 },
    { field: 'l[].b', rule: 'foreign_key', entity: 'items' },
  ]);
  expect(open('reject_budget: none')?.reject_budget).toBe('none');
  expect(open('{ reject_budget: { share: 0.1 }, skip_existing: true }')).toMatchObject({
    reject_budget: { share: 0.1 },
    skip_existing: true,
  });
});

test.each([
  [
    'an unknown rule',
    rule('{ field: a, rule: positiv }'),
    /rule = "positiv": must be one of required, type, date_format, range, length, enum/,
  ],
  ['a rule without its setting', rule('{ field: a, rule: type }'), /validation\.0\.type: /],
  ['a setting of another rule', rule('{ field: a, rule: required, min: 1 }'), /validation\.0\.min: unknown key/],
  ['bounds that nothing fits', rule('{ field: a, rule: range, min: 2, max: 1 }'), /min, max or both, and min not above max/],
  ['no bounds', rule('{ field: a, rule: length }'), /min, max or both/],
  ['a format without a day', rule('{ field: a, rule: date_format, format: YYYY-MM }'), /must be a format that has YYYY, MM and DD/],
  ['a path that is too deep', rule('{ field: "a[].b[].c", rule: required }'), /must be the name of a field, or array\[\]\.field/],
  ['a foreign key to nobody', rule('{ field: a, rule: foreign_key, entity: item }'), /entity = item: unknown; did you mean items\?/],
  ['a budget without a limit', 'reject_budget: {}', /count, share or both|must be none, or \{ count, share \}/],
  ['a share above one', 'reject_budget: { share: 2 }', /a share from 0 to 1|must be none, or \{ count, share \}/],
])('%s is a mistake of the file, with its place', (_what, text, message) => {
  expect(refusal(() => open(text)).message).toMatch(message);
});
