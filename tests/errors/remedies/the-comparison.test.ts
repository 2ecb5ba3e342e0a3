import { join } from 'node:path';
import { documentOf, freshet, typed, wrong } from '../../cli/in-process';
import { remedy, withVariables } from './remedy';
import { testDatabase } from '../../support/database';
import { install, type Installation } from '../../support/installation';

/** `freshet reconcile` as somebody types it. */
const database = testDatabase();
let at: Installation;
let restore: () => void;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { seed: 2, freeze: true, counts: { contacts: 6, items: 4, invoices: 9 } } });
  restore = withVariables(at.loaded.variables);
  await at.run();
  at.sandbox.control.advanceClock(3_600_000);
});
afterAll(async () => {
  restore();
  await at.close();
});

const lose = (n: number): Promise<unknown> =>
  at.db.query(`delete from zoho_books.json_contacts where id in (select id from zoho_books.json_contacts order by id limit $1)`, [n]);

it('tables that equal their source: exit code 0, and every count as JSON', async () => {
  const { data, exit_code: code } = await typed(['reconcile', 'zoho-books', '--local']);
  expect({ code, state: data.state, kind: data.kind, verdict: data.verdict }).toEqual({
    ...{ code: 0, state: 'completed', kind: 'reconcile' },
    verdict: 'Tables and source are equal: 19 records compared in 3 tables.',
  });
  expect(data.entities[0].reconciled).toMatchObject({
    fix: false,
    at_source: 6,
    here: 6,
    missing: 0,
    left_over: 0,
    days: [],
    days_total: 0,
  });
});

it('differences: exit code 4, days with some ids, and the command that mends just them', async () => {
  await lose(2);
  const said = await freshet('reconcile', 'zoho-books', '--local');
  expect(said.code).toBe(4);
  expect(said.stdout).toContain('contacts: 6 records at the source, 4 here: 2 missing here');
  expect(said.stdout).toMatch(/day \(UTC\) +missing here +older here/);
  expect(said.stdout).toContain('./freshet reconcile zoho-books --entity contacts --fix');
  const again = await typed(['reconcile', 'zoho-books', '--entity', 'contacts', '--fix', '--dry-run', '--local']);
  expect(again).toMatchObject({ exit_code: 4, data: { entities: [{ reconciled: { fix: false, missing: 2 } }] } });
  const { tables } = (await typed(['freshness'])).data;
  expect(tables[0]).toMatchObject({ entity: 'contacts', reconciled: { differences: 2, left_over: 2, run_id: again.data.id } });
});

it('--fix: exit code 0 when all of it is mended; the report and freshness say so', async () => {
  const { data, exit_code: code } = await typed(['reconcile', 'zoho-books', '--entity', 'contacts', '--fix', '--local']);
  expect({ code, verdict: data.verdict }).toEqual({
    code: 0,
    verdict: 'Tables and source are equal again: 6 records compared in 1 table, 2 differences mended.',
  });
  const said = await freshet('freshness');
  expect(said.stdout).toMatch(/compared \(UTC\)/);
  expect(said.stdout).toMatch(/json_contacts .*, equal/);
  const shown = await freshet('show', data.id);
  expect(shown.stdout).toContain('2 missing here; all mended');
  expect(data.report_path).toContain(join('sync', data.id));
});

it('what cannot be meant is refused before anything is begun', async () => {
  const runs = await at.db.query(`select id from freshet.run`);
  const code = async (...words: string[]): Promise<string> => (await wrong('reconcile', ...words, '--local')).code;
  expect(await code('zoho-books', '--from', '2026-02-02', '--to', '2026-02-01')).toBe('days-reversed');
  expect(await code('zoho-books', '--from', '2026-02-30')).toBe('day-unreadable');
  expect(await code('square', '--entity', 'locations', '--from', '2026-02-01')).toBe('compare-without-time');
  expect(await code('zoho-books', '--entity', 'contcts')).toBe('entity-unknown');
  expect(await at.db.query(`select id from freshet.run`)).toEqual(runs);
});

remedy('nothing-to-compare', './freshet run … --entity …', 'makes the table, which can be compared then', async (follow) => {
  await at.db.query('drop table zoho_books.json_items');
  const { data, exit_code: code } = await typed(['reconcile', 'zoho-books', '--entity', 'items', '--local']);
  expect(code).toBe(1);
  const [items] = data.entities;
  const error = { code: items.error_code, remedy: items.error_remedy };
  expect(await follow(error, async (words) => documentOf(await freshet(...words, '--local', '--json')))).toMatchObject({ exit_code: 0 });
  expect((await typed(['reconcile', 'zoho-books', '--entity', 'items', '--local'])).exit_code).toBe(0);
});

it('beside an entity that could not be compared, what differs in the others is proposed to be mended, and need not wait for it', async () => {
  await lose(2);
  await at.db.query('drop table zoho_books.json_items');
  const said = await freshet('reconcile', 'zoho-books', '--local', '--json');
  expect(said.code).toBe(3);
  const proposed = documentOf(said).error.next.map(({ command }: { command: string }) => command);
  expect(proposed).toEqual(['./freshet reconcile zoho-books --entity contacts --fix --local', './freshet reconcile zoho-books --local']);
  const mended = await typed(proposed[0].replace('./freshet ', '').split(' '));
  expect(mended).toMatchObject({ exit_code: 0, data: { entities: [{ reconciled: { missing: 2, left_over: 0 } }] } });
});
