import { testDatabase } from '../support/database';
import { documentOf, freshet } from './in-process';
import { PIPELINE, publishedFiles, type Document, type PublishedFiles } from './published-files';

/** What publish refuses, as `rejects` shows it, and how it comes good. Each test goes on where the one before stopped. */
const database = testDatabase();
let at: PublishedFiles;
beforeAll(async () => {
  at = publishedFiles(database.url);
  await at.load(
    [
      { gadget_id: '-no-', name: '', price: -1, group: 'A' },
      { gadget_id: 'G2', name: '', price: 2, group: 'A' },
      { gadget_id: 'G3', name: 'Three', price: -3, group: 'A' },
      { gadget_id: 'G4', name: 'Four', price: -4, group: 'A' },
    ],
    [{ group_id: 'A', label: 'All' }],
  );
});
afterAll(() => at.close());

const asked = async (...words: string[]): Promise<Document> => documentOf(await freshet('rejects', ...words, '--json'));
const open = async (): Promise<Document[]> => (await asked('list', '--stage', 'publish')).data.rejects;

it('list shows them by stage with the sentence of the file, and below them the rows that are published and warned of', async () => {
  const { stdout } = await freshet('rejects', 'list', '--stage', 'publish');
  expect(stdout).toMatch(/json2db +gadgets +-no- +\S+ \S+ +publish +No SKU of ours \(and 2 more\)/);
  expect(stdout).toContain('Published, and warned of (freshet.publish_warning):');
  expect(stdout).toContain('  public.typed_gadgets.price: 2 rows against range, such as G3: A price is never negative');
  const { data } = await asked('list');
  expect(data).toMatchObject({ total: 2, published_warnings: [{ rule: 'range', field: 'price', rows: 2 }] });
  expect((await asked('list', '--stage', 'load')).data).toMatchObject({ total: 0, published_warnings: [] });
  expect((await asked('list', '--stage', 'publishing')).error).toMatchObject({
    code: 'choice-unknown',
    remedy: expect.stringContaining('Did you mean publish?') as string,
  });
});

it('show has every failing rule of the row, which of them are warnings, the record, and how it comes good', async () => {
  const reject = (await open()).find(({ record_id: id }) => id === '-no-');
  const { stdout } = await freshet('rejects', 'show', reject.id);
  expect(stdout).toMatch(/loaded +into public\.json_gadgets, not into public\.typed_gadgets\n/);
  expect(stdout).toContain(
    [
      'Refused because:',
      '  No SKU of ours (sku_format of sku)',
      '  name is empty (not_empty of name)',
      '  A price is never negative (range of price, a warning)',
    ].join('\n'),
  );
  expect(stdout).toContain('How it comes good: the next run tries it again when it changed at the source, or its mapping or rules did');
  expect(stdout).toContain('"gadget_id": "-no-"');
  const { data } = await asked('show', reject.id);
  expect(data).toMatchObject({ raw_table: 'public.json_gadgets', typed_table: 'public.typed_gadgets', reject: { stage: 'publish' } });
  expect(JSON.parse(data.record)).toMatchObject({ gadget_id: '-no-', price: '-1' });
});

it('replay and export leave them alone, and say what helps instead', async () => {
  const [reject] = await open();
  expect((await asked('replay', reject.id)).error).toMatchObject({
    code: 'rejects-not-chosen',
    message: expect.stringContaining('its record is loaded, and the next run tries it again') as string,
  });
  const { stdout, stderr } = await freshet('rejects', 'replay', '--all', '--local');
  expect(stdout).toBe('Nothing to load: no open reject is meant.\n');
  expect(stderr).toContain('2 rejects of publish');
  expect((await freshet('rejects', 'export')).stdout.trim().split('\n')).toHaveLength(1);
});

it('one is closed by itself when its row becomes good at the source', async () => {
  const reject = (await open()).find(({ record_id: id }) => id === 'G2');
  const { data: run } = await at.load([{ gadget_id: 'G2', name: 'Two', price: 2, group: 'A' }]);
  expect((await asked('show', reject.id)).data.reject).toMatchObject({ closed_by_run: run.id, closed_because: 'good' });
  expect((await freshet('rejects', 'show', reject.id)).stdout).toMatch(new RegExp(`state +came good in ${run.id}`));
});

it('one that is refused again is closed by the newer one, and all of a rule that is taken out of the file come good', async () => {
  const [before] = await open();
  await at.load([{ gadget_id: '-no-', name: 'Named', price: 1, group: 'A' }]);
  expect((await asked('show', before.id)).data.reject.closed_because).toBe('again');
  const [now, ...others] = await open();
  expect(others).toEqual([]);
  expect(now.reasons).toEqual([{ rule: 'sku_format', field: 'sku', value: '-no-', message: 'No SKU of ours' }]);
  at.pipeline(PIPELINE.replace(/ +- \{ field: sku.*\n/, ''));
  const { data: run } = await at.load([{ gadget_id: 'G2', name: 'Two', price: 2, group: 'A' }]);
  expect(await open()).toEqual([]);
  expect((await asked('show', now.id)).data.reject).toMatchObject({ closed_by_run: run.id, closed_because: 'good' });
});

it('one whose record only waits for a row of another table now is no reject any more', async () => {
  await at.load([{ gadget_id: 'G7', name: '', price: 1, group: 'A' }]);
  const [reject] = await open();
  await at.load([{ gadget_id: 'G7', name: 'Seven', price: 1, group: 'Z' }]);
  expect((await asked('show', reject.id)).data.reject.closed_because).toBe('waits');
  expect(await open()).toEqual([]);
});
