import { withConnection } from '../../src/stack/postgres-connection';
import { testDatabase } from '../support/database';
import { documentOf, freshet } from './in-process';
import { PIPELINE, publishedFiles, type Document, type PublishedFiles } from './published-files';

/** Overrides and conflicts as people type them. Each test goes on where the one before stopped. */
const database = testDatabase();
let at: PublishedFiles;
beforeAll(async () => {
  at = publishedFiles(database.url);
  await at.load(
    [
      { gadget_id: 'G1', name: 'One', price: 1, group: 'A' },
      { gadget_id: 'G2', name: 'Two', price: 2, group: 'A' },
    ],
    [{ group_id: 'A', label: 'All' }],
  );
});
afterAll(() => at.close());

const json = async (...words: string[]): Promise<Document> => documentOf(await freshet(...words, '--json'));
const query = (text: string): Promise<Record<string, unknown>[]> =>
  withConnection(database.url, async (client) => (await client.query<Record<string, unknown>>(text)).rows);
const priceOf = async (sku: string): Promise<unknown> =>
  (await query(`select price from typed_gadgets where sku = '${sku}'`))[0]?.['price'];
const set = ['overrides', 'set', 'gadgets', 'G1', 'price'];

it('set says that the value stands now, what it was, until when, and how to take it back', async () => {
  expect((await freshet('overrides', 'list')).stdout).toBe('No field is pinned.\n');
  const { stdout, code } = await freshet(...set, '--value', '9.90', '--because', 'agreed with the customer', '--until', '2099-12-31');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^price of G1 in public\.typed_gadgets is pinned to 9\.90, as override \d+\. It stands there now \(it was 1\), and stays until the end of 2099-12-31 \(UTC\)\.\n/,
  );
  expect(stdout).toMatch(/→ Take it back: \.\/freshet overrides remove \d+\n$/);
  expect(await priceOf('G1')).toBe('9.90');
  await at.load([{ gadget_id: 'G1', name: 'One', price: 3, group: 'A' }]);
  expect(await priceOf('G1')).toBe('9.90');
});

it('list shows who pinned what, when, until when and why; status counts it', async () => {
  const { stdout } = await freshet('overrides', 'list', '--entity', 'gadgets', '--field', 'price');
  expect(stdout).toMatch(/id +table +row +field +value +was +by +since \(UTC\) +until +because/);
  expect(stdout).toMatch(/public\.typed_gadgets +G1 +price +9\.90 +1 .*2099-12-31 23:59 +agreed with the customer/);
  const { data } = await json('overrides', 'list');
  expect(data).toMatchObject({
    total: 1,
    overrides: [{ state: 'holds', pipeline: 'json2db', unique_value: 'G1', value: '9.90', replaced: '1' }],
  });
  const { pipelines } = (await json('status', '--no-probe')).data;
  expect(pipelines[0].entities.find(({ entity }: { entity: string }) => entity === 'gadgets').published.overrides).toBe(1);
});

it.each<[string, string[], string, RegExp]>([
  ['no value', ['--because', 'x'], 'wrong-use', /--value .* --null/],
  ['two values', ['--because', 'x', '--value', '1', '--null'], 'wrong-use', /--value .* --null/],
  ['a day that is no day', ['--because', 'x', '--value', '1', '--until', '2099-02-30'], 'wrong-use', /such as 2027-03-31/],
  ['pinned already', ['--because', 'x', '--value', '1'], 'override-exists', /overrides remove \d+/],
])('bad input is answered clearly: %s', async (_, flags, code, remedy) => {
  const { error, exit_code } = await json(...set, ...flags);
  expect(error).toMatchObject({ code, remedy: expect.stringMatching(remedy) as string });
  expect(exit_code).toBe(2);
});

it('names that lead nowhere are told with what there is', async () => {
  const because = ['--because', 'x', '--value', '1'];
  expect((await json('overrides', 'set', 'gadget', 'G2', 'price', ...because)).error).toMatchObject({
    code: 'override-entity',
    remedy: expect.stringContaining('gadgets of json2db') as string,
  });
  expect((await json('overrides', 'set', 'gadgets', 'G2', 'prise', ...because)).error.remedy).toContain('Did you mean price?');
  expect((await json('overrides', 'set', 'gadgets', 'G9', 'price', ...because)).error).toMatchObject({
    code: 'override-row',
    remedy: expect.stringContaining('sku of public.typed_gadgets') as string,
  });
  expect((await json('overrides', 'set', 'gadgets', 'G2', 'group_code', '--because', 'x', '--value', 'Z')).error).toMatchObject({
    code: 'override-value',
    why: expect.stringContaining('foreign key') as string,
  });
  expect(
    (await json('overrides', 'set', 'gadgets', 'G2', 'price', '--because', 'x', '--value', '1', '--until', '2020-01-01')).error.code,
  ).toBe('override-until');
});

it('a dry run writes nothing; removed, the source’s value comes back with the next run', async () => {
  expect((await freshet('overrides', 'set', 'gadgets', 'G2', 'name', '--null', '--because', 'x', '--dry-run')).stdout).toBe(
    'name of G2 in public.typed_gadgets would be pinned to NULL (it is Two). Nothing was written.\n',
  );
  const { id } = (await json('overrides', 'list')).data.overrides[0];
  expect((await freshet('overrides', 'remove', id, '--dry-run')).stdout).toBe('1 override would be removed. Nothing was written.\n');
  expect((await freshet('overrides', 'remove', id, '--because', 'no longer')).stdout).toBe(
    '1 override removed. The source’s values come back with the next run.\n',
  );
  expect((await json('overrides', 'remove', id)).error.code).toBe('override-ended');
  expect(await priceOf('G1')).toBe('9.90');
  await at.load([{ gadget_id: 'G2', name: 'Two', price: 2, group: 'A' }]);
  expect(await priceOf('G1')).toBe('3');
  expect((await json('overrides', 'list', '--all')).data.overrides).toMatchObject([{ state: 'removed', ended_because: 'no longer' }]);
});

it('conflicts are decided one or many by filter, at once, and it says so', async () => {
  await query(`update typed_gadgets set name = 'by hand ' || sku`);
  await at.load([
    { gadget_id: 'G1', name: 'First', price: 3, group: 'A' },
    { gadget_id: 'G2', name: 'Second', price: 2, group: 'A' },
  ]);
  const listed = await freshet('conflicts', 'list');
  expect(listed.stdout).toMatch(/G1 +name +One +First +by hand G1 +open/);
  const { conflicts } = (await json('conflicts', 'list', '--entity', 'gadgets', '--field', 'name')).data;
  expect(conflicts).toHaveLength(2);
  expect((await freshet('conflicts', 'resolve', '--entity', 'gadgets', '--take', 'source', '--dry-run')).stdout).toContain(
    '2 conflicts would be decided: source.',
  );
  expect((await freshet('conflicts', 'resolve', conflicts[0].id, '--value', 'Third')).stdout).toBe(
    '1 conflict decided: value. The rows show it now.\n',
  );
  expect((await freshet('conflicts', 'resolve', '--field', 'name', '--take', 'source')).stdout).toBe(
    '1 conflict decided: source. The rows show it now.\n',
  );
  expect(await query(`select sku, name from typed_gadgets order by sku`)).toEqual([
    { sku: 'G1', name: 'First' },
    { sku: 'G2', name: 'Third' },
  ]);
  const late = await json('conflicts', 'resolve', conflicts[0].id, '--take', 'target');
  expect(late.error).toMatchObject({ code: 'conflict-settled', message: expect.stringContaining('before you: value') as string });
});

it('a change of strategy for one field is all it takes to ask nobody any more', async () => {
  at.pipeline(PIPELINE.replace('name: manual', 'name: target_wins'));
  await query(`update typed_gadgets set name = 'mine' where sku = 'G1'`);
  const { data } = await at.load([{ gadget_id: 'G1', name: 'Fourth', price: 3, group: 'A' }]);
  expect(data.entities[0].published).toMatchObject({ conflict: 0, decided: 1 });
  expect((await query(`select name from typed_gadgets where sku = 'G1'`))[0]).toEqual({ name: 'mine' });
});
