import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

test('records parsed in other threads become the same rows and rejects, in the same order', async () => {
  const words = ['-r', join(__dirname, '../../scripts/typescript.cjs'), join(__dirname, 'rows-in-threads.ts')];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  expect(JSON.parse(stdout)).toEqual({ rows: 901, rejects: 6 });
});
