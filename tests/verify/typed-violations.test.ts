import { verifyResult } from '../../src/client/commands/verify';
import { entityLookup } from '../../src/run/entity-lookup';
import { sources } from '../../src/sources';
import { verifyDeep, type VerifyDeepResult } from '../../src/verify/deep/verify-deep';
import { installChain, type Installed } from '../publish/chain';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { readerOf, trueCopy, type TrueCopy } from './true-copy';

const database = testDatabase();
let at: Installed;
let copy: TrueCopy;
/** What freshet last wrote into variant_products. */
let base: string;

beforeAll(async () => {
  at = await installChain({
    databaseUrl: database.url,
    publish: { variants: 'validation_rules: [{ field: stock, rule: range, max: 100000 }]' },
  });
  const { control } = at.sandbox;
  control.edit('Artikel_Variante', 5, { Bestand: 900_000 });
  expect((await at.run()).state).toBe('completed');
  control.advanceClock(60_000);
  control.edit('Artikel_Variante', 4, { Bestand: 17 });
  control.remove('Artikel_Variante', 9);
  await at.db.query(`update variant_products set name = 'by hand' where sku = (select max(sku) from variant_products)`);
  expect((await at.run()).state).toBe('completed');
  const [row] = await at.db.query<{ id: string }>(`select id from freshet.published_table where entity = 'variants'`);
  base = `freshet_base.t_${row!.id}`;
});
afterAll(() => at.close());
beforeEach(async () => {
  copy = await trueCopy(database.url, at.landing.root);
  await copy.db.query(`alter table variant_products disable trigger user`);
});
afterEach(() => copy.close());

const deep = (): Promise<VerifyDeepResult> =>
  verifyDeep({ db: copy.db, landing: copy.landing, lookup: entityLookup(copy.db, sources), readerOf }, { sampleRows: 10 }, testContext());

/** Spoils one thing behind everybody's back and says what `verify --deep` finds: `invariant name entity table`, each once. */
async function found(...spoil: string[]): Promise<string[]> {
  for (const statement of spoil)
    await copy.db.query(
      statement
        .replaceAll('BASE', base)
        .replaceAll(/\bONE\b/g, ONE)
        .replaceAll('GONE', GONE),
    );
  const { violations } = await deep();
  for (const { invariant, message, remedy } of violations.filter(({ name }) => /^(typed|publish)/.test(name))) {
    expect(message).toMatch(/\S/);
    expect([invariant, remedy]).toEqual([invariant, expect.stringMatching(/\S/)]);
  }
  return [...new Set(violations.map(({ invariant, name, entity, where }) => `${invariant} ${name} ${entity} ${where}`))].sort();
}

/** The first living variant, the one that the source deleted, and the one that is refused. */
const ONE = `(select min(source_id) from variant_products where deleted_at is null)`;
const GONE = `(select source_id from variant_products where deleted_at is not null)`;
const REFUSED = `(select record_id from freshet.reject where stage = 'publish')`;
const TYPED = 'chain.variants public.variant_products';

it('says nothing about typed tables that are as they were published, with edits, rejects and deletions', async () => {
  expect(await found()).toEqual([]);
  expect((await deep()).deletedByHand).toEqual([]);
});

describe('invariant 13, typed tables are what was published', () => {
  it.each<[string, string[], string[]]>([
    ['a value', [`update variant_products set price = price + 1 where source_id = ONE`], [`13 typed-value-differs ${TYPED}`]],
    ['a value of its base', [`update BASE set name = name || '!' where freshet_id = ONE`], [`13 typed-value-differs ${TYPED}`]],
    ['a flag', [`update variant_products set deleted_at = now() where source_id = ONE`], [`13 typed-flag-differs ${TYPED}`]],
    ['a flag taken off', [`update variant_products set deleted_at = null where source_id = GONE`], [`13 typed-flag-differs ${TYPED}`]],
    [
      'a row that lives on although its record is deleted',
      [`update BASE set freshet_state = 'live' where freshet_id = GONE`, `update variant_products set deleted_at = null where deleted_at is not null`], // prettier-ignore
      [`13 typed-delete-missed ${TYPED}`],
    ],
    [
      'a row without a base',
      [`delete from BASE where freshet_id = ONE`],
      [`13 typed-passed-over ${TYPED}`, `13 typed-without-base ${TYPED}`],
    ],
    [
      'a row that nobody wrote',
      [`delete from variant_products where source_id = ONE`, `delete from BASE c where not exists (select from variant_products t where t.source_id = c.freshet_id) and freshet_id <> ${REFUSED}`], // prettier-ignore
      [`13 typed-passed-over ${TYPED}`],
    ],
    ['a change that was never offered', [`update BASE set freshet_batch = 0 where freshet_id = ONE`], [`13 typed-passed-over ${TYPED}`]],
    ['a reject that vanished', [`delete from freshet.reject where stage = 'publish'`], [`13 typed-unaccounted ${TYPED}`, '2 publish-rejects chain.variants freshet.publish_ledger']], // prettier-ignore
    [
      'a row of a record that is not there',
      [`insert into variant_products (sku, source_id) values ('X', 'nobody')`],
      [`13 typed-without-base ${TYPED}`, `13 typed-without-record ${TYPED}`],
    ],
    [
      'a record that waits and is not there',
      [
        `insert into freshet.publish_pending (pipeline, entity, record_id, kind, run_id) select 'chain', 'variants', 'nobody', 'pending', max(id) from freshet.run`,
      ],
      [`13 typed-waiting-for-nothing ${TYPED}`],
    ],
    ['a table', ['drop table variant_products'], [`13 typed-table-missing ${TYPED}`]],
    ['a column', ['alter table variant_products rename price to cost'], [`13 typed-column ${TYPED}`]],
    [
      'a parent',
      [
        `alter table parent_products drop constraint ${'$fk'}`,
        'delete from categories where legacy_id = (select min(category) from parent_products)',
      ],
      ['13 typed-orphan chain.parents public.parent_products'],
    ],
    [
      'a key that stands twice',
      ['alter table variant_products drop constraint variant_products_pkey', `update variant_products set sku = (select sku from variant_products where source_id = ONE), edited_at = now() where source_id = GONE`], // prettier-ignore
      [`3 typed-duplicate ${TYPED}`],
    ],
  ])('names %s', async (_, spoil, expected) => {
    const [fk] = await copy.db.query<{ name: string }>(
      `select conname as name from pg_constraint where contype = 'f' and conrelid = 'parent_products'::regclass`,
    );
    expect(await found(...spoil.map((statement) => statement.replace('$fk', `"${fk!.name}"`)))).toEqual(expected);
  });

  it('tells table, key, both values and what to do', async () => {
    const [{ id, sku } = {}] = await copy.db.query<Record<string, string>>(
      `update variant_products set price = 0.5 where source_id = ${ONE} returning source_id as id, sku`,
    );
    const result = await deep();
    expect(result.violations).toEqual([
      expect.objectContaining({
        entity: 'chain.variants',
        where: 'public.variant_products',
        remedy: expect.stringContaining('by hand') as string,
      }),
    ]);
    expect(JSON.parse(result.violations[0]!.sample[0]!)).toMatchObject({ id, key: sku, field: 'price', held: '0.5' });
    expect(verifyResult(result).text).toMatch(/typed-value-differs chain\.variants: 1 .*\n.*"price".*\n {4}→ write the right values/);
  });

  it('what a person did through the table is no violation, and rows that somebody deleted are told', async () => {
    await copy.db.query(`alter table variant_products enable trigger user`);
    await copy.db.query(`update variant_products set deleted_at = null where source_id = ${GONE}`);
    await copy.db.query(`update variant_products set price = 1, deleted_at = now() where source_id = ${ONE}`);
    await copy.db.query(`insert into variant_products (sku, name) values ('OUR-OWN', 'made by hand')`);
    const [{ id } = {}] = await copy.db.query<Record<string, string>>(
      `delete from variant_products where source_id = (select max(source_id) from variant_products) returning source_id as id`,
    );
    const result = await deep();
    expect(result.violations).toEqual([]);
    expect(result.deletedByHand).toEqual([{ entity: 'chain.variants', table: 'public.variant_products', rows: 1, sample: [id] }]);
    expect(verifyResult(result).text).toContain(`somebody deleted 1 published row of public.variant_products (of records ${id})`);
  });
});

describe('invariants 2 and 5, the counts of publishing', () => {
  const LEDGER = 'chain.variants freshet.publish_ledger';
  const last = (change: string): string => `update freshet.publish_ledger set ${change} where entity = 'variants' and run_id = (select max(run_id) from freshet.publish_ledger)`; // prettier-ignore
  it.each<[string, string, string]>([
    ['a record counted twice', last('created = created + 1'), `2 publish-ledger ${LEDGER}`],
    ['a reject that is none', last('rejected = rejected + 1, changed = changed + 1'), `2 publish-rejects ${LEDGER}`],
    ['a publish that never ended', last('completed_at = null'), `2 publish-unfinished ${LEDGER}`],
    [
      'batches that were published before they were loaded',
      `update freshet.pipeline_entity set published_batch = published_batch + 9 where entity = 'variants'`,
      '5 published-ahead chain.variants freshet.pipeline_entity',
    ],
  ])('names %s', async (_, spoil, expected) => {
    expect(await found(spoil)).toEqual([expected]);
  });
});
