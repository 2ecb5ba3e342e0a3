import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { generatedDocs } from '../../src/client/generated-docs';
import { loadSettings } from '../../src/config/load-settings';
import { leavesOf, schemaTree } from '../../src/config/schema-tree';
import { settingsSchema } from '../../src/config/schema/settings';
import { variableOf } from '../../src/config/variables';
import { projectFolder } from './project-folder';
import { sourceTypes } from '../../src/sources';

const root = resolve(__dirname, '../..');
const made = generatedDocs(root);

test.each(Object.keys(made))('%s is what the code says now (else: node scripts/docs.mjs)', (file) => {
  expect(readFileSync(join(root, file), 'utf8')).toBe(made[file]);
});

test('every setting stands in both, and everything in .env.example is commented out', () => {
  for (const { path } of leavesOf(schemaTree(settingsSchema))) {
    expect(made['docs/settings.md']).toContain(`\`${path.join('.')}\``);
    expect(made['.env.example']).toContain(`#${variableOf(path)}=`);
  }
  expect(parseEnv(made['.env.example']!)).toEqual({});
});

test('with every # taken away, what has a default loads, and changes nothing', () => {
  const lines = made['.env.example']!.split('\n')
    .filter((line) => /^#FRESHET_\w+=\S/.test(line))
    .map((line) => line.slice(1));
  const loaded = loadSettings({ cwd: projectFolder({ '.env': lines.join('\n') }), env: {}, sourceTypes });
  const plain = loadSettings({ cwd: loaded.root, env: {}, sourceTypes });
  expect(lines.length).toBeGreaterThan(25);
  expect(loaded.warnings).toEqual([]);
  expect(loaded.settings).toEqual(plain.settings);
});
