import { execFile } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load, type LoadOptions, type LoadResult } from '../../src/index';
import { packageFolder } from '../../src/stack/home';
import { testDatabase } from '../support/database';

/** Loads in a process of their own, whose greatest size is measured. */
const database = testDatabase();
const MIB = 1024 * 1024;

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'freshet-memory-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Measured {
  readonly loaded: LoadResult;
  /** MiB that the process grew beyond its greatest size before. */
  readonly grown: number;
}

/** The last of these loads is measured; the first ones bring the process to the size that it has anyway. */
async function loads(...options: readonly LoadOptions[]): Promise<Measured> {
  const file = join(folder, 'loads.js');
  writeFileSync(
    file,
    `const { load } = require(${JSON.stringify(packageFolder())});
    const size = () => process.resourceUsage().maxRSS / 1024;
    async function main() {
      let [loaded, before] = [null, 0];
      for (const options of ${JSON.stringify(options)}) {
        before = size();
        loaded = await load(options);
      }
      console.log(JSON.stringify({ loaded, grown: size() - before }));
    }
    main();`,
  );
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: database.url,
    FRESHET_ENV: 'test',
    FRESHET_HOME: join(folder, 'home'),
    FRESHET_REPORTS_PATH: join(folder, 'reports'),
  };
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env, maxBuffer: 16 * MIB });
  return JSON.parse(stdout) as Measured;
}

/** A file of records; each text is one. */
function written(name: string, texts: Iterable<string>): string {
  const dir = join(folder, name);
  mkdirSync(dir);
  const file = openSync(join(dir, `${name}.ndjson`), 'w');
  for (const text of texts) writeSync(file, `${text}\n`);
  closeSync(file);
  return dir;
}

function* readings(count: number, long: number): Generator<string> {
  const words = 'a reading of the meter in the cellar, taken by hand and typed in again. '.repeat(12);
  for (let n = 0; n < count; n++) {
    const note = n % 4_000 === 7 ? words.repeat(long) : words;
    yield JSON.stringify({
      id: `R${n}`,
      at: '2025-07-12T10:00:00Z',
      value: n / 4,
      note,
      line_items: [{ line_item_id: `L${n}`, pieces: n }],
    });
  }
}

test('a file larger than the limit is loaded, and the process grows by little', async () => {
  // Large enough for a thread, as the other one.
  const few = written('few', readings(9_000, 1));
  const many = written('many', readings(20_000, 1_700));
  const { loaded, grown } = await loads({ dir: few, memoryLimit: '16MiB' }, { dir: many, memoryLimit: '16MiB', batchSize: 100 });
  expect(loaded).toMatchObject({ success: true, tables: [{ name: 'public.json_many', record_count: 20_000 }] });
  expect(grown).toBeLessThan(128);
}, 120_000);

test('a record that is longer than the limit allows is told with its place and the setting; nothing of its file is loaded', async () => {
  const dir = written('long', ['{"id":"a"}', JSON.stringify({ id: 'b', note: 'x'.repeat(3 * MIB) })]);
  const { loaded } = await loads({ dir, memoryLimit: '16MiB' });
  expect(loaded).toMatchObject({ success: false, tables: [{ record_count: 0 }] });
  const [entity] = loaded.runs[0]!.entities;
  expect(entity).toMatchObject({ state: 'failed', error_code: 'input-files-bad' });
  expect(entity!.error).toMatch(/long\.ndjson: Line 2 is longer than 2 MiB \(byte 11\)/);
  expect(entity!.remedy).toContain('raise load.memory_limit, of which a record may have an eighth');
  const again = await loads({ dir, memoryLimit: '32MiB' });
  expect(again.loaded).toMatchObject({ success: true, tables: [{ name: 'public.json_long', record_count: 2 }] });
});

test('limits that are none are told with their flag, before anything is done', async () => {
  const answer = await load({ memoryLimit: 'much', batchSize: 0, databaseUrl: database.url, env: { FRESHET_ENV: 'test' } });
  expect(answer).toMatchObject({ success: false, error_type: 'config_error', error_code: 'settings-invalid' });
  expect(answer.error).toContain('flag --memory-limit: load.memory_limit = "much": must be a size such as 64KiB or 256MiB');
  expect(answer.error).toContain('flag --batch-size: load.batch_size = 0');
  const small = await load({ memoryLimit: '1MiB', env: { FRESHET_ENV: 'test' } });
  expect(small.error).toContain('at least 16MiB');
});
