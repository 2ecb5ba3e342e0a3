import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { envelopeOf, projectFolder, type ProjectFolder } from './freshet-process';

const database = testDatabase();
let project: ProjectFolder;

beforeAll(async () => {
  project = projectFolder({ DATABASE_URL: database.url });
  const file = join(project.path, 'config/pipelines/zoho-books.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('entities:', 'freshness: { max_age: 1h }\nentities:'));
  const db = openDatabase({ url: database.url, poolSize: 1 });
  await db.query(`create schema zoho_books`);
  for (const [entity, age] of [
    ['contacts', '10 minutes'],
    ['items', '10 minutes'],
    ['invoices', '3 hours'],
  ]) {
    await db.query(`create table zoho_books."json_${entity}" (id text, deleted_at timestamptz)`);
    await db.query(
      `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table, as_of, as_of_db)
       values ('zoho-books', $1, 'zoho_books', 'json_' || $1, now() - $2::interval, now() - $2::interval)`,
      [entity, age],
    );
  }
  await db.query(`insert into zoho_books.json_contacts values ('1', null)`);
  await db.query(`alter table zoho_books.json_invoices add column date date`);
  await db.query(`insert into zoho_books.json_invoices values ('1', null, current_date - 3)`);
  await db.close();
});
afterAll(() => project.remove());

it('says of every table how old it is against its limit, without Temporal; exit code 4 when one is too old', async () => {
  const ended = await project.freshet(['freshness']);
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 4, stderr: '' });
  const row = (table: string): string[] =>
    ended.stdout
      .split('\n')
      .find((line) => line.includes(table))!
      .trim()
      .split(/\s{2,}/);
  expect(row('json_contacts')).toEqual(['zoho_books.json_contacts', 'fresh', 'N/A', 'N/A', 'N/A', expect.any(String), '10 min', '60 min']);
  expect(row('json_items')[1]).toBe('empty');
  const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
  expect(row('json_invoices').slice(0, 5)).toEqual(['zoho_books.json_invoices', 'stale', 'date', day, '3']);
  expect(ended.stdout).toContain(
    'stale: zoho_books.json_invoices: last read 3 h ago, at most 60 min are allowed\n  → Run `./freshet run zoho-books --entity invoices`.',
  );
});

it('with --json tells all of it; a limit, a date column and an age of the newest date that the pipeline file names count', async () => {
  const file = join(project.path, 'config/pipelines/zoho-books.yaml');
  const before = readFileSync(file, 'utf8');
  const freshness = '{ max_age: 26h, date_field: date, newest_max_age: 24h }';
  writeFileSync(file, before.replace('  invoices:\n', `  invoices:\n    freshness: ${freshness}\n`));
  const [contacts, items, invoices] = envelopeOf(await project.freshet(['freshness', '--json'])).data.tables;
  writeFileSync(file, before);
  expect(contacts).toMatchObject({ status: 'fresh', master: true, limit_from: 'pipeline', max_age_seconds: 3600, recommendation: '' });
  expect(items).toMatchObject({ status: 'empty', why: 'it has no row that is not deleted' });
  expect(invoices).toMatchObject({ status: 'stale', date_column: 'date', days_old: 3, limit_from: 'entity', filled_by: 'read' });
  expect(invoices).toMatchObject({ why: expect.stringContaining('the newest date is'), date_column_by: 'pipeline file' });
});

it('tells of what is switched off that it is, and how to have it back, and of nothing to run; nothing is wrong with it', async () => {
  const file = join(project.path, 'config/pipelines/zoho-books.yaml');
  const before = readFileSync(file, 'utf8');
  const off = (text: string): string =>
    text.replace(/^ {2}(items|invoices):(?: \{(.*)\})?$/gm, (_, name: string) => `  ${name}: { enabled: false }`);
  writeFileSync(file, `${off(before).split('\n  invoices')[0]}\n  invoices: { enabled: false }\n`);
  const ended = await project.freshet(['freshness']);
  const { tables } = envelopeOf(await project.freshet(['freshness', '--json'])).data;
  writeFileSync(file, before.replace('entities:', 'enabled: false\nentities:'));
  const whole = await project.freshet(['freshness', '--alert']);
  writeFileSync(file, before);
  expect({ code: ended.code, stderr: ended.stderr, run: ended.stdout.includes('./freshet run') }).toEqual({
    code: 0,
    stderr: '',
    run: false,
  });
  expect(ended.stdout).toMatch(
    /^off: zoho_books\.json_invoices: Entity invoices of zoho-books is switched off; its rows show the source as of /m,
  );
  expect(ended.stdout).toContain('  → To have it back, take `entities.items.enabled: false` out of config/pipelines/zoho-books.yaml.');
  expect(tables[2]).toMatchObject({ status: 'off', switched_off: { kind: 'entity', key: 'entities.invoices.enabled' }, unwatched: null });
  expect({ code: whole.code, off: whole.stdout.match(/^off: .*$/gm) }).toEqual({
    code: 0,
    off: [
      'off: zoho_books.json_contacts, zoho_books.json_items, zoho_books.json_invoices: Pipeline zoho-books is switched off, and `as of` says how old each is',
    ],
  });
});

it('with --alert raises the alarm once, shows it as long as it is open, and says what to do', async () => {
  const first = envelopeOf(await project.freshet(['freshness', '--alert', '--json'])).data.alarms;
  expect(first).toMatchObject({ raised: 1, resolved: 0, sent: 0 });
  expect(first.open).toEqual([
    expect.objectContaining({ class: 'stale-table', remedy: expect.stringContaining('./freshet run zoho-books') }),
  ]);
  expect(envelopeOf(await project.freshet(['freshness', '--alert', '--json'])).data.alarms).toMatchObject({ raised: 0, open: [{}] });
});

it('the monitor runs without Temporal, says when it is at work, and ends on SIGTERM', async () => {
  const child = spawn(process.execPath, [project.main, 'monitor'], {
    cwd: project.path,
    env: project.variables,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let logged = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (logged += text));
  const [said] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(said).toBe('monitor watches over test\n');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number];
  expect({ code, logged }).toMatchObject({ code: 0 });
  expect(logged).not.toContain('MO-005');
});
