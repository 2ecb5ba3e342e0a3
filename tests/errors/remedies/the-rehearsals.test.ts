import { writeFileSync } from 'node:fs';
import { typed, wrong } from '../../cli/in-process';
import { chainYaml, installChain, type Installed } from '../../publish/chain';
import { testDatabase } from '../../support/database';
import { remedy, withVariables } from './remedy';

/** What is told when a rehearsal cannot be made, or not be accepted any more. The tests follow each other. */
const database = testDatabase();
let at: Installed;
let restore: () => void;

beforeAll(async () => {
  at = await installChain({ databaseUrl: database.url });
  restore = withVariables(at.loaded.variables);
});
afterAll(async () => {
  restore();
  await at.close();
});

const write = (yaml: string): void => writeFileSync(at.pipeline, yaml);
const named = (field: string): string => chainYaml().replace('name: Bezeichnung, name_en', `name: ${field}, name_en`);
const accept = (): Promise<Awaited<ReturnType<typeof wrong>>> => wrong('rehearse', at.pipeline, '--apply');
const rehearse = (words: readonly string[]): ReturnType<typeof typed> => typed(words);

remedy('rehearse-nothing-landed', './freshet run …', 'fetches and loads, and then there is something to rehearse with', async (follow) => {
  const told = await wrong('rehearse', at.pipeline);
  const run = await follow(told, (words) => typed([...words, '--local']));
  expect(run.data.state).toBe('completed');
  expect((await typed(['rehearse', at.pipeline])).exit_code).toBe(0);
  await at.db.query('delete from freshet.rehearsal');
});

remedy('rehearsal-unknown', './freshet rehearse …', 'rehearses, and that can be accepted', async (follow) => {
  write(named('Bezeichnung_EN'));
  expect((await follow(await accept(), rehearse)).data.entities).toHaveLength(3);
  expect((await typed(['rehearse', at.pipeline, '--apply'])).exit_code).toBe(0);
});

remedy('rehearsal-applied', './freshet rehearse …', 'shows that nothing is left to do', async (follow) => {
  const doc = await follow(await accept(), rehearse);
  expect(doc.data.entities.map(({ counts }: { counts: { changed: number } }) => counts.changed)).toEqual([0, 0, 0]);
});

remedy('rehearsal-applied', './freshet show …', 'shows the run that accepted it', async (follow) => {
  await typed(['rehearse', at.pipeline, '--apply']);
  const { data } = await follow(await accept(), (words) => typed(words));
  expect(data).toMatchObject({ state: 'completed', kind: 'replay' });
});

describe.each([
  ['the mapping', () => Promise.resolve(write(named('Bezeichnung'))), 'the mapping of parents is another'],
  ['a row', () => at.db.query(`update parent_products set name = 'by hand' where sku = 'F000002'`), 'rows of public.parent_products'],
  [
    'what is landed',
    async () => {
      at.sandbox.control.advanceClock(60_000);
      at.sandbox.control.edit('Artikel_Familie', 4, { Bezeichnung: 'new' });
      await at.run();
    },
    'records of parents were loaded or published',
  ],
])('%s moved since', (_, moved, sentence) => {
  remedy('rehearsal-moved', './freshet rehearse …', 'rehearses what would change now', async (follow) => {
    write(named('Bezeichnung_EN'));
    await typed(['rehearse', at.pipeline]);
    await moved();
    const told = await accept();
    expect(told.message).toContain(sentence);
    expect((await follow(told, rehearse)).data.digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await typed(['rehearse', at.pipeline, '--apply'])).exit_code).toBe(0);
  });
});

remedy('rehearsal-held', './freshet rehearse …', 'shows after the rules are mended that it could be accepted', async (follow) => {
  const strict = named('Bezeichnung')
    .replace('    depends_on: [categories]', '    depends_on: [categories]\n    reject_budget: { count: 3 }')
    .replace(
      '      references: { category',
      '      validation_rules: [{ field: sku, rule: format, pattern: "^X" }]\n      references: { category',
    );
  write(strict);
  const held = await typed(['rehearse', at.pipeline]);
  expect(held).toMatchObject({
    exit_code: 4,
    data: { entities: [{}, { held: true, refused: { anew: 20, samples: [{}, {}, {}, {}, {}] } }, {}] },
  });
  const told = await accept();
  write(named('Bezeichnung'));
  const doc = await follow(told, rehearse);
  expect(doc).toMatchObject({ exit_code: 0, data: { entities: [{}, { held: false }, {}] } });
});
