import fc from 'fast-check';

import { canonicalJson } from '../../src/config/canonical-json';
import { freezeSettings, thawSettings, type ResolvedSettings } from '../../src/config/freeze';
import { loadPipeline } from '../../src/config/pipeline';
import { resolveSource } from '../../src/config/sources';
import { load, refusal } from './project-folder';

const CANARY = 'canary-password-77';
const FILES = {
  'config/sources.yaml':
    'books:\n  type: square\n  environments:\n    live: { base_url: "https://a.example", credentials: { token: { env: BOOKS_TOKEN } } }\n',
  'config/pipelines/p.yaml':
    'name: p\nsource: books\nschedule: { every: 15m }\nentities:\n  orders: { filters: { a: 1, b: true }, incremental: { lag: 90s } }\n',
};

function resolved(yaml: string): ResolvedSettings {
  const env = {
    DATABASE_URL: `postgres://anna:${CANARY}@db/x`,
    BOOKS_TOKEN: CANARY,
    FRESHET_HOME: '/srv/freshet',
    FRESHET_REPORTS_PATH: '/srv/reports',
  };
  const { settings, sources, variables, root } = load({ ...FILES, 'config/freshet.yaml': yaml }, { env });
  const source = resolveSource({ sources, key: 'books', environment: 'live', variables });
  return { settings, source, pipeline: loadPipeline('p', { root, sources }).pipeline };
}

test('the digest does not depend on the order of keys or on the way a value is written', () => {
  const one = freezeSettings(resolved('load: { cutoff_days: 3, batch_size: 7 }\nsync_pipeline: { full_every: 7d, adopt_for: 48h }'));
  const two = freezeSettings(resolved('sync_pipeline: { adopt_for: 2d, full_every: 168h }\nload:\n  batch_size: 7\n  cutoff_days: 3'));
  expect(two).toEqual(one);
  expect(one.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(freezeSettings(resolved('load: { cutoff_days: 4, batch_size: 7 }')).digest).not.toBe(one.digest);
});

test('a frozen body holds references and no secret', () => {
  const { body } = freezeSettings(resolved(''));
  expect(body).toContain('{"env":"BOOKS_TOKEN"}');
  expect(body).not.toContain(CANARY);
  expect(body).not.toContain('postgres:');
});

test('what is thawed is what was frozen, but for the database’s URL, also after jsonb has reordered it', () => {
  const before = resolved('worker: { profile: chaos }\nlogging: { components: { load: debug } }');
  const { url, ...database } = before.settings.database;
  expect(url).toBeDefined();
  const expected = { ...before, settings: { ...before.settings, database } };
  const { body } = freezeSettings(before);
  expect(thawSettings(body)).toEqual(expected);
  const reordered = Object.fromEntries(Object.entries(JSON.parse(body) as object).reverse());
  expect(thawSettings(reordered)).toEqual(expected);
});

test('a setting that a later version added is there with its default', () => {
  const body = JSON.parse(freezeSettings(resolved('load: { cutoff_days: 3 }')).body) as { settings: { load: Record<string, unknown> } };
  delete body.settings.load['batch_size'];
  expect(thawSettings(body).settings.load).toMatchObject({ cutoff_days: 3, session_max_age: 24, batch_size: 1_000 });
});

test.each([
  ['another format', { format: 2 }],
  ['a setting of an unknown version', { settings: { removed_key: 1 } }],
  ['no pipeline', { pipeline: null }],
])('%s is refused with a way out', (_, change) => {
  const body = { ...(JSON.parse(freezeSettings(resolved('')).body) as object), ...change };
  expect(refusal(() => thawSettings(body))).toMatchObject({ type: 'config_error', code: 'settings-frozen-unreadable' });
});

test('canonical JSON is JSON, the same for every order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      const reversed = (node: unknown): unknown =>
        Array.isArray(node)
          ? node.map(reversed)
          : typeof node === 'object' && node !== null
            ? Object.fromEntries(
                Object.entries(node)
                  .reverse()
                  .map(([key, item]) => [key, reversed(item)]),
              )
            : node;
      expect(canonicalJson(reversed(value))).toBe(text);
    }),
  );
});
