import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../../src/client/command-line';
import { createOutput } from '../../src/client/output';
import { resolveRunId } from '../../src/client/run-reference';
import { scheduleUnknown } from '../../src/client/schedules/schedule-unknown';
import { openDatabase, type Database } from '../../src/database/database';
import { isFreshetError, type FreshetError } from '../../src/domain/errors';
import { testDatabase } from '../support/database';
import { projectFolder } from './freshet-process';
import { documentOf, freshet } from './in-process';

const database = testDatabase();
let db: Database;

const RUNS = ['202611180200-SYNC-0A1B2C3D', '202611190200-SYNC-99AB2C3D', '202611190300-LOAD-12345678'];

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 2 });
  await db.query(`insert into freshet.config (digest, body) values ('d', '{}')`);
  for (const [day, id] of RUNS.entries()) {
    await db.query(
      `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state, created_at)
       values ($1, $1, 'zoho-books', 'sync', 'sync', 'test', 'd', 'completed', $2)`,
      [id, `2026-11-${18 + day}T02:00:00Z`],
    );
  }
});
afterAll(() => db.close());

async function refused(text: string): Promise<FreshetError> {
  const error: unknown = await resolveRunId(db, text).catch((thrown: unknown) => thrown);
  if (!isFreshetError(error)) throw new Error(`${text} was not refused`);
  return error;
}

describe('a run', () => {
  it.each([
    ['202611180200-SYNC-0A1B2C3D', 0],
    ['  202611180200-sync-0a1b2c3d ', 0],
    ['2026111802', 0],
    ['99AB2C3D', 1],
    ['9ab2c3d', 1],
    ['5678', 2],
    ['202611190300', 2],
  ])('may be called %j', async (text, index) => {
    expect(await resolveRunId(db, text)).toBe(RUNS[index]);
  });

  it('whose piece fits several is not guessed: they are listed', async () => {
    const error = await refused('2C3D');
    expect(error).toMatchObject({ code: 'run-ambiguous', message: '2 runs begin or end with 2C3D' });
    expect(error.next).toEqual([
      { kind: 'run-command', label: 'zoho-books, completed, 2026-11-19 02:00 UTC', command: `./freshet show ${RUNS[1]}` },
      { kind: 'run-command', label: 'zoho-books, completed, 2026-11-18 02:00 UTC', command: `./freshet show ${RUNS[0]}` },
    ]);
  });

  it.each([
    ['678', '1 run begins or ends with 678', [RUNS[2]]],
    ['c3d', '2 runs begin or end with c3d', [RUNS[1], RUNS[0]]],
  ])('whose piece is as short as %s is not guessed either: what it fits is listed', async (text, found, ids) => {
    const error = await refused(text);
    expect(error).toMatchObject({ code: 'run-ambiguous', message: `${text} is too short to name a run: ${found}` });
    expect(error.remedy).toBe('Give at least 4 characters of the id.');
    expect(error.next.map((action) => 'command' in action && action.command)).toEqual(ids.map((id) => `./freshet show ${id}`));
  });

  it('that is none leads to the one that was probably meant, to the pipeline’s newest, or to the list', async () => {
    expect((await refused('202611180200-SYNC-0A1B2C3E')).remedy).toBe(`Did you mean ${RUNS[0]}?`);
    expect((await refused('zoho-books')).remedy).toBe(`zoho-books is a pipeline; its newest run is ${RUNS[2]}.`);
    const far = await refused('%');
    expect(far).toMatchObject({ code: 'run-unknown', next: [{ command: './freshet history' }] });
  });

  it('is found so by the commands that take one', async () => {
    const ended = await freshet('show', '5678', '--json', '--database-url', database.url);
    expect(documentOf(ended)).toMatchObject({ ok: true, data: { id: RUNS[2] } });
  });
});

describe('a misspelt word', () => {
  const message = async (...words: string[]): Promise<string> =>
    freshet(...words).then(
      () => '',
      (error: Error) => error.message,
    );

  it.each([
    [['statsu'], 'Did you mean status?'],
    [['histroy'], 'Did you mean history?'],
    [['config', 'shwo'], 'Did you mean show?'],
    [['history', '--piepline', 'x'], 'Did you mean --pipeline?'],
    [['run', 'zoho-books', '--entiti', 'x'], 'Did you mean --entity?'],
  ])('%j is answered with what was meant', async (words, hint) => {
    expect(await message(...words)).toContain(hint);
  });

  it.each([
    [['run', 'zoho-boks'], 'pipeline-unknown', 'Did you mean zoho-books?'],
    [['run', 'zoho-books', '--entity', 'invoces'], 'entity-unknown', 'Did you mean invoices?'],
    [
      ['run', 'zoho-boks', 'square', 'sqare'],
      'pipeline-unknown',
      'For zoho-boks, did you mean zoho-books? For sqare, did you mean square?',
    ],
    [['run', 'zoho-boks', 'warehouse'], 'pipeline-unknown', 'For zoho-boks, did you mean zoho-books? Use one of: pyerp-products, '],
    [
      ['run', 'zoho-books', '--entity', 'invoces,items,contcts'],
      'entity-unknown',
      'For invoces, did you mean invoices? For contcts, did you mean contacts? Use one of ',
    ],
  ])('%j names the pipeline or entity, each one that is unknown', async (words, code, hint) => {
    for (const name of ['BASE_URL', 'ACCOUNTS_URL']) process.env[`ZOHO_BOOKS_TEST_${name}`] = 'http://127.0.0.1:1';
    process.env['ZOHO_BOOKS_TEST_ORGANIZATION_ID'] = '1';
    const { error, exit_code } = documentOf(await freshet(...words, '--json', '--environment', 'test'));
    expect({ code: error.code, exit_code }).toEqual({ code, exit_code: 2 });
    expect(error.remedy).toContain(hint);
  });
});

describe('the help that an error names', () => {
  it.each([
    [['doubt', 'accept', 'x', 'y'], './freshet doubt accept --help'],
    [['deletes', 'lst'], './freshet deletes --help'],
    [['run', 'zoho-books', '--entiti', 'x'], './freshet run --help'],
    [['statsu'], './freshet --help'],
  ])('after %j is that of the command that was meant', async (words, line) => {
    let said = '';
    const stream = { write: (text: string) => void (said += text) };
    const out = createOutput({ json: true, stdout: stream, stderr: stream, env: {} });
    expect(await commandLine([...words, '--json'], out)).toBe(2);
    expect(documentOf({ code: 2, stdout: said, stderr: '' }).error.next).toEqual([expect.objectContaining({ command: line })]);
  });
});

describe('a schedule that is not there', () => {
  const sought = { verb: 'pause', files: ['zoho-books', 'till'], applied: ['till'] };

  it('and whose name is misspelt leads to the one that was meant', () => {
    expect(scheduleUnknown({ ...sought, pipeline: 'zoho-boks' })).toMatchObject({
      code: 'schedule-unknown',
      remedy: 'Did you mean zoho-books?',
      next: [{ command: './freshet schedule pause zoho-books' }],
    });
  });

  it('and is like none leads to those there are', () => {
    const { remedy, next } = scheduleUnknown({ ...sought, pipeline: 'warehouse' });
    expect({ remedy, next }).toMatchObject({ remedy: 'Use one of: till, zoho-books.', next: [{ command: './freshet schedule list' }] });
  });

  it('although its pipeline is there has to be applied', () => {
    const { remedy, next } = scheduleUnknown({ ...sought, pipeline: 'zoho-books' });
    expect(remedy).toContain('config/pipelines/zoho-books.yaml');
    expect(next).toEqual([expect.objectContaining({ command: './freshet schedule apply' })]);
  });
});

describe('a group of commands without one of them', () => {
  it('is wrong use, and its help is named', async () => {
    const project = projectFolder();
    const ended = await project.freshet(['config']);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('error wrong-use: config needs one of its commands');
    expect(ended.stderr).toContain('config needs one of its commands: show, get, ');
    expect(ended.stderr).toContain('→ ./freshet config --help');
    expect((await project.freshet(['config', '--help'])).stdout).toContain('validate');
    project.remove();
  });
});

describe('completion', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-completion-'));
    mkdirSync(join(folder, 'config', 'pipelines'), { recursive: true });
    for (const name of ['books', 'till']) writeFileSync(join(folder, 'config', 'pipelines', `${name}.yaml`), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What bash offers for a line whose last word is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    const { stdout: script } = await freshet('completion', 'bash');
    const typed = ['freshet', ...words].map((word) => `'${word}'`).join(' ');
    const ask = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _freshet; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${script}\n${ask}`], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  }

  it('of bash offers commands, their commands, their options, and pipelines', async () => {
    expect(await offered('hi')).toEqual(['history']);
    expect(await offered('config', '')).toEqual(expect.arrayContaining(['show', 'get', 'validate', 'schema']));
    expect(await offered('config', 'show', '--env')).toEqual(['--environment']);
    expect(await offered('history', '--json', '--si')).toEqual(['--since']);
    expect(await offered('history', '--pipeline', '')).toEqual(['books', 'till']);
    expect(await offered('run', 'b')).toEqual(['books']);
    expect(await offered('status', '--environment', 'pr')).toEqual(['production']);
  });

  it('of zsh and fish names every command; another shell is wrong use', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { stdout } = await freshet('completion', shell);
      for (const name of ['history', 'config show', 'run', 'verify']) expect(stdout).toContain(name);
    }
    expect(documentOf(await freshet('completion', 'tcsh', '--json'))).toMatchObject({ exit_code: 2, error: { code: 'choice-unknown' } });
  });
});
