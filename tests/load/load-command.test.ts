import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { documentOf, freshet } from '../cli/in-process';
import { testDatabase } from '../support/database';

/** What a load says before it writes, and which keys it takes. Each test has a folder and entities of its own. */
const database = testDatabase();
let folder: string;
let db: Database;
const before = { ...process.env };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-load-command-'));
  const reports = join(folder, 'reports');
  Object.assign(process.env, { DATABASE_URL: database.url, FRESHET_ENV: 'test', FRESHET_HOME: folder, FRESHET_REPORTS_PATH: reports });
  db = openDatabase({ url: database.url, poolSize: 1 });
});
afterAll(async () => {
  process.env = before;
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A folder with one file. */
function deliver(entity: string, records: readonly object[]): string {
  const root = join(folder, `of-${entity}`);
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, `${entity}.json`), JSON.stringify(records));
  return root;
}
const typed = async (...words: string[]): Promise<ReturnType<typeof documentOf>> => documentOf(await freshet(...words, '--json'));
const load = (root: string, ...more: string[]): ReturnType<typeof typed> => typed('load', '--dir', root, '--local', ...more);
const columnsOf = (table: string): Promise<object[]> =>
  db.query(`select attname::text as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 order by attnum`, [table]);

describe('load --dry-run', () => {
  test('shows tables to be made, then columns to be added and widened, for people and programs, and writes nothing', async () => {
    const root = deliver('wares', [{ ware_id: 'a', n: 1, lines: [{ sku: 'x' }] }]);
    const first = await freshet('load', '--dir', root, '--dry-run');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('wares: 1 record\n');
    expect(first.stdout).toContain('  public.json_wares: to be made, 2 columns beside freshet’s own\n');
    expect(first.stdout).toContain('  public.json_wares_line_items: to be made, 1 column beside freshet’s own\n');
    expect(first.stdout).toContain('the tables do not fit as they are. Nothing was written;');
    expect(await columnsOf('public.json_wares')).toEqual([]);
    expect(await db.query(`select from freshet.run where pipeline = 'json2db'`)).toEqual([]);

    expect(await load(root)).toMatchObject({ exit_code: 0 });
    const made = await columnsOf('public.json_wares');
    deliver('wares', [{ ware_id: 'b', n: 1.5, colour: 'red', lines: [{ sku: 'x', size: 2 }] }]);
    expect(await load(root, '--dry-run')).toMatchObject({
      exit_code: 0,
      data: {
        root,
        input: 'directory',
        total_records: 1,
        schema_changes_required: true,
        entities: [
          {
            entity: 'wares',
            pipeline: 'json2db',
            files: [{ key: 'wares.json' }],
            outcome: 'changes',
            schema_policy: 'evolve',
            tables: [
              { add: [{ column: 'colour', type: 'text' }], widen: [{ column: 'n', from: 'bigint', to: 'numeric' }] },
              { add: [{ column: 'size', type: 'bigint' }], widen: [] },
            ],
          },
        ],
      },
    });
    const { stdout } = await freshet('load', '--dir', root, '--dry-run');
    expect(stdout).toContain('  public.json_wares: add colour text\n  public.json_wares: n from bigint to numeric\n');
    expect(await columnsOf('public.json_wares')).toEqual(made);
  });

  test('says that nothing changes where the tables fit, and that an entity would fail under skip_table_creation', async () => {
    const root = deliver('crates', [{ crate_id: 'a' }]);
    const fails = await freshet('load', '--dir', root, '--dry-run', '--skip-table-creation');
    expect(fails.code).toBe(4);
    expect(fails.stdout).toContain('crates would fail: skip_table_creation is set, and its tables do not fit');
    expect(await load(root)).toMatchObject({ exit_code: 0 });
    expect(await load(root, '--dry-run', '--skip-table-creation')).toMatchObject({
      exit_code: 0,
      data: { schema_changes_required: false, entities: [{ outcome: 'fits' }] },
    });
  });

  test('tells a file that cannot be read', async () => {
    const root = deliver('damaged', [{ id: 1 }]);
    writeFileSync(join(root, 'damaged.json'), '[{"id":1}');
    expect(await load(root, '--dry-run')).toMatchObject({ exit_code: 4, data: { entities: [{ bad_files: [{ file: 'damaged.json' }] }] } });
  });
});

test('the setting load.skip_table_creation does what the flag does', async () => {
  const root = deliver('barrels', [{ barrel_id: 'a' }]);
  process.env['FRESHET_LOAD_SKIP_TABLE_CREATION'] = 'true';
  try {
    expect(await load(root)).toMatchObject({ exit_code: 1, data: { entities: [{ state: 'failed', error_code: 'tables-incomplete' }] } });
  } finally {
    delete process.env['FRESHET_LOAD_SKIP_TABLE_CREATION'];
  }
  expect(await columnsOf('public.json_barrels')).toEqual([]);
});

describe('--key', () => {
  const READINGS = [
    { sensor: 1, at: 'x', v: 1.5 },
    { sensor: 1, at: 'y', v: 1.5 },
    { sensor: 2, at: 'x', v: 1.5 },
    { sensor: 2, at: 'x', v: 2.5 },
  ];

  test('analyze takes the key as load does, and so does tables ddl', async () => {
    const root = deliver('readings', READINGS);
    expect(await typed('analyze', '--dir', root)).toMatchObject({ exit_code: 4, data: { entities: [{ definition: null }] } });
    expect(await typed('analyze', '--dir', root, '--key', 'readings=sensor,at')).toMatchObject({
      exit_code: 0,
      data: { entities: [{ definition: { key: ['sensor', 'at'] }, tables: [{ table: 'public.json_readings', exists: false }] }] },
    });
    const ddl = await freshet('tables', 'ddl', 'readings', '--dir', root, '--key', 'readings=sensor,at');
    expect(ddl).toMatchObject({ code: 0 });
    expect(ddl.stdout).toContain('"sensor" text');
  });

  test('an entity that no file is of is a mistake', async () => {
    const root = deliver('gauges', [{ gauge_id: 1 }]);
    for (const command of ['analyze', 'load']) {
      expect(await typed(command, '--dir', root, '--key', 'gauge=gauge_id')).toMatchObject({
        exit_code: 2,
        error: { code: 'key-flag', remedy: expect.stringContaining('Did you mean gauges?') as string },
      });
    }
  });

  test('the key that a table has already is a notice, another one an error; a table that was put away is made anew with it', async () => {
    const root = deliver('meters', [
      { meter_id: 'a', place: 'p', line_items: [{ x: 1 }] },
      { meter_id: 'b', place: 'q' },
    ]);
    expect(await load(root)).toMatchObject({ exit_code: 0 });
    const same = await freshet('load', '--dir', root, '--local', '--key', 'meters=meter_id');
    expect(same.code).toBe(0);
    expect(same.stderr).toContain('--key: the key of meters is meter_id already');
    for (const command of ['analyze', 'load']) {
      expect(await typed(command, '--dir', root, '--key', 'meters=place')).toMatchObject({
        exit_code: 2,
        error: {
          code: 'key-held',
          message: 'The rows of public.json_meters are told apart by meter_id; --key meters=place would be another key',
          remedy: expect.stringContaining('rename json_meters and json_meters_line_items') as string,
        },
      });
    }
    await db.query('alter table public.json_meters rename to json_meters_before');
    await db.query('alter table public.json_meters_line_items rename to json_meters_lines_before');
    expect(await load(root, '--key', 'meters=place')).toMatchObject({ exit_code: 0, data: { entities: [{ ledger: { inserted: 2 } }] } });
    expect(await db.query('select id, meter_id from public.json_meters order by 1')).toEqual([
      { id: 'p', meter_id: 'a' },
      { id: 'q', meter_id: 'b' },
    ]);
    expect(await db.query('select id from public.json_meters_before order by 1')).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(await load(root, '--key', 'meters=place')).toMatchObject({ exit_code: 0, data: { entities: [{ ledger: { unchanged: 2 } }] } });
  });
});
