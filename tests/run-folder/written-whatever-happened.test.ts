import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requestCancel } from '../../src/database/run-store';
import { runLocal } from '../../src/run/run-local';
import { writeReport } from '../../src/report/write-report';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

const database = testDatabase();
let at: Installation;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 4, items: 3, invoices: 6 } } });
});
afterAll(() => at.close());

const folderOf = (runId: string): string => join(at.loaded.settings.reports.path, 'sync', runId);
const summaryOf = (runId: string): string => readFileSync(join(folderOf(runId), '_SYNC_SUMMARY.md'), 'utf8');
const again = (runId: string): Promise<{ path: string | null }> =>
  writeReport({ db: at.db, folder: at.loaded.settings.reports.path }, { runId }, at.ctx);

/** Every file below a folder with a digest of its bytes. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => `${file.slice(folder.length + 1)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`);
}

async function pathInRow(runId: string): Promise<string | null | undefined> {
  const [row] = await at.db.query<{ report_path: string | null }>(`select report_path from freshet.run where id = $1`, [runId]);
  return row?.report_path;
}

test('a completed run leaves the folder of the contract, with ledger, batches and timeline, and its path in the row', async () => {
  const { runId, state } = await at.run();
  expect(state).toBe('completed');
  expect(readdirSync(folderOf(runId)).sort()).toEqual(['_SYNC_SUMMARY.md', 'customer_reports', 'logs', 'summaries']);
  expect(readdirSync(join(folderOf(runId), 'summaries')).sort()).toEqual(['contacts.md', 'invoices.md', 'items.md', 'run.json']);
  expect(await pathInRow(runId)).toBe(folderOf(runId));

  const text = summaryOf(runId);
  expect(text).toContain('Everything adds up: 3 entities complete, 13 records fetched, 13 inserted.');
  expect(text).toContain('    6 + 0 = 0 + 0 + 0 + 6 + 0');
  expect(text).toMatch(/\| invoices \| 1 \| loaded \| 6 \|/);
  expect(text).not.toContain('NO ');
  const { run, entities } = JSON.parse(readFileSync(join(folderOf(runId), 'summaries', 'run.json'), 'utf8'));
  expect(run).toMatchObject({ id: runId, state: 'completed' });
  expect(entities.map((entity: { entity: string }) => entity.entity)).toEqual(['contacts', 'items', 'invoices']);
  const events = readFileSync(join(folderOf(runId), 'logs', 'timeline.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  expect(events.map((line) => JSON.parse(line).event as string).filter((event) => event === 'loaded')).toHaveLength(3);
});

test('writing it again gives the same bytes, also after other runs, and repairs what was lost', async () => {
  const { runId } = await at.run();
  const before = contents(folderOf(runId));
  await at.run();
  rmSync(join(folderOf(runId), '_SYNC_SUMMARY.md'));
  writeFileSync(join(folderOf(runId), 'summaries', 'run.json'), '{"half');
  await again(runId);
  expect(contents(folderOf(runId))).toEqual(before);
});

test('a run that failed has its error, the remedy and the next command in the summary', async () => {
  const broken = await install({
    databaseUrl: database.url,
    sandbox: { counts: { contacts: 4, items: 3, invoices: 6 } },
    variables: { ZOHO_BOOKS_TEST_CLIENT_SECRET: 'not-the-secret', FRESHET_REPORTS_PATH: at.loaded.settings.reports.path },
  });
  try {
    const { runId, state } = await broken.run();
    expect(state).toBe('failed');
    const text = summaryOf(runId);
    expect(text).toContain('# zoho-books: failed');
    expect(text).toContain('`auth_error ');
    expect(text).toMatch(/^→ \S/m);
    expect(text).toContain(`./freshet retry ${runId}`);
    expect(text).not.toContain('not-the-secret');
  } finally {
    await broken.close();
  }
});

test('a run cancelled before it began has a report too', async () => {
  const runId = await at.claim();
  await requestCancel(at.db, runId);
  await runLocal(at.steps, { runId, plan: [] }, at.ctx);
  expect(summaryOf(runId)).toContain('# zoho-books: cancelled');
  expect(summaryOf(runId)).toContain('Cancelled on request.');
});

test('texts from outside cannot shape the summary', async () => {
  const { runId } = await at.run();
  const hostile = 'x | y\n## Injected\n<script>alert(1)</script> [a](http://evil) \u001b[31m';
  await at.db.query(`update freshet.run_entity set error_type = 'source_error', error_message = $2, error_remedy = $2 where run_id = $1`, [
    runId,
    hostile,
  ]);
  await at.db.query(
    `insert into freshet.reject (run_id, pipeline, entity, stage, record_id, reasons) values ($1, 'zoho-books', 'items', 'load', $2, $3)`,
    [runId, hostile, JSON.stringify([{ rule: 'type', message: hostile }])],
  );
  await again(runId);
  const text = summaryOf(runId);
  expect(text).not.toMatch(/^## Injected/m);
  expect(text.replace(/`[^`]*`/g, '')).not.toContain('<script>');
  expect(text).not.toContain('\u001b');
  expect(text).toContain('\\<script\\>');
});

test('where nothing can be written, the error names the place and no half file stays', async () => {
  const { runId } = await at.run();
  const folder = join(at.folder, 'reports-are-a-file');
  writeFileSync(folder, '');
  await expect(writeReport({ db: at.db, folder }, { runId }, at.ctx)).rejects.toMatchObject({ type: 'file_error' });
  const readOnly = join(at.folder, 'summary-is-a-folder');
  mkdirSync(join(readOnly, 'sync', runId, '_SYNC_SUMMARY.md', 'in-the-way'), { recursive: true });
  await expect(writeReport({ db: at.db, folder: readOnly }, { runId }, at.ctx)).rejects.toMatchObject({ type: 'file_error' });
  expect(contents(readOnly).filter((file) => /\.tmp /.test(file))).toEqual([]);
  expect(await pathInRow(runId)).toBe(folderOf(runId));
});
