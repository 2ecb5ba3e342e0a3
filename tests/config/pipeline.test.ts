import { loadPipeline } from '../../src/config/pipeline';
import { scheduleMeant } from '../../src/config/schema/schedule';
import { readSources } from '../../src/config/sources';
import { projectFolder, refusal } from './project-folder';
import { sourceTypes } from '../../src/sources';

const SOURCES = 'books:\n  type: zoho-books\n  environments: { test: { base_url: "http://127.0.0.1:1" } }\n';
const known = ['contacts', 'items', 'invoices'];

function open(yaml: string, nameOrPath = 'p') {
  const root = projectFolder({ 'config/sources.yaml': SOURCES, 'config/pipelines/p.yaml': yaml });
  const { sources } = readSources({ root, types: sourceTypes });
  return loadPipeline(nameOrPath, { root, sources, entitiesOf: () => known });
}

const pipeline = (entities: string, rest = '') => `name: p\nsource: books\n${rest}entities:\n${entities}`;

const scheduled = (schedule: string) => pipeline('  items: {}\n', `schedule: ${schedule}\n`);

test('an entity without anything behind it has every default', () => {
  const { pipeline: read, warnings } = open(pipeline('  contacts:\n'));
  expect(read.entities['contacts']).toEqual({
    enabled: true,
    depends_on: [],
    run_if: 'success',
    filters: {},
    schema_policy: 'evolve',
    validation: [],
  });
  expect(warnings).toEqual([]);
});

test('the sketch of the design is read whole, and what this version does not do yet is said', () => {
  const yaml = `
name: p
description: Categories and parents
owner: data@example.com
source: books
schedule: { frequency: daily, time: "02:00", timezone: Europe/Berlin }
after: [other]
entities:
  categories: { from: contacts, priority: medium }
  parents:
    from: items
    depends_on: [categories]
    filters: { active: true, customer_id: 98200000056700100012 }
    incremental: { enabled: true, timestamp_field: modified, lag: 10m, full_every: 7d, full_sync_fallback: true }
    publish:
      table: parent_products
      unique_field: sku
      conflict_strategy: newest_wins
      field_mappings: { sku: Art_Nr, base_sku: Art_Nr, name: Bezeichnung }
      transforms: [transform_dimensions]
      validation_rules:
        - { field: sku, rule: sku_format, error_message: Invalid SKU format }
`;
  const { pipeline: read, warnings } = open(yaml);
  expect(read.entities['parents']?.publish?.field_mappings).toEqual({ sku: 'Art_Nr', base_sku: 'Art_Nr', name: 'Bezeichnung' });
  expect(read.entities['parents']?.filters).toEqual({ active: true, customer_id: '98200000056700100012' });
  expect(warnings).toEqual([
    'config/pipelines/p.yaml: after is kept among the pipelines of one command (run --all); scheduled runs do not wait for others yet',
  ]);
});

test.each([
  [
    'an unknown entity',
    pipeline('  contcts: {}'),
    'config/pipelines/p.yaml:4:3: entities.contcts = contcts: unknown; did you mean contacts?',
  ],
  [
    'an unknown object',
    pipeline('  people: { from: contcts }'),
    'config/pipelines/p.yaml:4:13: entities.people.from = contcts: unknown; did you mean contacts?',
  ],
  [
    'a dependency that leads nowhere',
    pipeline('  items: { depends_on: [contacts] }'),
    'entities.items.depends_on.0 = contacts: must be one of items',
  ],
  [
    'a circle',
    pipeline('  items: { depends_on: [contacts] }\n  contacts: { depends_on: [items] }'),
    'the entities wait for each other in a circle: items → contacts → items',
  ],
  [
    'an unknown source',
    'name: p\nsource: boks\nentities: { items: {} }',
    'config/pipelines/p.yaml:2:1: source = boks: unknown; did you mean books?',
  ],
  ['another name than the file’s', 'name: q\nsource: books\nentities: { items: {} }', 'name = q: must be p, as the file is called'],
  ['no entities', 'name: p\nsource: books\nentities: {}', 'entities: must be at least one entity'],
  [
    'an unknown key',
    pipeline('  items: { incremental: { enable: true } }'),
    'entities.items.incremental.enable: unknown key; did you mean enabled?',
  ],
  [
    'a schedule that is none',
    scheduled('{}'),
    'schedule: must be { frequency: daily, time: "02:00", timezone: Europe/Berlin } or { every: 15m }',
  ],
  ['a schedule with a word it does not know', scheduled('{ evry: 15m }'), 'schedule.evry: unknown key; did you mean every?'],
  ['two schedules in one', scheduled('{ frequency: daily, time: "02:00", every: 15m }'), 'schedule: must be { frequency: daily'],
  [
    'an unknown zone',
    scheduled('{ frequency: daily, time: "02:00", timezone: Mars/Base }'),
    'config/pipelines/p.yaml:3:46: schedule.timezone = "Mars/Base": must be an IANA time zone such as Europe/Berlin',
  ],
  [
    'a time of day that no clock shows',
    scheduled('{ frequency: daily, time: "24:00" }'),
    'config/pipelines/p.yaml:3:31: schedule.time = "24:00": must be a time of day from "00:00" to "23:59", such as "02:00"',
  ],
  [
    'a time without quotes',
    scheduled('{ frequency: daily, time: 2 }'),
    'schedule.time = 2: must be a time of day in quotes, such as "02:00"',
  ],
  ['a day without a time', scheduled('{ frequency: daily }'), 'schedule.time: must be given with frequency: daily'],
  [
    'a zone that changes nothing',
    scheduled('{ every: 15m, timezone: UTC }'),
    'schedule.timezone = "UTC": must be left out: every counts in UTC',
  ],
  ['a span too short', scheduled('{ every: 5s }'), 'schedule.every = "5s": must be from 1m to 366d'],
  ['a path as entity name', pipeline('  "../x": {}'), 'not allowed as a key: an entity name'],
  ['a number for details', pipeline('  items: { details: 1 }'), 'entities.items.details = 1: must be true or false'],
  [
    'a mapping key that stands twice',
    pipeline('  items:\n    publish: { table: t, unique_field: a, field_mappings: { a: X, a: Y } }'),
    'entities.items.publish.field_mappings.a: this key stands twice; mappings read target: source, so one source field may feed several targets',
  ],
])('%s is refused with its place', (_, yaml, expected) => {
  const error = refusal(() => open(yaml));
  expect(error.code).toBe('settings-invalid');
  expect(error.message).toContain(expected);
});

test('a schedule is read as what it means; a form that this version does not act on is said', () => {
  const read = (schedule: string) => open(scheduled(schedule));
  expect(scheduleMeant(read('{ frequency: daily, time: "02:00", timezone: Europe/Berlin }').pipeline.schedule)).toEqual({
    kind: 'daily',
    time: '02:00',
    timezone: 'Europe/Berlin',
  });
  expect(scheduleMeant(read('{ frequency: daily, time: "23:59" }').pipeline.schedule)).toEqual({
    kind: 'daily',
    time: '23:59',
    timezone: 'UTC',
  });
  expect(scheduleMeant(read('{ every: 15m }').pipeline.schedule)).toEqual({ kind: 'every', everyMs: 900_000 });
  for (const later of ['{ cron: "0 2 * * *", timezone: Europe/Berlin }', '{ frequency: weekly }']) {
    const { pipeline: settings, warnings } = read(later);
    expect([scheduleMeant(settings.schedule), warnings]).toEqual([
      null,
      [expect.stringContaining('schedule is checked, but this version')],
    ]);
  }
});

test('a pipeline can be a file anywhere; its name is then its own', () => {
  const root = projectFolder({ 'mine/any.yaml': pipeline('  items: {}') });
  const sources = { books: { type: 'zoho-books' } } as never;
  expect(loadPipeline('mine/any.yaml', { root, sources })).toMatchObject({ file: 'mine/any.yaml', pipeline: { name: 'p' } });
  expect(loadPipeline(`${root}/mine/any.yaml`, { root: '/', sources }).pipeline.name).toBe('p');
});

test('a pipeline that does not exist is told with the ones that do', () => {
  const yaml = pipeline('  items: {}');
  expect(refusal(() => open(yaml, 'q'))).toMatchObject({ code: 'pipeline-unknown', remedy: 'Use one of: p, or the path of a file.' });
  expect(refusal(() => open(yaml, 'nowhere/p.yaml'))).toMatchObject({ code: 'pipeline-unknown' });
});
