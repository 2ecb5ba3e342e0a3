import { readFileSync, writeFileSync } from 'node:fs';
import { changes, everythingHeld } from '../chaos/everything-held';
import { freshet, typed, type documentOf } from '../cli/in-process';
import { withVariables } from '../errors/remedies/remedy';
import { testDatabase } from '../support/database';
import { chainYaml, installChain, ledgerOf, type Installed } from './chain';

type Doc = ReturnType<typeof documentOf>;

const database = testDatabase();
let at: Installed;
let restore: () => void;
beforeAll(async () => {
  at = await installChain({ databaseUrl: database.url });
  restore = withVariables(at.loaded.variables);
  await at.run();
});
afterAll(async () => {
  restore();
  await at.close();
});

const write = (yaml: string): void => writeFileSync(at.pipeline, yaml);
const rehearsed = (...words: string[]): Promise<Doc> => typed(['rehearse', at.pipeline, ...words]);
const accepted = (...words: string[]): Promise<Doc> => typed(['rehearse', at.pipeline, '--apply', ...words]);
const entityOf = ({ data }: Doc, entity: string): Doc => data.entities.find((each: { entity: string }) => each.entity === entity);
const columnOf = (entity: Doc, column: string): Doc => entity.columns.find((each: { column: string }) => each.column === column);
const parents = (): Promise<object[]> =>
  at.db.query(`select sku, name, name_en, to_jsonb(p) ->> 'label' as label, weight from parent_products p order by sku`);
/** Everything but that there was a rehearsal. */
const held = async (): Promise<Map<string, string>> => {
  const all = new Map(await everythingHeld(at));
  all.delete('table freshet.rehearsal');
  return all;
};

/** The name from another field, a new column, and the weight no longer mapped. */
const CHANGED = chainYaml()
  .replace('name: Bezeichnung, name_en', 'name: Bezeichnung_EN, label: Bezeichnung, name_en')
  .replace('weight: Gewicht, ', '');

describe('a rehearsal of a pipeline', () => {
  it('whose file nobody changed finds nothing to do', async () => {
    const doc = await rehearsed();
    expect(doc).toMatchObject({ ok: true, exit_code: 0 });
    expect(entityOf(doc, 'parents')).toMatchObject({ full_reason: null, exists: true, counts: { changed: 0 }, held: false });
  });

  it('shows column by column what a changed mapping would change, and neither writes anything nor asks the source', async () => {
    write(CHANGED);
    const [before, asked] = [await held(), await at.db.query('select count(*) from freshet.api_call')];
    const doc = await rehearsed('--samples', '2');
    expect(changes(before, await held())).toEqual([]);
    expect(await at.db.query('select count(*) from freshet.api_call')).toEqual(asked);
    const found = entityOf(doc, 'parents');
    expect(found).toMatchObject({
      ...{ table: 'public.parent_products', full_reason: 'mapping, rules, columns or raw table changed', unmapped: ['weight'] },
      ...{ counts: { changed: 20, updated: 20 }, created: { rows: 0 }, removed: { rows: 0 } },
    });
    const [first] = (await parents()) as { sku: string; name: string; name_en: string }[];
    expect(columnOf(found, 'name')).toMatchObject({ rows: 20, type: 'text', type_was: 'text' });
    expect(columnOf(found, 'name').samples).toHaveLength(2);
    expect(columnOf(found, 'name').samples[0]).toEqual({ key: first!.sku, old: first!.name, new: first!.name_en });
    expect(columnOf(found, 'label')).toMatchObject({ rows: 20, filled: 20, type_was: null });
    expect(columnOf(found, 'name_en')).toMatchObject({ rows: 0, samples: [] });
    expect(entityOf(doc, 'variants')).toMatchObject({ full_reason: null, counts: { changed: 0 } });
  });

  it('says the same to people, with how to accept it', async () => {
    const { code, stdout } = await freshet('rehearse', at.pipeline);
    expect(code).toBe(0);
    expect(stdout).toContain('parents → public.parent_products (every record: mapping, rules, columns or raw table changed)');
    expect(stdout).toMatch(/name +text +20/);
    expect(stdout).toMatch(/label +text, new +20/);
    expect(stdout).toContain('no longer filled, they keep their values: weight');
    expect(stdout).toMatch(new RegExp(`→ ./freshet rehearse ${at.pipeline} --apply [0-9a-f]{12} `));
  });

  it('does not see and does not disturb another one, nor a run', async () => {
    const [one, other, run] = await Promise.all([rehearsed(), rehearsed('--entity', 'parents'), at.run({ entities: ['categories'] })]);
    expect(run.state).toBe('completed');
    for (const doc of [one, other]) expect(entityOf(doc, 'parents')).toMatchObject({ counts: { changed: 20, updated: 20 } });
  });
});

describe('--apply', () => {
  it('publishes exactly what was rehearsed; the next run finds nothing to do', async () => {
    const doc = await rehearsed('--samples', '1000');
    const wanted = columnOf(entityOf(doc, 'parents'), 'name').samples.map((sample: Doc) => sample.new);
    const before = (await parents()) as { weight: string }[];
    const done = await accepted(doc.data.digest.slice(0, 12));
    expect(done).toMatchObject({ ok: true, exit_code: 0, data: { run: { state: 'completed', kind: 'replay' } } });
    const after = (await parents()) as { name: string; label: string; weight: string }[];
    expect(after.map(({ name }) => name)).toEqual(wanted);
    expect(after.every(({ label }) => label !== null)).toBe(true);
    expect(after.map(({ weight }) => weight)).toEqual(before.map(({ weight }) => weight));
    const { runId } = await at.run();
    expect(await ledgerOf(at, runId, 'parents')).toMatchObject({ full_reason: null, changed: 0 });
    expect(entityOf(await rehearsed(), 'parents')).toMatchObject({ full_reason: null, counts: { changed: 0 } });
  });

  it('of the newest rehearsal needs no digest, and is a run with a ledger, a report and its command', async () => {
    write(chainYaml());
    await rehearsed();
    const { data } = await accepted();
    const run = (await typed(['show', data.run_id])).data;
    expect(run).toMatchObject({ state: 'completed', command: { rehearsal: { digest: data.digest } } });
    expect(run.entities.map((each: Doc) => [each.state, each.ledger_holds])).toEqual([...Array(3)].map(() => ['completed', true]));
    expect(readFileSync(`${run.report_path}/_SYNC_SUMMARY.md`, 'utf8')).toContain(data.run_id);
    expect(await ledgerOf(at, data.run_id, 'parents')).toMatchObject({ changed: 20, updated: 20 });
  });

  it('keeps what people edited since the last publish, as every publish does, and says beforehand who is in conflict', async () => {
    await at.db.query(`update parent_products set name = 'by hand' where sku = 'F000003'`);
    write(CHANGED.replace('unique_field: sku', 'unique_field: sku\n      conflict_strategies: { name: manual }'));
    const doc = await rehearsed('--entity', 'parents');
    expect(doc.exit_code).toBe(4);
    expect(entityOf(doc, 'parents')).toMatchObject({
      counts: { conflict: 1, updated: 19 },
      contested: { open: 1, samples: [{ target: 'by hand' }] },
    });
    expect(await at.db.query(`select from freshet.conflict where state = 'open'`)).toEqual([]);
    expect((await accepted()).exit_code).toBe(0);
    expect(await at.db.query(`select from freshet.conflict where state = 'open'`)).toHaveLength(1);
    expect(await at.db.query(`select name from parent_products where sku = 'F000003'`)).toEqual([{ name: 'by hand' }]);
  });

  it('of a narrowed rehearsal publishes those records only; the next run looks at all', async () => {
    await at.db.query(
      `update pyerp.json_parents set fetched_at = now() - interval '100 days' where id in (select id from pyerp.json_parents order by id limit 12)`,
    );
    write(chainYaml().replace('name: Bezeichnung, name_en', 'name: Bezeichnung, renamed: Bezeichnung, name_en'));
    const doc = await rehearsed('--entity', 'parents', '--since', '90d');
    expect(entityOf(doc, 'parents')).toMatchObject({ counts: { changed: 8 } });
    expect((await accepted()).exit_code).toBe(0);
    expect(await at.db.query(`select from parent_products where renamed is not null`)).toHaveLength(8);
    const { runId } = await at.run();
    expect(await ledgerOf(at, runId, 'parents')).toMatchObject({
      full_reason: 'mapping, rules, columns or raw table changed',
      changed: 20,
    });
    expect(await at.db.query(`select from parent_products where renamed is not null`)).toHaveLength(20);
  });

  it('takes everything back where a trigger of the table makes something else of it', async () => {
    await at.db.query(
      `create function public.loud() returns trigger language plpgsql as $$ begin new.name := upper(new.name); return new; end $$`,
    );
    await at.db.query('create trigger loud before update on parent_products for each row execute function public.loud()');
    write(CHANGED);
    expect(entityOf(await rehearsed(), 'parents')).toMatchObject({ triggers: ['loud'] });
    const before = await parents();
    const { error, exit_code } = await accepted();
    expect({ code: error.code, exit_code }).toEqual({ code: 'rehearsal-moved', exit_code: 1 });
    const names = (rows: object[]): unknown[] => (rows as { name: string }[]).map(({ name }) => name);
    expect(names(await parents())).toEqual(names(before));
    expect(await at.db.query(`select state from freshet.run where kind = 'replay' order by created_at desc limit 1`)).toEqual([
      { state: 'failed' },
    ]);
    await at.db.query('drop trigger loud on parent_products');
    await rehearsed();
    expect((await accepted()).exit_code).toBe(0);
  });

  it('is told which run has the pipeline, and writes nothing', async () => {
    write(chainYaml());
    await rehearsed();
    const active = await at.claim();
    const before = await held();
    const { exit_code, data } = await accepted();
    expect({ exit_code, data }).toMatchObject({ exit_code: 4, data: { outcome: 'already_running', active_run_id: active } });
    expect(changes(before, await held())).toEqual([]);
    await at.db.query(`update freshet.run_entity set state = 'cancelled' where run_id = $1`, [active]);
    await at.db.query(`update freshet.run set state = 'cancelled' where id = $1`, [active]);
    expect((await accepted()).exit_code).toBe(0);
  });

  it('makes a table that is new, whole', async () => {
    write(chainYaml().replace('table: variant_products', 'table: variant_prices'));
    const doc = await rehearsed('--entity', 'variants');
    expect(entityOf(doc, 'variants')).toMatchObject({ exists: false, full_reason: 'first publish', created: { rows: 60 } });
    expect(await at.db.query(`select to_regclass('variant_prices') as made`)).toEqual([{ made: null }]);
    expect((await accepted()).exit_code).toBe(0);
    expect(await at.db.query('select from variant_prices')).toHaveLength(60);
    expect(await at.db.query('select from variant_products')).toHaveLength(60);
  });
});

describe('what cannot be rehearsed', () => {
  it.each([
    ['a pipeline that there is not', ['rehearse', 'nobody'], 'pipeline-unknown', 2],
    ['an entity that there is not', ['--entity', 'nobody'], 'entity-unknown', 2],
    ['a span that is none', ['--since', 'yesterday'], 'rehearse-since', 2],
    ['a span of nothing', ['--since', '0d'], 'rehearse-since', 2],
    ['samples beyond reason', ['--samples', '5000'], 'wrong-use', 2],
    ['a digest of nobody', ['--apply', '0000'], 'rehearsal-unknown', 1],
  ])('%s', async (_, words, code, exit_code) => {
    const doc = await typed(words[0] === 'rehearse' ? words : ['rehearse', at.pipeline, ...words]);
    expect({ code: doc.error.code, exit_code: doc.exit_code }).toEqual({ code, exit_code });
  });

  it('a mapping that does not fit its raw table, named with its place', async () => {
    write(chainYaml().replace('price: Preis_VK', 'price: Preis_Verkauf'));
    const { error, exit_code } = await rehearsed();
    expect({ code: error.code, exit_code }).toEqual({ code: 'mapping-does-not-fit', exit_code: 2 });
    expect(error.message).toContain('Preis_Verkauf');
  });

  it('an entity that publishes nothing, and a pipeline that does not', async () => {
    const yaml = chainYaml();
    write(yaml.slice(0, yaml.indexOf('    publish:\n      table: variant_products')));
    expect((await rehearsed('--entity', 'variants')).error).toMatchObject({
      code: 'rehearse-no-publish',
      remedy: expect.stringContaining('parents'),
    });
    write('name: chain\nsource: pyerp\nentities:\n  categories:\n    from: Artikel_Kategorie\n');
    expect((await rehearsed()).error).toMatchObject({ code: 'rehearse-no-publish' });
    write(chainYaml());
  });

  it('a column that must become wider under schema_policy hold; the error names the table, not its copy', async () => {
    const held = chainYaml().replace('    depends_on: [categories]', '    depends_on: [categories]\n    schema_policy: hold');
    write(held.replace('active: Aktiv', 'active: { from: Aktiv, type: text }'));
    const { error } = await rehearsed('--entity', 'parents');
    expect(error).toMatchObject({ code: 'schema-held', where: 'public.parent_products' });
    expect(`${error.message} ${error.remedy}`).not.toContain('rehearsal_');
    write(chainYaml());
  });

  it('a table that somebody else made', async () => {
    await at.db.query('create table public.theirs (a int)');
    write(chainYaml().replace('table: variant_products', 'table: theirs'));
    expect((await rehearsed()).error).toMatchObject({ code: 'table-not-ours' });
  });
});
