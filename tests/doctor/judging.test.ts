import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examine, fine, type Patient } from '../../src/client/doctor/check';
import { CHECKS } from '../../src/client/doctor/checks';
import { obstacleWords } from '../../src/client/writable-folder';
import { judgeFolders, judgeNode, judgeSpace } from '../../src/client/doctor/machine';
import { judgeSchedules } from '../../src/client/doctor/pipelines';
import { judgeClock, judgeMigrations, judgePostgres } from '../../src/client/doctor/postgres';
import { tarGz } from '../../src/client/doctor/tar';
import { judgeSearchAttributes } from '../../src/client/doctor/temporal';
import { MARK_NAMES } from '../../src/workflows/marks';
import { MIGRATION_NAMES } from '../../src/database/migration-names';
import { atOwnAddress } from '../../src/client/database-address';
import type { Origin } from '../../src/config/mistake';
import type { Settings } from '../../src/config/schema/settings';
import { databaseError } from '../../src/database/database-error';
import { Secret } from '../../src/observability/secret';
import { FreshetError } from '../../src/domain/errors';

const ours = [...MIGRATION_NAMES];
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

describe('an address of the database that somebody set', () => {
  const url = new Secret('postgres://me:geheim77@db.example.com/books');
  const unreachable = databaseError(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'select 1');
  const remedyAt = (origin: Origin | null): FreshetError =>
    atOwnAddress(unreachable, {
      settings: { database: origin === null ? {} : { url } } as Settings,
      origins: new Map(origin === null ? [] : [['database.url', origin]]),
    }) as FreshetError;

  it.each<[string, Origin, object]>([
    ['variable DATABASE_URL in .env', { kind: 'variable', name: 'DATABASE_URL', file: '.env' }, { file: '.env' }],
    [
      'config/freshet.yaml:3:8',
      { kind: 'file', file: 'config/freshet.yaml', line: 3, column: 8 },
      { file: 'config/freshet.yaml', line: 3 },
    ],
    ['flag --database-url', { kind: 'flag', name: '--database-url' }, { command: './freshet doctor' }],
  ])('and does not answer is to be corrected where it was set: %s', (place, origin, next) => {
    const error = remedyAt(origin);
    expect(error).toMatchObject({ code: 'database-unreachable', where: place, next: [next] });
    expect(error.remedy).toBe(`Start the server at that address, or correct the address: database.url, given by ${place}.`);
  });

  it('is not spoken of where nobody set one: then the embedded server is to be started', () => {
    expect(remedyAt(null).next).toEqual([expect.objectContaining({ command: './freshet up' })]);
  });
});

describe('a folder that cannot be written to', () => {
  let place: string;
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'freshet-folders-'));
    writeFileSync(join(place, 'a-file'), '');
    mkdirSync(join(place, 'reports'));
    writeFileSync(join(place, 'reports', 'sync'), '');
    symlinkSync(join(place, 'nowhere', 'at-all'), join(place, 'link'));
  });
  afterAll(() => rmSync(place, { recursive: true }));

  it.each([
    ['a file stands in its place', 'a-file', 'a-file is a file, not a folder', 'Move the file'],
    ['a file stands above it', 'a-file/reports', 'a-file is a file, not a folder', 'Move the file'],
    ['a file stands where the runs go', 'reports', 'sync is a file, not a folder', 'Move the file'],
    ['it is a link that leads nowhere', 'link', 'link is a link that leads nowhere (ENOENT)', 'Make what the link'],
  ])('is a problem with its own words: %s', (_, name, why, remedy) => {
    const folder = join(place, name);
    const found = judgeFolders([
      ['landing.path', place],
      ['reports.path', folder],
    ]);
    expect(found).toEqual([{ verdict: 'problem', message: expect.stringContaining(why), remedy: expect.stringContaining(remedy) }]);
    expect(found[0]!.message).toContain(`nothing can be written to ${folder} (setting reports.path): `);
    expect(found[0]!.remedy).toMatch(/or set reports\.path to another folder\.$/);
  });

  it('does not hide the next one; where all are right that is one finding', () => {
    const wrong = join(place, 'a-file');
    expect(judgeFolders([['home', wrong] as const, ['landing.path', wrong] as const]).map(({ verdict }) => verdict)).toEqual([
      'problem',
      'problem',
    ]);
    expect(judgeFolders([['home', join(place, 'new', 'folder')]])).toEqual([fine('home, landing and reports are writable')]);
  });

  it.each([
    ['EACCES', 'this user may not write there', 'Give this user the right to write to /data'],
    ['EROFS', 'the disk is mounted read-only', 'Mount it for writing'],
    ['EIO', 'EIO', 'See what is wrong with /data'],
  ])('is told in words where the system says %s', (code, why, remedy) => {
    const said = obstacleWords(code, '/data', 'or set home to another folder');
    expect({ why: said.why.startsWith(why), remedy: said.remedy.startsWith(remedy) }).toEqual({ why: true, remedy: true });
  });
});
