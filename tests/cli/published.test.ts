import { readFileSync } from 'node:fs';
import { withConnection } from '../../src/stack/postgres-connection';
import { testDatabase } from '../support/database';
import { documentOf, freshet } from './in-process';
import { PIPELINE, publishedFiles, type Document, type PublishedFiles } from './published-files';

/** What people are told of typed tables: each test goes on where the one before stopped. */
const database = testDatabase();
let at: PublishedFiles;
beforeAll(() => {
  at = publishedFiles(database.url);
});
afterAll(() => at.close());

const json = async (...words: string[]): Promise<Document> => documentOf(await freshet(...words, '--json'));
const gadget = (id: string, more: object = {}) => ({ gadget_id: id, name: `Gadget ${id}`, price: 1.5, group: 'A', ...more });
const entityOf = (document: Document, name: string): Document =>
  document.data.entities.find(({ entity }: { entity: string }) => entity === name);
let first: Document;

it('a run says what it made of each entity in its typed table, why it looked at every row, and the counts add up', async () => {
  first = await at.load(
    [gadget('G1'), gadget('G2', { price: -3 }), gadget('-no-', { name: '', price: -1 }), gadget('G4', { group: 'B' })],
    [{ group_id: 'A', label: 'All' }],
  );
  expect(first.error).toBeUndefined();
  const { published, equations, ledger_holds } = entityOf(first, 'gadgets');
  expect(published).toMatchObject({
    table: 'public.typed_gadgets',
    full_reason: 'first publish',
    changed: 4,
    created: 2,
    rejected: 1,
    pending: 1,
    warnings: 1,
  });
  expect(published.warned).toMatchObject([
    { unique_value: 'G2', rule: 'range', field: 'price', value: '-3', message: 'A price is never negative' },
  ]);
  expect(equations.find(({ name }: { name: string }) => name === 'publishing')).toMatchObject({ left: 4, right: 4, holds: true });
  expect(ledger_holds).toBe(true);
  expect(first.data.verdict).toContain('published: 3 created, 1 pending, 1 rejected');
});

it('show tells the counts, what waits, what is warned of, and what to do', async () => {
  const { stdout, code } = await freshet('show', first.data.id);
  expect(code).toBe(0);
  expect(stdout).toMatch(/typed table +changed +retried +created +updated/);
  expect(stdout).toMatch(/public\.typed_gadgets +4 +0 +2 +0 .*every row: first publish/);
  expect(stdout).toContain('gadgets pending: 1 record waits for a row of another table');
  expect(stdout).toContain('gadgets warnings: 1 warning about rows that are stored all the same, such as G2: A price is never negative');
  expect(stdout).toContain(`./freshet rejects list --run ${first.data.id}`);
});

it('the report has the table of typed tables, the equation, and the warnings', () => {
  const report = readFileSync(`${first.data.report_path}/_SYNC_SUMMARY.md`, 'utf8');
  expect(report).toContain('## Typed tables');
  expect(report).toMatch(/\| gadgets \| `public\.typed_gadgets` \| every row: first publish \| 4 \| 0 \| 2 \|/);
  expect(report).toContain('ok  changed + retried = created + updated');
  expect(report).toMatch(/## Warnings[\s\S]*\| gadgets \| `G2` \| price \| range \| A price is never negative \|/);
  const page = readFileSync(`${first.data.report_path}/summaries/gadgets.md`, 'utf8');
  expect(page).toContain('## Typed table');
});

it('what a warning is about becomes good, and the warning goes; what was pending is found', async () => {
  const second = await at.load([gadget('G2'), gadget('G1', { name: 'Other' })], [{ group_id: 'B', label: 'Best' }]);
  expect(entityOf(second, 'gadgets').published).toMatchObject({
    full_reason: null,
    changed: 2,
    retried: 1,
    created: 1,
    updated: 2,
    warnings: 0,
    warned: [],
  });
  const shown = await freshet('show', second.data.id);
  expect(shown.stdout).toContain('what changed');
  expect(
    (await json('show', first.data.id)).data.entities.find(({ entity }: { entity: string }) => entity === 'gadgets').published,
  ).toMatchObject({ warnings: 1, warned: [] });
});

it('a conflict is told by the run, with the way to decide it, and status shows what stands', async () => {
  await withConnection(database.url, (client) => client.query(`update typed_gadgets set name = 'by hand' where sku = 'G1'`));
  const third = await at.load([gadget('G1', { name: 'Third' })]);
  expect(third.data.next).toContainEqual(expect.objectContaining({ command: './freshet conflicts list --pipeline json2db' }));
  expect(third.data.verdict).toContain('1 in conflict');
  const { pipelines } = (await json('status', '--no-probe')).data;
  const { published } = pipelines[0].entities.find(({ entity }: { entity: string }) => entity === 'gadgets');
  expect(published).toMatchObject({
    table: 'public.typed_gadgets',
    conflicts: 1,
    pending: 0,
    rejects: 1,
    warnings: 0,
    overrides: 0,
    last: { run_id: third.data.id, conflict: 1 },
  });
  const { stdout } = await freshet('status', '--no-probe');
  expect(stdout).toMatch(/typed table +published \(UTC\) +conflicts +pending +rejects/);
  expect(stdout).toMatch(/public\.typed_gadgets .* 1 in conflict/);
});

it('another rule is a reason to look at every row, and it is told', async () => {
  at.pipeline(PIPELINE.replace('min: 0', 'min: -10'));
  const again = await at.load([gadget('G2')]);
  expect(again.error).toBeUndefined();
  expect(entityOf(again, 'gadgets').published).toMatchObject({ full_reason: 'mapping, rules, columns or raw table changed', unchanged: 2 });
});
