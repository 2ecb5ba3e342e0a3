import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examine, fine, type Patient } from '../../src/client/doctor/check';
import { CHECKS } from '../../src/client/doctor/checks';
import { judgeNode, judgeSpace } from '../../src/client/doctor/machine';
import { judgeSchedules } from '../../src/client/doctor/pipelines';
import { judgeClock, judgeMigrations, judgePostgres } from '../../src/client/doctor/postgres';
import { tarGz } from '../../src/client/doctor/tar';
import { judgeSearchAttributes } from '../../src/client/doctor/temporal';
import { MARK_NAMES } from '../../src/workflows/marks';
import { MIGRATIONS } from '../../src/database/migrate';
import { FreshetError } from '../../src/domain/errors';

const ours = Object.keys(MIGRATIONS);
/** The search attributes that a namespace without any lacks. */
const marks = judgeSearchAttributes([]).message.split(': ')[1]!.split(', ');

it.each([
  ['Node 20.19.0', judgeNode('20.19.0'), 'ok', 'Node 20.19.0'],
  ['Node 22.1.0', judgeNode('22.1.0'), 'ok', ''],
  ['Node 20.18.3', judgeNode('20.18.3'), 'problem', 'needs 20.19 or later'],
  ['PostgreSQL 18', judgePostgres(180_004, 'db'), 'ok', 'PostgreSQL 18.4 at db'],
  ['PostgreSQL 15', judgePostgres(150_000, 'db'), 'ok', ''],
  ['PostgreSQL 14', judgePostgres(140_012, 'db'), 'problem', '14.12 at db is too old: freshet needs 15 or later'],
  ['all migrations', judgeMigrations(ours), 'ok', `all ${ours.length}`],
  ['no migration', judgeMigrations([]), 'warning', 'never worked on this database'],
  ['an older schema', judgeMigrations(ours.slice(0, 1)), 'warning', ours[1]!],
  ['a newer schema', judgeMigrations([...ours, '9999-later']), 'problem', '9999-later'],
  ['a good clock', judgeClock(1_500, 30), 'ok', ''],
  ['a slow answer', judgeClock(5_000, 4_000), 'ok', ''],
  ['a clock behind', judgeClock(-5_000, 30), 'warning', '5.0 s behind'],
  ['a wrong clock', judgeClock(3_600_000, 30), 'problem', '3600.0 s ahead of'],
  ['much space', judgeSpace('landing.path', '/data', 50e9), 'ok', '/data'],
  ['little space', judgeSpace('landing.path', '/data', 1e9), 'warning', '0.9 GiB free for landing.path (/data)'],
  ['no space', judgeSpace('landing.path', '/data', 1e8), 'problem', 'only 0.1 GiB'],
  ['search attributes', judgeSearchAttributes(MARK_NAMES), 'ok', ''],
  ['missing search attributes', judgeSearchAttributes(marks.slice(0, 1)), 'warning', marks.slice(1).join(', ')],
])('%s is judged', (_, finding, verdict, text) => {
  expect(finding).toMatchObject({ verdict, message: expect.stringContaining(text) });
  expect(finding.remedy === undefined).toBe(verdict === 'ok');
});

it('schedules: not applied, applied and not in the file any more, paused', () => {
  const applied = [
    { pipeline: 'b', paused_reason: null },
    { pipeline: 'c', paused_reason: 'stock-taking' },
    { pipeline: 'd', paused_reason: null },
  ];
  expect(judgeSchedules(['a', 'b', 'c'], applied).map(({ message }) => message)).toEqual([
    'the schedule of a is not applied: it does not run by itself',
    'd runs by a schedule that its file has not any more',
    'the schedule of c is paused: stock-taking',
  ]);
  expect(judgeSchedules(['b'], applied.slice(0, 1))).toEqual([]);
});

it('a check that throws has found a problem, and the others still look', async () => {
  const found = await examine(
    [
      { name: 'broken', look: () => Promise.reject(new FreshetError('file_error', { code: 'x', message: 'm', why: 'w', remedy: 'r' })) },
      { name: 'good', look: () => [fine('one'), fine('two')] },
    ],
    {} as Patient,
  );
  expect(found).toEqual([
    { check: 'broken', verdict: 'problem', message: 'm (w)', remedy: 'r', next: [] },
    { check: 'good', verdict: 'ok', message: 'one' },
    { check: 'good', verdict: 'ok', message: 'two' },
  ]);
});

it('every check has a name of its own', () => {
  expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length);
});

it('the archive is one that tar reads, byte for byte', () => {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-tar-'));
  const files = [
    { name: 'about.json', text: '{"Größe": "1"}' },
    { name: 'logs/worker.log', text: 'x'.repeat(512 * 3) },
    { name: 'logs/empty.log', text: '' },
  ];
  writeFileSync(join(folder, 'a.tar.gz'), tarGz(files, 1_700_000_000));
  const { status, stderr } = spawnSync('tar', ['-xzf', 'a.tar.gz'], { cwd: folder, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const { name, text } of files) expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  rmSync(folder, { recursive: true });
});
