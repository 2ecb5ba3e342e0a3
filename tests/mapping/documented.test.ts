import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadPipeline } from '../../src/config/pipeline';
import { readSources } from '../../src/config/sources';
import { TRANSFORM_NAMES } from '../../src/config/schema/publish-transform';
import { PUBLISH_RULE_NAMES } from '../../src/config/schema/publish-rule';
import { compileMapping } from '../../src/publish/mapping/compile-mapping';
import { sourceTypes } from '../../src/sources';
import { projectFolder } from '../config/project-folder';
import { blocks, editedCopy, partOf } from '../support/documented';
import { rawOf } from './support';

const root = resolve(__dirname, '../..');
const text = readFileSync(join(root, 'docs/publish-mapping.md'), 'utf8');

const part = (heading: string): string => partOf(text, heading);

const TYPES = { contact_number: 'text', contact_name: 'text', billing_address: 'jsonb', credit_limit: 'text' } as const;
const [sent = '', becomes = ''] = blocks(part('Add an entity'), 'json');
/** As the raw table holds the record of the page. */
const raw = Object.entries(JSON.parse(sent) as Record<string, unknown>).map(([field, value]) => ({
  field,
  cell: typeof value === 'string' ? value : JSON.stringify(value),
}));

test('the page names every transform and every rule', () => {
  const told = (of: string) =>
    [...part(of).matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap((row) => [...row[1]!.matchAll(/\w+/g)].map(String));
  expect(told('Transforms').sort()).toEqual([...TRANSFORM_NAMES].sort());
  expect(
    told('Rules')
      .filter((name) => !['severity', 'error_message', 'when'].includes(name))
      .sort(),
  ).toEqual([...PUBLISH_RULE_NAMES].sort());
});

test('an entity is added with YAML alone, and its record becomes the row that the page shows', () => {
  const [yaml = ''] = blocks(part('Add an entity'), 'yaml');
  const sourcesYaml = 'books:\n  type: zoho-books\n  environments: { test: { base_url: "http://127.0.0.1:1" } }\n';
  const folder = projectFolder({ 'config/sources.yaml': sourcesYaml, 'config/pipelines/customers.yaml': yaml });
  const { sources } = readSources({ root: folder, types: sourceTypes });
  const publish = loadPipeline('customers', { root: folder, sources }).pipeline.entities['contacts']!.publish!;
  const mapping = compileMapping(publish, rawOf(TYPES), { zone: 'UTC', published: {} });
  const { cells, findings } = mapping.map(mapping.sourceColumns.map((name) => raw.find(({ field }) => field === name)!.cell));
  expect(Object.fromEntries(mapping.targets.map(({ name }, at) => [name, cells[at]]))).toEqual(JSON.parse(becomes));
  expect(findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
    'warning: limit is "1250000.5", not a number up to 100000',
  ]);
  expect(part('Add an entity')).toContain(findings[0]!.message);
});

/** The sources that a mapping needs, with the edits that a part of the page tells. */
const edited = (heading: string, imported: string): string =>
  editedCopy(part(heading), {
    imported,
    folders: [
      'src/config',
      'src/domain',
      'src/json',
      'src/observability',
      'src/publish/mapping',
      'src/publish/rules',
      'src/publish/transforms',
    ],
  });

/** Maps the record of the page by a `publish` of that edited freshet, in a process of its own. */
function mapped(folder: string, yaml: string): { row: Record<string, string>; messages: string[] } {
  writeFileSync(
    join(folder, 'src/try.ts'),
    `import { parse } from 'yaml';
     import { publishSchema } from './config/schema/publish';
     import { compileMapping } from './publish/mapping/compile-mapping';
     const publish = publishSchema.parse({ table: 't', unique_field: 'sku', ...parse(${JSON.stringify(yaml)}) });
     const raw = ${JSON.stringify(raw.map(({ field }) => ({ field, name: field, type: TYPES[field as keyof typeof TYPES] })))};
     const cells = ${JSON.stringify(Object.fromEntries(raw.map(({ field, cell }) => [field, cell])))};
     const mapping = compileMapping(publish, raw as never, { zone: 'UTC', published: {} });
     const mapped = mapping.map(mapping.sourceColumns.map((name) => cells[name as never]));
     const row = Object.fromEntries(mapping.targets.map(({ name }, at) => [name, mapped.cells[at]]));
     process.stdout.write(JSON.stringify({ row, messages: mapped.findings.map(({ message }) => message) }));`,
  );
  const out = execFileSync(process.execPath, ['-r', './scripts/typescript.cjs', 'src/try.ts'], { cwd: folder, encoding: 'utf8' });
  return JSON.parse(out) as ReturnType<typeof mapped>;
}

test('a transform is added by the edits that the page tells', () => {
  const folder = edited('Add a transform', `import { slug } from './slug';`);
  const [yaml = ''] = blocks(part('Add a transform'), 'yaml');
  const [row = ''] = blocks(part('Add a transform'), 'json');
  expect(mapped(folder, yaml)).toEqual({ row: JSON.parse(row) as object, messages: [] });
});

test('a rule is added by the edits that the page tells', () => {
  const folder = edited('Add a rule', `import { isEan } from './ean';`);
  const [yaml = ''] = blocks(part('Add a rule'), 'yaml');
  const { messages } = mapped(folder, yaml);
  expect(messages).toEqual(['sku is "C-0042", not an EAN']);
  expect(part('Add a rule')).toContain(messages[0]);
  expect(mapped(folder, yaml.replace('sku: contact_number', 'sku: { value: "4006381333931" }')).messages).toEqual([]);
});
