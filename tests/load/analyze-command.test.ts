import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { documentOf, freshet } from '../cli/in-process';
import { testDatabase } from '../support/database';

const database = testDatabase();
let folder: string;
let db: Database;
const before = { ...process.env };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-files-'));
  Object.assign(process.env, { DATABASE_URL: database.url, FRESHET_ENV: 'test', FRESHET_HOME: folder });
  db = openDatabase({ url: database.url, poolSize: 1 });
  writeFileSync(
    join(folder, 'things.json'),
    JSON.stringify([
      { id: 1, price: 2.5, at: '2025-01-01T00:00:00Z' },
      { id: 2, price: null },
    ]),
  );
  mkdirSync(join(folder, 'sub'));
});
afterAll(async () => {
  process.env = before;
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

test('analyze says for people what a folder holds and what would become of it, and writes nothing', async () => {
  const said = await freshet('analyze', '--dir', folder);
  expect(said).toMatchObject({ code: 0, stderr: '' });
  expect(said.stdout).toContain('2 records of 1 entity in ');
  expect(said.stdout).toContain('The tables must be made or changed; ./freshet load does it by itself.');
  expect(said.stdout).toMatch(/things +2 +3 +id +– +– +to be made/);
  expect(said.stdout).toContain('public.json_things: to be made, 3 columns beside freshet’s own');
  expect(said.stdout).toContain('id is column source_id: freshet or PostgreSQL has a column of the field’s name');
  expect(said.stdout).toMatch(/price +numeric +50 % +2\.5 +2\.5 +9\.9/);
  expect(said.stdout).toMatch(/Nothing was written\.\n$/);
  expect(await db.query(`select from pg_class where relname = 'json_things'`)).toEqual([]);
});

test('as JSON it says the same to programs, and --entity narrows it', async () => {
  const said = await freshet('analyze', '--dir', folder, '--entity', 'things', '--json');
  expect(documentOf(said)).toMatchObject({
    ok: true,
    command: 'analyze',
    data: {
      root: folder,
      input: 'directory',
      schema_changes_required: true,
      entities: [{ entity: 'things', definition: { key: ['id'] } }],
    },
  });
});

test('files that a load could not take make exit code 4', async () => {
  writeFileSync(join(folder, 'sub', 'broken.json'), '[{"id":1');
  writeFileSync(join(folder, 'sub', 'keyless.json'), '[{"a":1.5},{"a":1.5}]');
  const said = await freshet('analyze', '--dir', join(folder, 'sub'));
  expect(said.code).toBe(4);
  expect(said.stdout).toContain('keyless has no key: no field has a value of its own in each of the 2 records');
  expect(said.stdout).toMatch(/broken\.json/);
});

test('where freshet never worked every table is still to be made', async () => {
  await db.query('alter schema freshet rename to elsewhere');
  try {
    const said = await freshet('analyze', '--dir', folder, '--entity', 'things', '--json');
    expect(documentOf(said).data).toMatchObject({ schema_changes_required: true, entities: [{ tables: [{ exists: false }] }] });
  } finally {
    await db.query('alter schema elsewhere rename to freshet');
  }
});
