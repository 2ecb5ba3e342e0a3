import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endRun, markRunning, requestCancel } from '../../../src/database/run-store';
import { freshet, typed, wrong } from '../../cli/in-process';
import { testDatabase } from '../../support/database';
import { install, type Installation } from '../../support/installation';
import { remedy, withVariables } from './remedy';

/** `freshet retry` as somebody types it, and the runs that propose it. */
const database = testDatabase();
let at: Installation;
let restore: () => void;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { seed: 2, freeze: true, counts: { contacts: 6, items: 4, invoices: 5 } } });
  restore = withVariables(at.loaded.variables);
  await at.run();
});
afterAll(async () => {
  restore();
  await at.close();
});

type Row = Readonly<Record<string, unknown>>;
const states = ({ entities }: { readonly entities: readonly Row[] }): string[] =>
  entities.map(({ entity, state }) => `${String(entity)} ${String(state)}`);

/** Whoever follows a run waits for its report. */
async function endWithReport(runId: string): Promise<void> {
  await at.db.query(`update freshet.run set report_path = '/nowhere' where id = $1`, [runId]);
  await endRun(at.db, { runId, state: 'cancelled' }, at.ctx);
}

let edits = 0;

/** Somebody's trigger eats what is written into a table while `body` runs: its entity fails, what depends on it is skipped. */
async function swallowing<T>(entity: string, body: () => Promise<T>): Promise<T> {
  at.sandbox.control.advanceClock(60_000);
  edits += 1;
  at.sandbox.control.edit('contacts', 0, { company_name: `Edit ${edits}` });
  at.sandbox.control.edit('invoices', 0, { reference_number: `edit ${edits}` });
  at.sandbox.control.advanceClock(60_000);
  await at.db.query(`create or replace function public.swallow() returns trigger language plpgsql as 'begin return null; end'`);
  await at.db.query(
    `create trigger swallow before insert or update on zoho_books.json_${entity} for each row execute function public.swallow()`,
  );
  try {
    return await body();
  } finally {
    await at.db.query(`drop trigger swallow on zoho_books.json_${entity}`);
  }
}

const ranWith = (...words: string[]): Promise<Row & { readonly data: Row & { readonly entities: readonly Row[] } }> =>
  swallowing('contacts', () => typed(['run', 'zoho-books', ...words, '--local']));

remedy('run-partial', './freshet retry …', 'takes up just what did not complete; after that nothing is left of the run', async (follow) => {
  const broken = await ranWith();
  expect(states(broken.data)).toEqual(['contacts failed', 'items completed', 'invoices skipped']);
  const line = await follow(broken['error'] as never, async (words, text) => {
    const { data, exit_code: code } = await typed(words);
    expect([code, data.kind, data.retry_of, ...states(data)]).toEqual([
      ...[0, 'retry', broken.data['id']],
      ...['contacts completed', 'invoices completed'],
    ]);
    expect(data.entities.map(({ ledger }: { ledger: Row }) => ledger['updated'])).toEqual([1, 1]);
    return { text, words, by: data.id as string };
  });
  expect(line.text).toBe(`./freshet retry ${String(broken.data['id'])} --local`);
  const again = await typed(line.words);
  expect(again).toMatchObject({ exit_code: 0, data: { outcome: 'nothing_to_retry', run_id: broken.data['id'] } });
  expect(again.data.reasons).toEqual([`contacts: ${line.by} has completed it since`, `invoices: ${line.by} has completed it since`]);
});

remedy('run-failed', './freshet retry …', 'reads what failed', async (follow) => {
  const broken = await ranWith('--entity', 'contacts');
  expect(broken['exit_code']).toBe(1);
  await follow(broken['error'] as never, async (words) =>
    expect(await typed(words)).toMatchObject({ exit_code: 0, data: { state: 'completed' } }),
  );
});

remedy('run-cancelled', './freshet retry …', 'reads the rest', async (follow) => {
  const runId = await at.claim();
  await at.db.query(`update freshet.run set command = command || '{"local": true}' where id = $1`, [runId]);
  await requestCancel(at.db, runId);
  await endWithReport(runId);
  const { error } = await typed(['follow', runId]);
  await follow(error, async (words) =>
    expect(await typed(words)).toMatchObject({ exit_code: 0, data: { state: 'completed', retry_of: runId } }),
  );
});

remedy('retry-not-ended', './freshet follow …', 'waits for the end, after which the rest is retried', async (follow) => {
  const runId = await at.claim();
  await markRunning(at.db, runId);
  const error = await wrong('retry', runId, '--local');
  await follow(error, async (words) => {
    const following = typed(words);
    await endWithReport(runId);
    expect((await following).data).toMatchObject({ id: runId, state: 'cancelled' });
  });
  expect((await typed(['retry', runId, '--local'])).data).toMatchObject({ state: 'completed', retry_of: runId });
});

remedy('retry-unsuited', './freshet show …', 'tells how its work is done again', async (follow) => {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-retry-'));
  writeFileSync(join(folder, 'things.json'), '[{"id": 1}]');
  const loaded = await typed(['load', '--dir', folder, '--local']);
  const error = await wrong('retry', loaded.data.id, '--local');
  expect(error.message).toContain('did not ask a source: it is a load');
  await follow(error, async (words) => expect((await typed(words)).data).toMatchObject({ id: loaded.data.id, kind: 'load' }));
  rmSync(folder, { recursive: true });
});

test('a run of another environment is left to that one', async () => {
  const { data } = await ranWith('--entity', 'contacts');
  await at.db.query(`update freshet.run set environment = 'production' where id = $1`, [data['id']]);
  expect(await wrong('retry', String(data['id']), '--local')).toMatchObject({
    code: 'retry-unsuited',
    message: expect.stringContaining('production'),
  });
});

test('of a run that completed there is nothing to retry, and that is no failure', async () => {
  const { runId } = await at.run();
  const said = await freshet('retry', runId, '--local');
  expect([said.code, said.stdout]).toEqual([0, `Nothing to retry of ${runId}: every entity of it completed. Nothing was started.\n`]);
});

test('what was asked of the run is asked again: a full read is one, a partial read stays partial', async () => {
  const full = await swallowing('invoices', () => typed(['run', 'zoho-books', '--full', '--entity', 'invoices', '--local']));
  const retried = await typed(['retry', full.data.id, '--local']);
  expect(retried.data).toMatchObject({
    command: { full: true, entities: ['invoices'] },
    entities: [{ read_complete: true, full_reason: 'asked for with --full' }],
  });
  const part = await ranWith('--limit', '2', '--entity', 'contacts,invoices');
  const { data } = await typed(['retry', String(part.data['id']), '--local']);
  expect(data).toMatchObject({ command: { limit: 2 }, state: 'completed' });
  expect(data.entities.map(({ read_kind: read }: Row) => read)).toEqual(['partial', 'partial']);
});

test('an approval of deletes is not repeated, but can be given with the retry', async () => {
  Object.assign(process.env, { FRESHET_LOAD_DELETES_MAX_COUNT: '0', FRESHET_LOAD_DELETES_MAX_PERCENT: '0' });
  at.sandbox.control.advanceClock(60_000);
  at.sandbox.control.remove('items', 1);
  at.sandbox.control.advanceClock(60_000);
  const { data } = await typed(['run', 'zoho-books', '--entity', 'items', '--local']);
  expect(states(data)).toEqual(['items held']);
  const again = await typed(['retry', data.id, '--local']);
  expect(states(again.data)).toEqual(['items held']);
  const approved = await typed(['retry', again.data.id, '--approve-deletes', '--local']);
  expect([...states(approved.data), approved.data.entities[0].ledger.deleted]).toEqual(['items completed', 1]);
  expect((await freshet('show', approved.data.id)).stdout).toContain(`retry of ${String(again.data.id)}`);
  delete process.env['FRESHET_LOAD_DELETES_MAX_COUNT'];
  delete process.env['FRESHET_LOAD_DELETES_MAX_PERCENT'];
});

test('a dry run says what a retry would do, and starts nothing', async () => {
  const { data } = await ranWith();
  const dry = await typed(['retry', String(data['id']), '--dry-run']);
  expect(dry.data).toMatchObject({
    dry_run: true,
    pipelines: [{ pipeline: 'zoho-books', entities: [{ entity: 'contacts' }, { entity: 'invoices' }] }],
  });
  expect((await at.db.query(`select from freshet.run where retry_of = $1`, [data['id']])).length).toBe(0);
  expect((await typed(['retry', String(data['id']), '--local'])).data.state).toBe('completed');
});

test('a run of a file by its path is retried by it, without what the file has no more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-retry-'));
  const file = join(folder, 'mine.yaml');
  const yaml = (more: string): string => `name: mine\nsource: zoho-books\nentities:\n  contacts: {}\n${more}`;
  writeFileSync(file, yaml('  invoices: { depends_on: [contacts] }\n'));
  // The tables are those of zoho-books: nothing can complete.
  const { data } = await typed(['run', file, '--local']);
  expect(data).toBeUndefined();
  await at.db.query(`update freshet.table_owner set pipeline = 'mine' where schema = 'zoho_books'`);
  const broken = await swallowing('contacts', () => typed(['run', file, '--local']));
  writeFileSync(file, yaml(''));
  const retried = await typed(['retry', broken.data.id, '--local']);
  expect([retried.exit_code, ...states(retried.data)]).toEqual([0, 'contacts completed']);
  const over = await typed(['retry', broken.data.id, '--local']);
  expect(over.data.reasons).toEqual([expect.stringContaining('contacts: '), 'invoices: mine has it no more, or it is switched off']);
  await at.db.query(`update freshet.table_owner set pipeline = 'zoho-books' where schema = 'zoho_books'`);
  rmSync(folder, { recursive: true });
});
