import { inspect } from 'node:util';
import { freezeSettings } from '../../src/config/freeze';
import { loadPipeline } from '../../src/config/pipeline';
import { settingsSchema } from '../../src/config/schema/settings';
import { leavesOf, schemaTree } from '../../src/config/schema-tree';
import { settingLines } from '../../src/config/setting-list';
import { resolveSource } from '../../src/config/sources';
import { variableOf } from '../../src/config/variables';
import { load, refusal } from '../config/project-folder';

const CANARY = 'canary-5d1f7c0b9e2a4866';
const VALUES: Readonly<Record<string, string>> = {
  'database.url': `postgres://anna:${CANARY}@db/x`,
  'alerts.webhook_url': `https://hooks.example/${CANARY}`,
  secret_key: CANARY,
};
const FILES = {
  'config/sources.yaml': 'books:\n  type: square\n  environments:\n    live: { base_url: "https://a.example" }\n',
  'config/pipelines/p.yaml': 'name: p\nsource: books\nentities: { orders: {} }\n',
};

const secrets = leavesOf(schemaTree(settingsSchema)).filter(({ node }) => node.secret === true);

test('every secret setting is known here', () => {
  expect(secrets.map(({ path }) => path.join('.')).sort()).toEqual(Object.keys(VALUES).sort());
});

test.each(secrets.map(({ path }) => [path.join('.'), path] as const))(
  '%s comes from the environment, never from a settings file, and is in no frozen settings, no list and no printed form',
  (key, path) => {
    const value = VALUES[key]!;
    const yaml = `${path
      .slice(0, -1)
      .map((step, n) => `${'  '.repeat(n)}${step}:\n`)
      .join('')}${'  '.repeat(path.length - 1)}${path.at(-1)}: "${value}"\n`;
    const refused = refusal(() => load({ ...FILES, 'config/freshet.yaml': yaml }));
    expect(refused.message).toContain('secrets come from the environment: set ');
    expect(refused.message).not.toContain(CANARY);

    const loaded = load(FILES, { env: { [variableOf(path)]: value } });
    const { settings, sources, variables, root } = loaded;
    const source = resolveSource({ sources, key: 'books', environment: 'live', variables });
    const { body } = freezeSettings({ settings, source, pipeline: loadPipeline('p', { root, sources }).pipeline });
    for (const text of [body, JSON.stringify(settingLines(loaded)), JSON.stringify(settings), inspect(settings, { depth: 9 })]) {
      expect(text).not.toContain(CANARY);
    }
    expect(body).toContain('"base_url":"https://a.example"');
  },
);

test.each(['https://anna:x@a.example', 'https://a.example?token=x', 'https://a.example#x'])(
  'a source’s address holds no secret: %s is refused',
  (address) => {
    const yaml = `books:\n  type: square\n  environments:\n    live: { base_url: "${address}" }\n`;
    expect(refusal(() => load({ 'config/sources.yaml': yaml })).message).toContain('without user, password and query');
  },
);
