// npm run soak [-- <schedules> [<seed>]]: boundary schedules in thousands; the result goes to docs/reliability/boundary-soak.json.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [schedules = '5000', seed] = process.argv.slice(2);
for (const number of [schedules, seed ?? '1']) {
  if (/^[1-9]\d{0,8}$/.test(number)) continue;
  process.stderr.write('Usage: npm run soak [-- <number of schedules> [<seed>]]\n');
  process.exit(2);
}
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const { status } = spawnSync(process.execPath, [jest, '--selectProjects=db', '--testMatch=**/tests/soak/**/*.soak.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    FRESHET_SOAK_SCHEDULES: schedules,
    ...(seed === undefined ? {} : { FRESHET_SOAK_SEED: seed }),
    FRESHET_SOAK_RESULT: join(root, 'docs', 'reliability', 'boundary-soak.json'),
  },
});
process.exit(status ?? 1);
