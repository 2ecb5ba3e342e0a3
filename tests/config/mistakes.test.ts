import { inspect } from 'node:util';

import { parseYaml } from '../../src/config/read-yaml';
import { load, refusal } from './project-folder';

/** The lines of the error, without its head. */
function mistakes(files: Readonly<Record<string, string>>, request: Parameters<typeof load>[1] = {}): string[] {
  const error = refusal(() => load(files, request));
  expect(error).toMatchObject({ type: 'config_error', code: 'settings-invalid' });
  return error.message
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

const settings = (yaml: string) => mistakes({ 'config/freshet.yaml': yaml });
const sources = (yaml: string) => mistakes({ 'config/sources.yaml': yaml });

test.each([
  [
    'sync_pipeline:\n  defualt_cutoff_days: 3',
    'config/freshet.yaml:2:3: sync_pipeline.defualt_cutoff_days: unknown key; did you mean default_cutoff_days?',
  ],
  ['logging: { level: loud }', 'config/freshet.yaml:1:12: logging.level = "loud": must be one of debug, info, warn, error'],
  ['load: { cutoff_days: 0 }', 'config/freshet.yaml:1:9: load.cutoff_days = 0: must be a whole number from 1 to 36500'],
  ['load: { cutoff_days: many }', 'config/freshet.yaml:1:9: load.cutoff_days = "many": must be a whole number from 1 to 36500'],
  [
    'sync_pipeline: { full_every: 7 }',
    'config/freshet.yaml:1:18: sync_pipeline.full_every = 7: must be a duration such as 30s, 10m, 48h or 7d',
  ],
  [
    'sync_pipeline: { batch: { bytes: 1TB } }',
    'config/freshet.yaml:1:27: sync_pipeline.batch.bytes = "1TB": must be a size such as 64KiB or 256MiB',
  ],
  ['temporal: { address: nowhere }', 'config/freshet.yaml:1:13: temporal.address = "nowhere": must be host:port, such as 127.0.0.1:7233'],
  ['load: 3', 'config/freshet.yaml:1:1: load = 3: must be object'],
])('%j is told with place, key, value and what is allowed', (yaml, expected) => {
  expect(settings(yaml)).toEqual([expected]);
});

const tenfold = (letter: string, of: string) => `${letter}: &${letter} [${Array(10).fill(`*${of}`).join(',')}]`;
const laughs = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...['b', 'c', 'd', 'e', 'f', 'g'].map((letter, n) => tenfold(letter, 'abcdef'[n]!))].join(
  '\n',
);

test.each([
  [
    'a key that stands twice',
    'load: { cutoff_days: 1, cutoff_days: 2 }',
    'load.cutoff_days: this key stands twice; put both parts under one key',
  ],
  ['an open bracket', 'a: [1, 2', 'not valid YAML'],
  ['a tag', 'a: !!js/function "x"', 'tags are not supported'],
  ['a merge key', 'base: &b { level: warn }\nlogging: { <<: *b }', 'merge keys are not supported'],
  ['a list', '- a\n- b', 'the file must be a mapping'],
  ['a prototype', '__proto__: { polluted: 1 }', 'this word cannot be a key'],
  ['a list as key', '? [a]\n: b', 'keys are plain words'],
  ['depth', `a: ${'['.repeat(200)}${']'.repeat(200)}`, 'too deep or too large'],
  ['more depth', `a: ${'['.repeat(500_000)}`, 'too deep or too large'],
  ['depth by dashes', '- '.repeat(400_000), 'too deep or too large'],
  ['lines', '\n'.repeat(1_000_000), 'more than 20000 lines'],
  ['size', `#${'x'.repeat(1_048_577)}`, 'larger than 1 MB'],
  ['a billion laughs', laughs, 'too deep or too large'],
  ['an alias in a circle', 'a: &a [*a]', 'too deep or too large'],
])('YAML with %s is refused, and quickly', (_, yaml, expected) => {
  const begun = performance.now();
  const lines = settings(yaml);
  // Expanded, it would take hours; a busy machine takes its time for a megabyte all the same.
  expect(performance.now() - begun).toBeLessThan(50_000);
  expect(lines[0]).toMatch(/^config\/freshet\.yaml:\d+:\d+: /);
  expect(lines.join('\n')).toContain(expected);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test('reading takes time by the number of keys, not by its square', () => {
  const seconds = (keys: number) => {
    const text = Array.from({ length: keys }, (_, n) => `key${n}: ${n}`).join('\n');
    const begun = performance.now();
    expect(Object.keys(parseYaml(text, 'f').value as object)).toHaveLength(keys);
    return performance.now() - begun;
  };
  const best = (keys: number) => Math.min(seconds(keys), seconds(keys), seconds(keys));
  // Eight times as many keys: by the square it would be sixty-four times as long.
  expect(best(4_000) / best(500)).toBeLessThan(30);
});

test('of very many mistakes the first hundred are told, and how many there are', () => {
  const error = refusal(() => load({ 'config/freshet.yaml': Array.from({ length: 300 }, (_, n) => `key${n}: ${n}`).join('\n') }));
  expect(error.message).toMatch(/^300 mistakes in the settings:\n/);
  expect(error.message.split('\n')).toHaveLength(102);
  expect(error.message).toMatch(/and 200 more$/);
});

test('every mistake of every layer and file is told at once, each once', () => {
  const lines = mistakes(
    {
      'config/freshet.yaml': 'loging: { level: info }\nload: { batch_size: -1 }',
      'config/environments/test.yaml': 'worker: { profile: wild }',
      'config/sources.yaml': 'books:\n  type: zoho\n  environments: { live: { base_url: "ftp://x" } }',
      '.env': 'FRESHET_REPORTS_PATH=\nFRESHET_EXTRACT_CUTOFF_DAYS=soon',
    },
    {
      env: { FRESHET_WORKER_SHUTDOWN_GRACE: '1 minute' },
      flags: { environment: 'test', values: [{ path: 'temporal.namespace', flag: '--namespace', value: '' }] },
    },
  );
  expect(lines.map((line) => line.split(': ')[0]).sort()).toEqual([
    'config/environments/test.yaml:1:11',
    'config/freshet.yaml:1:1',
    'config/freshet.yaml:2:9',
    'config/sources.yaml:2:3',
    'config/sources.yaml:3:27',
    'flag --namespace',
    'variable FRESHET_EXTRACT_CUTOFF_DAYS in .env',
    'variable FRESHET_WORKER_SHUTDOWN_GRACE',
  ]);
});

test('the error says where to begin and offers every file to edit', () => {
  const error = refusal(() => load({ 'config/freshet.yaml': '\nlod: {}', 'config/sources.yaml': 'Books: {}' }));
  expect(error.where).toBe('config/freshet.yaml:2:1');
  expect(error.next).toEqual([
    { kind: 'edit-file', label: 'Correct config/freshet.yaml', file: 'config/freshet.yaml', line: 2 },
    { kind: 'edit-file', label: 'Correct config/sources.yaml', file: 'config/sources.yaml', line: 1 },
  ]);
});

test.each([['../../etc/passwd'], ['Production'], ['a/b'], ['']])(
  'the environment name %j, which names a file, is refused',
  (environment) => {
    expect(mistakes({}, { flags: { environment } })[0]).toContain('flag --environment: environment = ');
  },
);

test('a misspelt environment is refused with the ones there are: it must not quietly mean the live sources', () => {
  expect(mistakes({}, { flags: { environment: 'prodution' } })[0]).toContain(
    'is no environment; use one of development, production, staging, test',
  );
});

test('a secret in YAML is refused and not repeated', () => {
  const book = (credentials: string) =>
    `books:\n  type: square\n  environments:\n    live: { base_url: "https://a.example", credentials: ${credentials} }`;
  for (const lines of [
    settings('database: { url: "postgres://anna:canary-1@db/x" }'),
    settings('database: { url: "canary-1" }'),
    sources(book('{ client_secret: canary-1 }')),
    sources(book('{ client_secret: { value: canary-1 } }')),
    sources('books:\n  type: square\n  environments: { live: { base_url: "https://anna:canary-1@a.example" } }'),
    mistakes({}, { env: { DATABASE_URL: 'mysql://anna:canary-1@db/x' } }),
    mistakes({}, { flags: { values: [{ path: 'database.url', flag: '--database-url', value: 'canary-1' }] } }),
  ]) {
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toContain('canary');
  }
});

test.each([['mysql://db/x'], ['sqlite:///old.db'], ['postgres://anna@db:port/x']])(
  'the example beside the refused address %s can be read',
  (url) => {
    const [line] = mistakes({}, { env: { DATABASE_URL: url } });
    expect(line).toContain('such as postgres://<user>:<password>@<host>:<port>/<database>');
    expect(line).not.toContain('[secret]');
  },
);

test('settings can be printed whole without giving the database’s password away', () => {
  const { settings: loaded } = load({}, { env: { DATABASE_URL: 'postgres://anna:canary-2@db/x' } });
  expect(`${JSON.stringify(loaded)}${inspect(loaded, { depth: 10 })}`).not.toContain('canary');
});

test('a mistake cannot carry control characters to the terminal', () => {
  expect(settings('logging: { level: "\\e[31m\\u202e\\nforged" }')[0]).toContain('"\\u001b[31m\\u202e\\nforged"');
});

test('an unknown kind of source is told with the kinds there are', () => {
  expect(sources('books: { type: xero, environments: {} }')).toEqual([
    'config/sources.yaml:1:10: books.type = "xero": must be one of zoho-books, square',
  ]);
});

test('a settings file that cannot be read is a mistake, not a crash', () => {
  expect(mistakes({ 'config/freshet.yaml/folder': '' })[0]).toMatch(/^config\/freshet\.yaml:1:1: the file cannot be read \(EISDIR\)/);
});
