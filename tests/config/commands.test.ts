import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { documentOf, freshet } from '../cli/in-process';
import { projectFolder } from './project-folder';

const home = process.cwd();
const FILES = {
  'config/freshet.yaml': 'logging: { level: warn }\nsync_pipeline:\n  full_every: 3d\n',
  'config/sources.yaml': 'books:\n  type: zoho-books\n  environments: { test: { base_url: "http://127.0.0.1:1" } }\n',
  'config/environments/test.yaml': 'source_environment: test\n',
  'config/pipelines/books.yaml': 'name: books\nsource: books\nentities:\n  contacts:\n  items: { depends_on: [contacts] }\n',
  '.env': 'FRESHET_LOAD_CUTOFF_DAYS=9\n',
};

/** Makes a project of these files the one that commands work on. */
function enter(files: Readonly<Record<string, string>>): string {
  const root = projectFolder(files);
  process.chdir(root);
  return root;
}

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (/^(FRESHET_|DATABASE_URL|TEMPORAL_|ENVIRONMENT)/.test(name)) delete process.env[name];
  process.env['FRESHET_ENV'] = 'test';
});
afterEach(() => process.chdir(home));

describe('config show', () => {
  it('tells every value with where it comes from: default, file:line:column, variable, .env, flag', async () => {
    enter(FILES);
    process.env['FRESHET_WORKER_SHUTDOWN_GRACE'] = '12s';
    const ended = await freshet('config', 'show', '--json', '--database-url', 'postgres://me:geheim77@db.example/books');
    const { ok, command, data } = documentOf(ended);
    expect({ ok, command }).toEqual({ ok: true, command: 'config show' });
    const said = new Map(data.settings.map(({ key, value, from }: Record<string, unknown>) => [key, [value, from]]));
    expect(said.get('environment')).toEqual(['test', 'variable FRESHET_ENV']);
    expect(said.get('logging.level')).toEqual(['warn', 'config/freshet.yaml:1:12']);
    expect(said.get('sync_pipeline.full_every')).toEqual(['3d', 'config/freshet.yaml:3:3']);
    expect(said.get('source_environment')).toEqual(['test', 'config/environments/test.yaml:1:1']);
    expect(said.get('load.cutoff_days')).toEqual([9, 'variable FRESHET_LOAD_CUTOFF_DAYS in .env']);
    expect(said.get('worker.shutdown_grace')).toEqual(['12s', 'variable FRESHET_WORKER_SHUTDOWN_GRACE']);
    expect(said.get('worker.heartbeat.timeout')).toEqual(['30s', 'default']);
    expect(said.get('database.url')).toEqual(['postgres://[secret]@db.example/books', 'flag --database-url']);
    expect(ended.stdout).not.toContain('geheim77');
  });

  it('is a table for people', async () => {
    enter(FILES);
    const { stdout } = await freshet('config', 'show');
    expect(stdout).toMatch(/^setting +value +comes from$/m);
    expect(stdout).toMatch(/^load\.cutoff_days +9 +variable FRESHET_LOAD_CUTOFF_DAYS in \.env$/m);
    expect(stdout).toMatch(/^database\.url +– +default$/m);
  });
});

describe('config get', () => {
  it('prints the bare value, or everything below a key', async () => {
    enter(FILES);
    expect((await freshet('config', 'get', 'sync_pipeline.full_every')).stdout).toBe('3d\n');
    expect((await freshet('config', 'get', 'worker.heartbeat')).stdout).toBe(
      'worker.heartbeat.timeout 30s\nworker.heartbeat.throttle 1s\n',
    );
    expect(documentOf(await freshet('config', 'get', 'load.cutoff_days', '--json')).data).toMatchObject({
      value: 9,
      variable: 'FRESHET_LOAD_CUTOFF_DAYS',
    });
  });

  it.each([
    ['sync_pipeline.ful_every', 'Did you mean sync_pipeline.full_every?'],
    ['FRESHET_LOAD_CUTOFF_DAYS', 'Did you mean load.cutoff_days?'],
    ['nothing.like.that.at.all', 'docs/settings.md'],
  ])('a key that is none (%s) is wrong use', async (key, hint) => {
    enter(FILES);
    const document = documentOf(await freshet('config', 'get', key, '--json'));
    expect(document).toMatchObject({ ok: false, exit_code: 2, error: { code: 'setting-unknown' } });
    expect(document.error.remedy).toContain(hint);
  });
});

describe('config validate', () => {
  it('finds nothing wrong in good files', async () => {
    enter(FILES);
    const { code, stdout } = await freshet('config', 'validate');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Nothing wrong: the settings of environment test, 1 source and 1 pipeline.\n' });
  });

  it('tells all mistakes of all files at once, each with file, line and column, and ends with exit code 2', async () => {
    enter({
      ...FILES,
      'config/freshet.yaml': 'logging: { level: loud }\nload: { cutof_days: 3 }\n',
      'config/pipelines/books.yaml': 'name: books\nsource: boks\nentities:\n  contacts: { priorty: high }\n',
      'config/pipelines/other.yaml': 'name: othr\nsource: books\nentities:\n  invoces:\n  items: { depends_on: [contact] }\n',
      '.env': 'FRESHET_LOAD_SESSION_MAX_AGE=old\n',
    });
    const ended = await freshet('config', 'validate', '--json');
    const { data, error, exit_code } = documentOf(ended);
    expect({ exit_code, code: error.code, valid: data.valid }).toEqual({ exit_code: 2, code: 'settings-invalid', valid: false });
    expect(data.mistakes.map(({ text }: { text: string }) => text)).toEqual([
      'config/freshet.yaml:1:12: logging.level = "loud": must be one of debug, info, warn, error',
      'variable FRESHET_LOAD_SESSION_MAX_AGE in .env: load.session_max_age = "old": must be a whole number from 1 to 87600',
      'config/freshet.yaml:2:9: load.cutof_days: unknown key; did you mean cutoff_days?',
      'config/pipelines/books.yaml:4:15: entities.contacts.priorty: unknown key; did you mean priority?',
      'config/pipelines/other.yaml:4:3: entities.invoces = invoces: unknown; did you mean invoices?',
      'config/pipelines/other.yaml:5:25: entities.items.depends_on.0 = contact: must be one of invoces, items',
      'config/pipelines/other.yaml:1:1: name = othr: must be other, as the file is called',
    ]);
    const people = await freshet('config', 'validate');
    expect(people.code).toBe(2);
    expect(people.stdout).toBe('');
    expect(people.stderr).toContain('error settings-invalid: 7 mistakes in the settings');
    expect(people.stderr).toContain('→ config/freshet.yaml:1');
  });

  it('does not blame the pipelines for a broken sources file', async () => {
    enter({ ...FILES, 'config/sources.yaml': 'books: { typ: zoho-books }\n' });
    const { data } = documentOf(await freshet('config', 'validate', '--json'));
    expect(data.mistakes.map(({ origin }: { origin: { file: string } }) => origin.file)).toEqual(Array(3).fill('config/sources.yaml'));
  });
});

describe('config schema', () => {
  it('writes the schemas where the modelines of the shipped files point', async () => {
    const root = enter(FILES);
    const { stdout } = await freshet('config', 'schema');
    expect(stdout.trim().split('\n')).toEqual(
      ['settings', 'sources', 'pipeline', 'comparison'].map((name) => `.freshet/schema/${name}.json`),
    );
    const shipped = resolve(__dirname, '../../config');
    mkdirSync(join(root, 'shipped'));
    symlinkSync(join(root, '.freshet'), join(root, 'shipped', '.freshet'));
    for (const [file, depth] of [
      ['freshet.yaml', '../'],
      ['sources.yaml', '../'],
      ['environments/production.yaml', '../../'],
      ['pipelines/zoho-books.yaml', '../../'],
    ] as const) {
      const modeline = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(shipped, file), 'utf8'))?.[1] ?? '';
      expect(modeline.startsWith(`${depth}.freshet/schema/`)).toBe(true);
      expect(existsSync(join(root, modeline.slice(depth.length)))).toBe(true);
    }
  });

  it('prints one by its name, and knows no others', async () => {
    enter(FILES);
    expect(JSON.parse((await freshet('config', 'schema', 'pipeline')).stdout)).toMatchObject({ required: ['name', 'source', 'entities'] });
    expect(documentOf(await freshet('config', 'schema', 'pipelines', '--json'))).toMatchObject({
      exit_code: 2,
      error: { code: 'choice-unknown' },
    });
  });
});
