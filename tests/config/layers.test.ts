import fc from 'fast-check';

import { load } from './project-folder';

const LAYERS = ['freshet.yaml', 'environment file', '.env', 'environment', 'flag'] as const;

test('of all layers that give a setting the highest wins, and its origin is kept', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...LAYERS), { selector: (layer) => layer }), (given) => {
      const value = (layer: (typeof LAYERS)[number]) => 10 + LAYERS.indexOf(layer);
      const yaml = (layer: (typeof LAYERS)[number]) =>
        given.includes(layer) ? `sync_pipeline: { default_cutoff_days: ${value(layer)} }\n` : '';
      const name = 'FRESHET_SYNC_PIPELINE_DEFAULT_CUTOFF_DAYS';
      const { settings, origins } = load(
        {
          'config/freshet.yaml': yaml('freshet.yaml'),
          'config/environments/staging.yaml': yaml('environment file'),
          '.env': given.includes('.env') ? `${name}=${value('.env')}\n` : '',
        },
        {
          env: { FRESHET_ENV: 'staging', ...(given.includes('environment') ? { [name]: String(value('environment')) } : {}) },
          flags: {
            values: [
              { path: 'sync_pipeline.default_cutoff_days', flag: '--days', value: given.includes('flag') ? value('flag') : undefined },
            ],
          },
        },
      );
      const highest = Math.max(...given.map((layer) => LAYERS.indexOf(layer)));
      expect(settings.sync_pipeline.default_cutoff_days).toBe(given.length === 0 ? 7 : 10 + highest);
      const kinds = ['file', 'file', 'variable', 'variable', 'flag'];
      expect(origins.get('sync_pipeline.default_cutoff_days')?.kind).toBe(given.length === 0 ? undefined : kinds[highest]);
    }),
    { numRuns: 60 },
  );
});

test('layers are merged key by key: what a higher one leaves out stays', () => {
  const { settings } = load({
    'config/freshet.yaml': 'logging: { level: warn, components: { extract: debug } }\nload: { cutoff_days: 3 }',
    'config/environments/development.yaml': 'logging:\n  components: { load: error }\nload:\n',
  });
  expect(settings.logging).toMatchObject({ level: 'warn', components: { extract: 'debug', load: 'error' } });
  expect(settings.load.cutoff_days).toBe(3);
});

test.each([
  [{ flags: { environment: 'staging' }, env: { FRESHET_ENV: 'test', ENVIRONMENT: 'production' } }, 'staging'],
  [{ env: { FRESHET_ENV: 'test', ENVIRONMENT: 'production' } }, 'test'],
  [{ env: { ENVIRONMENT: 'production' } }, 'production'],
  [{ env: { FRESHET_ENV: '' } }, 'development'],
])('the environment is the flag, else FRESHET_ENV, else ENVIRONMENT, else development', (request, expected) => {
  const { settings } = load({}, request);
  expect(settings.environment).toBe(expected);
  expect(settings.temporal.task_queue).toBe(`freshet-${expected}`);
});

test('paths are absolute: home beside package.json, landing inside it, relative ones from the project', () => {
  const plain = load({});
  expect(plain.settings).toMatchObject({
    home: `${plain.root}/.freshet`,
    landing: { path: `${plain.root}/.freshet/landing` },
    reports: { path: `${plain.root}/reports` },
  });
  const moved = load({ 'config/freshet.yaml': 'landing: { path: data/in }' }, { env: { FRESHET_HOME: '/var/lib/freshet' } });
  expect(moved.settings).toMatchObject({ home: '/var/lib/freshet', landing: { path: `${moved.root}/data/in` } });
});

test('the chaos profile shortens the timeouts, single values still win', () => {
  const { settings, origins } = load({ 'config/freshet.yaml': 'worker: { profile: chaos, heartbeat: { throttle: 50ms } }' });
  expect(settings.worker).toMatchObject({
    sticky_timeout: 1_000,
    workflow_task_timeout: 2_000,
    heartbeat: { timeout: 2_000, throttle: 50 },
    retry: { first_interval: 100 },
  });
  expect(origins.get('worker.sticky_timeout')).toEqual({ kind: 'profile', name: 'chaos' });
});

test('another settings file can be named, and must exist', () => {
  const files = { 'config/freshet.yaml': 'load: { cutoff_days: 3 }', 'other.yaml': 'load: { cutoff_days: 5 }' };
  expect(load(files, { flags: { config: 'other.yaml' } }).settings.load.cutoff_days).toBe(5);
  expect(() => load(files, { flags: { config: 'missing.yaml' } })).toThrow(/flag --config: there is no file missing.yaml/);
});
