import { settingsSchema } from '../../src/config/schema/settings';
import { leavesOf, schemaTree } from '../../src/config/schema-tree';
import { variableOf } from '../../src/config/variables';
import { load, refusal } from './project-folder';

test('no two settings share a variable, so that every name resolves against the schema', () => {
  const names = leavesOf(schemaTree(settingsSchema)).map((leaf) => variableOf(leaf.path));
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('FRESHET_SYNC_PIPELINE_DEFAULT_CUTOFF_DAYS');
  expect(names).toContain('FRESHET_LOGGING_COMPONENTS_EXTRACT');
});

test('variables are read as the schema wants them: numbers, durations, words', () => {
  const { settings } = load(
    {},
    {
      env: {
        FRESHET_SYNC_PIPELINE_DEFAULT_CUTOFF_DAYS: '12',
        FRESHET_SYNC_PIPELINE_BATCH_DETAIL_CALLS: '5',
        FRESHET_WORKER_HEARTBEAT_TIMEOUT: '5s',
        FRESHET_LOGGING_COMPONENTS_EXTRACT: 'debug',
        FRESHET_LOAD_BATCH_SIZE: '',
      },
    },
  );
  expect(settings.sync_pipeline).toMatchObject({ default_cutoff_days: 12, batch: { detail_calls: 5 } });
  expect(settings.worker.heartbeat.timeout).toBe(5_000);
  expect(settings.logging.components.extract).toBe('debug');
  expect(settings.load.batch_size).toBe(1_000);
});

test('DATABASE_URL, TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE count, freshet’s own names of them are stronger', () => {
  const env = { DATABASE_URL: 'postgres://a:b-secret@one/x', TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'books' };
  const { settings } = load({}, { env });
  expect(settings.database.url?.reveal()).toBe(env.DATABASE_URL);
  expect(settings.temporal).toMatchObject({ address: 'temporal:7233', namespace: 'books' });
  const own = load({}, { env: { FRESHET_DATABASE_URL: 'postgres://two/x', ...env } });
  expect(own.settings.database.url?.reveal()).toBe('postgres://two/x');
});

test('a misspelt variable is said, with what was probably meant; foreign ones are nobody’s business', () => {
  const { warnings } = load(
    {},
    { env: { FRESHET_SYNC_PIPELINE_DEFAULT_CUTOF_DAYS: '3', PATH: '/bin', FRESHET_ENV: 'test', FRESHET_FAULTS: '' } },
  );
  expect(warnings).toEqual([
    'the variable FRESHET_SYNC_PIPELINE_DEFAULT_CUTOF_DAYS is no setting; did you mean FRESHET_SYNC_PIPELINE_DEFAULT_CUTOFF_DAYS?',
  ]);
});

test('.env is read with quotes and comments, and named as the place of a mistake', () => {
  const good = load({ '.env': '# comment\nexport FRESHET_LOAD_CUTOFF_DAYS="9"\nZOHO_BOOKS_CLIENT_ID=abc\n' });
  expect(good.settings.load.cutoff_days).toBe(9);
  expect(good.variables['ZOHO_BOOKS_CLIENT_ID']).toBe('abc');
  expect(refusal(() => load({ '.env': 'FRESHET_LOAD_CUTOFF_DAYS=nine' })).message).toContain(
    'variable FRESHET_LOAD_CUTOFF_DAYS in .env: load.cutoff_days = "nine"',
  );
});

test.each(['sqlite:///data/books.db', './data/pyerp.sqlite3', 'books.db', 'file:x.db'])('an SQLite path (%s) is refused as one', (url) => {
  expect(refusal(() => load({}, { env: { DATABASE_URL: url } })).message).toContain('SQLite path; set DATABASE_URL');
});

test.each(['postgres://u:p@h:5432/d', 'postgresql://h/d', 'postgres:///d?host=/var/run/postgresql', 'postgres://u@/d'])(
  '%s is a database URL',
  (url) => {
    expect(load({}, { env: { DATABASE_URL: url } }).settings.database.url?.reveal()).toBe(url);
  },
);

test.each(['FRESHET_FAULTS', 'FRESHET_DEFECTS'])('%s stops every environment but development and test at the start', (name) => {
  const value = 'kill@1';
  expect(refusal(() => load({}, { env: { [name]: value }, flags: { environment: 'production' } })).message).toContain(
    `variable ${name}: forbidden`,
  );
  expect(load({}, { env: { [name]: value }, flags: { environment: 'test' } }).settings.environment).toBe('test');
});
