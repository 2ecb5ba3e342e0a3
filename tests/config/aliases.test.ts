import { ALIASES, type Alias } from '../../src/config/aliases';
import { leavesOf, schemaTree } from '../../src/config/schema-tree';
import { settingsSchema } from '../../src/config/schema/settings';
import { originText } from '../../src/config/mistake';
import { settingLines } from '../../src/config/setting-list';
import { load, refusal } from './project-folder';

/** What each row is tried with, and what `freshet config get` then says. A row without an entry fails its test. */
const TRIED: Readonly<Record<string, readonly [given: string, becomes: string | number | boolean]>> = {
  JSON2DB_DATABASE_PATH: ['postgres://one/x', 'postgres://[secret]@one/x'],
  JSON2DB_DATABASE_TIMEOUT: ['30', '30s'],
  JSON2DB_SESSION_MAX_AGE: ['36', 36],
  JSON2DB_CUTOFF_DAYS: ['14', 14],
  JSON2DB_BATCH_SIZE: ['500', 500],
  JSON2DB_LOG_LEVEL: ['WARNING', 'warn'],
  GLOBAL_SYNC_DATABASE_PATH: ['postgres://two/y', 'postgres://[secret]@two/y'],
  GLOBAL_SYNC_DATABASE_CONNECTION_TIMEOUT: ['20', '20s'],
  GLOBAL_SYNC_SYSTEM_LOG_LEVEL: ['DEBUG', 'debug'],
  GLOBAL_SYNC_LOGGING_LOG_LEVEL: ['CRITICAL', 'error'],
  GLOBAL_SYNC_SYNC_PIPELINE_DEFAULT_CUTOFF_DAYS: ['14', 14],
  GLOBAL_SYNC_SYNC_PIPELINE_VERIFY_INTEGRITY_AFTER_SYNC: ['false', false],
  GLOBAL_SYNC_PACKAGES_API_SYNC_ENABLED: ['false', false],
  GLOBAL_SYNC_PACKAGES_JSON2DB_SYNC_ENABLED: ['off', false],
  GLOBAL_SYNC_SYNC_PIPELINE_FRESHNESS_THRESHOLD_DAYS: ['2', '2d'],
};

const rows = ALIASES.map((alias) => [alias.variable, alias] as const);
const nested = (key: string, value: unknown): unknown => key.split('.').reduceRight((below, step) => ({ [step]: below }), value);
const sets = ({ now }: Alias): string | undefined => ('setting' in now ? now.setting : undefined);

test.each(rows)('%s sets what it is called now, or says that nothing is left to set; it is told once', (variable, alias) => {
  const given = TRIED[variable]?.[0] ?? 'true';
  const loaded = load({ '.env': `${variable}=${given}\n` }, { env: { [variable]: given } });
  const told = loaded.warnings.filter((notice) => notice.includes(variable));
  expect(told).toHaveLength(1);
  const setting = sets(alias);
  if (setting === undefined) return expect(told[0]).toContain('sets nothing any more: ');
  const line = settingLines(loaded).find(({ key }) => key === setting);
  expect(line).toMatchObject({ value: TRIED[variable]![1], origin: { kind: 'variable', name: variable } });
  expect(told[0]).toContain(`is called ${setting} now (variable ${line!.variable})`);
});

test.each(rows)('the key of %s in a JSON file of the replaced tool counts the same', (variable, alias) => {
  const given = TRIED[variable]?.[0] ?? 'true';
  const value = /^\d+$/.test(given) ? Number(given) : given;
  const files = { 'old.json': JSON.stringify({ _note: 'made by the old tool', ...(nested(alias.key, value) as object) }, null, 2) };
  const loaded = load(files, { flags: { config: 'old.json' } });
  const setting = sets(ALIASES.find(({ key, now }) => key === alias.key && 'setting' in now) ?? alias);
  if (setting === undefined) return expect(loaded.warnings).toEqual([expect.stringContaining(`old.json: ${alias.key} is of a tool`)]);
  const line = settingLines(loaded).find(({ key }) => key === setting)!;
  expect(line.value).toBe(TRIED[variable]![1]);
  expect(originText(line.origin)).toMatch(/^old\.json:\d+:\d+$/);
  if (setting !== alias.key) expect(loaded.warnings).toEqual([expect.stringContaining(`is called ${setting} now`)]);
});

test.each(rows.filter(([, alias]) => sets(alias) === 'database.url'))('%s with an SQLite file is refused as one', (variable, alias) => {
  for (const path of ['data/database/production.db', '../books.sqlite3']) {
    const error = refusal(() => load({}, { env: { [variable]: path } }));
    expect(error.message).toContain(`variable ${variable}: database.url: SQLite path; set DATABASE_URL`);
  }
  const files = { 'old.json': JSON.stringify(nested(alias.key, 'data/production.db')) };
  expect(refusal(() => load(files, { flags: { config: 'old.json' } })).message).toMatch(/old\.json:1:\d+: .*SQLite path; set DATABASE_URL/);
});

test('a password in such a JSON file is refused like one in YAML, and not shown', () => {
  const files = { 'old.json': JSON.stringify({ database: { path: 'postgres://me:geheim42@h/d' } }) };
  const { message } = refusal(() => load(files, { flags: { config: 'old.json' } }));
  expect(message).toContain('a password in a settings file');
  expect(message).not.toContain('geheim42');
});

test('with DATABASE_URL set, a path that the old tool left behind stops nothing', () => {
  const env = { JSON2DB_DATABASE_PATH: 'data/production.db' };
  expect(load({ '.env': 'DATABASE_URL=postgres://h/d\n' }, { env }).settings.database.url?.reveal()).toBe('postgres://h/d');
});

test('freshet’s own names are stronger than those of the tools it replaces, wherever they stand', () => {
  const loaded = load({ '.env': 'FRESHET_LOAD_CUTOFF_DAYS=5\n' }, { env: { JSON2DB_CUTOFF_DAYS: '14' } });
  expect(loaded.settings.load.cutoff_days).toBe(5);
});

test('a variable of the old tools that is in no row is told too, and a wrong value names the variable', () => {
  expect(load({}, { env: { GLOBAL_SYNC_UI_MENU_TIMEOUT_SECONDS: '3' } }).warnings).toEqual([
    'the variable GLOBAL_SYNC_UI_MENU_TIMEOUT_SECONDS is of a tool that freshet replaces and sets nothing any more: freshet has nothing like it',
  ]);
  const error = refusal(() => load({}, { env: { JSON2DB_CUTOFF_DAYS: 'many' } }));
  expect(error.message).toContain('variable JSON2DB_CUTOFF_DAYS: load.cutoff_days = "many": must be a whole number');
});

test('every row that sets something names a setting that there is, and no variable stands twice', () => {
  const keys = leavesOf(schemaTree(settingsSchema)).map(({ path }) => path.join('.'));
  for (const alias of ALIASES) expect([undefined, ...keys]).toContain(sets(alias));
  expect(new Set(ALIASES.map(({ variable }) => variable)).size).toBe(ALIASES.length);
});
