import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { claimRun } from '../../src/database/claim';
import { inputAt, ownersOf } from '../../src/run/load-input';
import { loadRequests } from '../../src/run/load-request';
import { runLocal } from '../../src/run/run-local';
import { sources } from '../../src/sources';
import { loadOnce } from '../local/load-once';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

const database = testDatabase();
let at: Installation;
beforeAll(async () => void (at = await install({ databaseUrl: database.url })));
afterAll(() => at.close());

const GOOD = '{"id":"good"}';
const record = (id: string): string => `{"id":"${id}","name":"${'x'.repeat(50)}"}`;

/** Most have a good record before what is wrong with them: it must not be stored either. */
const BAD: Readonly<Record<string, { content: string | Buffer; code: string; atByte: number }>> = {
  empty: { content: '', code: 'bad-json-file', atByte: 0 },
  'white-space': { content: ' \n ', code: 'bad-json-file', atByte: 3 },
  truncated: { content: `[${record('truncated')},{"id`, code: 'bad-json-file', atByte: 84 },
  trailing: { content: `[${record('trailing')}]]`, code: 'bad-json-file', atByte: 79 },
  twice: { content: `[${record('twice')}]\n[]`, code: 'bad-json-file', atByte: 77 },
  lines: { content: `${record('lines')}\n${record('more')} {}\n`, code: 'bad-json-file', atByte: 149 },
  metadata: { content: `{"run":"r","bytes":1,"note":${record('metadata')}}`, code: 'not-records', atByte: 0 },
  several: { content: `{"x":[${record('several')}],"y":[${record('y')}]}`, code: 'not-records', atByte: 88 },
  page: { content: '<!doctype html><title>502</title>', code: 'not-records', atByte: 0 },
  utf16: { content: Buffer.from(`\ufeff[${record('utf16')}]`, 'utf16le'), code: 'wrong-encoding', atByte: 0 },
  latin1: { content: Buffer.from(`[${record('latin1')},{"id":"Käse, Öl, Nüsse"}]`, 'latin1'), code: 'wrong-encoding', atByte: 85 },
  'cut-off': { content: gzipSync(`[${record('cut-off')}]`).subarray(0, 40), code: 'bad-compression', atByte: 40 },
  archive: { content: Buffer.from('504b03041400000008', 'hex'), code: 'bad-compression', atByte: 0 },
};

interface BadFile {
  path: string;
  code: string;
  message: string;
  remedy: string;
  at_byte: string | null;
}

const badFiles = (runId: string): Promise<BadFile[]> =>
  at.db.query<BadFile>(
    `select f.path, f.code, f.message, f.remedy, f.at_byte from freshet.load_file f join freshet.run_entity e using (extraction_id)
      where e.run_id = $1 and f.state = 'bad' order by f.path`,
    [runId],
  );

test('of a folder with every kind of bad file the good ones are loaded, and nothing of the others', async () => {
  const root = join(at.folder, 'mixed');
  mkdirSync(root);
  writeFileSync(join(root, 'fine.json'), `[${GOOD}]`);
  for (const [name, { content }] of Object.entries(BAD)) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'things.json'), content);
  }
  mkdirSync(join(root, 'zz'));
  writeFileSync(join(root, 'zz', 'things.json'), `[${GOOD}]`);
  const [run] = await loadOnce(at, root);
  expect(run!.state).toBe('partial');
  expect(await at.db.query(`select id from public.json_fine`)).toEqual([{ id: 'good' }]);
  expect(await at.db.query(`select id from public.json_things`)).toEqual([{ id: 'good' }]);
  const told = await badFiles(run!.runId);
  expect(Object.fromEntries(told.map(({ path, code, at_byte }) => [path, `${code} ${at_byte}`]))).toEqual(
    Object.fromEntries(Object.entries(BAD).map(([name, { code, atByte }]) => [`${name}/things.json`, `${code} ${atByte}`])),
  );
  for (const { path, message, remedy } of told)
    expect([message, remedy]).toEqual([expect.stringContaining(path), expect.stringMatching(/load/)]);
});

const WISH = { input: 'auto', preferSessions: true, cutoffDays: null, sessionMaxAge: 24, sessions: [], entities: null } as const;

test('what vanishes or becomes unreadable between listing and reading is told, and the others are loaded', async () => {
  const root = join(at.folder, 'moving');
  mkdirSync(root);
  for (const name of ['gone', 'here', 'turned']) writeFileSync(join(root, `${name}.json`), `[${GOOD}]`);
  mkdirSync(join(root, 'empty-folder.json'));
  const found = await inputAt(root, { ...WISH, now: new Date() });
  const owned = await ownersOf(at.db, found, false);
  const [request] = loadRequests(at.loaded, sources, {
    ...owned,
    keys: new Map(),
    skipExisting: false,
    approveDeletes: false,
    actor: 'test',
  });
  rmSync(join(root, 'gone.json'));
  rmSync(join(root, 'turned.json'));
  mkdirSync(join(root, 'turned.json'));
  const claim = await claimRun(at.db, request!, at.ctx);
  expect(claim.kind).not.toBe('taken');
  const runId = claim.kind === 'taken' ? '' : claim.runId;
  expect(await runLocal(at.steps, { runId, plan: request!.plan }, at.ctx)).toBe('partial');
  expect(await at.db.query(`select id from public.json_here`)).toEqual([{ id: 'good' }]);
  const told = await badFiles(runId);
  expect(told.map(({ path, code }) => [path, code])).toEqual([
    ['gone.json', 'input-unreadable'],
    ['turned.json', 'input-unreadable'],
  ]);
  for (const { path, message, remedy } of told)
    expect([message, remedy]).toEqual([expect.stringContaining(path), expect.stringMatching(/load/)]);
});
