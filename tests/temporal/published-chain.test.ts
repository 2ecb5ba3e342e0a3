import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { addsUp, COUNTS, type PublishCounts } from '../../src/domain/publish-ledger';
import { typed } from '../cli/in-process';
import { withVariables } from '../errors/remedies/remedy';
import { testDatabase } from '../support/database';
import { installLegacy4d } from '../support/installation';
import { openBenchOn, type BenchOn } from './bench';

/**
 * The pipeline that ships, with a strategy for some fields of its own and no patience with families that break a rule. Variants are read
 * without overlap: a record that 4D lists again says that its family is there now, which would be a change.
 */
const SHIPPED = readFileSync(resolve(__dirname, '../../config/pipelines/pyerp-products.yaml'), 'utf8');
const STRATEGIES = 'conflict_strategies: { price: manual, name: target_wins, stock: source_wins, colour: newest_wins }';
const PIPELINE = SHIPPED.replace('from: Artikel_Variante\n', 'from: Artikel_Variante\n    incremental: { lag: 0s }\n')
  .replace('from: Artikel_Familie\n', 'from: Artikel_Familie\n    reject_budget: { count: 0 }\n')
  .replace('conflict_strategies: { price: manual }', STRATEGIES);

const database = testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'freshet-published-chain-'));
let bench: BenchOn<Legacy4dSandbox>;
let restore: () => void;

beforeAll(async () => {
  const pipeline = join(folder, 'pyerp-products.yaml');
  writeFileSync(pipeline, PIPELINE);
  bench = await openBenchOn(installLegacy4d, { databaseUrl: database.url, pipeline, sandbox: { seed: 5, freeze: true } });
  restore = withVariables(bench.installation.loaded.variables);
  await bench.worker();
});
afterAll(async () => {
  restore();
  await bench.close();
  rmSync(folder, { recursive: true });
});

const CHAIN = ['categories', 'parents', 'variants'] as const;
type Link = (typeof CHAIN)[number];
type Row = Readonly<Record<string, unknown>>;

const query = (sql: string, values: readonly unknown[] = []): Promise<Row[]> => bench.installation.db.query<Row>(sql, values);
const control = () => bench.installation.sandbox.control;
const later = (): void => control().advanceClock(60_000);

interface Ran {
  readonly runId: string;
  readonly states: readonly string[];
  readonly published: Readonly<Record<Link, PublishCounts & { readonly full_reason: string | null }>>;
}

/** How a run ended: every state, and the counts of every publish, which must add up. */
async function ended(runId: string): Promise<Ran> {
  await bench.ended(runId);
  const entities = await bench.entities(runId);
  const rows = await query(`select * from freshet.publish_ledger where run_id = $1`, [runId]);
  const published = Object.fromEntries(
    rows.map((row) => {
      const counts = Object.fromEntries(COUNTS.map((name) => [name, Number(row[name])])) as unknown as PublishCounts;
      expect([row['entity'], addsUp(counts)]).toEqual([row['entity'], true]);
      return [row['entity'], { ...counts, full_reason: row['full_reason'] }];
    }),
  ) as Ran['published'];
  const states = CHAIN.flatMap((entity) => (entities.has(entity) ? [`${entity} ${entities.get(entity)!.state}`] : []));
  return { runId, states, published };
}

async function ran(): Promise<Ran> {
  return ended((await bench.start()).runId);
}

const ALL_COMPLETED = CHAIN.map((entity) => `${entity} completed`);

async function completed(): Promise<Ran> {
  const run = await ran();
  expect(run.states).toEqual(ALL_COMPLETED);
  return run;
}

const variant = async (key: string): Promise<Row | undefined> =>
  (await query(`select * from variant_products where legacy_id = $1`, [key]))[0];
const rejectsOf = (entity: Link): Promise<Row[]> =>
  query(
    `select record_id, closed_because as closed, reasons->0->>'message' as said from freshet.reject where entity = $1 and stage = 'publish' order by id`,
    [entity],
  );

it('makes three typed tables, parents before children, which hold what the source holds', async () => {
  const { runId, published } = await completed();
  const order = await query(`select entity from freshet.publish_ledger where run_id = $1 order by started_at`, [runId]);
  expect(order.map(({ entity }) => entity)).toEqual(CHAIN);
  const overlaps = await query(
    `select from freshet.publish_ledger c join freshet.run_entity p using (run_id)
      where run_id = $1 and (p.entity, c.entity) in (('categories', 'parents'), ('parents', 'variants')) and c.started_at < p.completed_at`,
    [runId],
  );
  expect(overlaps).toEqual([]);
  const sizes = ['Artikel_Kategorie', 'Artikel_Familie', 'Artikel_Variante'] as const;
  expect(CHAIN.map((entity) => published[entity].created)).toEqual(sizes.map((name) => control().count(name)));
  const record = (text: string): Row => JSON.parse(text) as Row;
  const skuOf = new Map([...control().truth('Artikel_Familie')].map(({ key, row }) => [key, record(row)['Art_Nr']]));
  const truth = [...control().truth('Artikel_Variante')].map(({ key, row }) => {
    const { Art_Nr: sku, Familie_ID: family } = record(row);
    return [key, sku, skuOf.get(String(family)) ?? null];
  });
  const rows = await query(`select legacy_id::text, sku, parent_sku from variant_products order by legacy_id`);
  expect(rows.map(({ legacy_id: id, sku, parent_sku: parent }) => [id, sku, parent])).toEqual(truth);
});

it('where both sides edited a row, each field goes by its strategy; what only one side edited stands', async () => {
  later();
  const keys = [1, 2, 3, 4, 5].map((index) => control().keyOf('Artikel_Variante', index));
  const edits = [{ Preis_VK: 111.11 }, { Bezeichnung: 'source' }, { Bestand: 333 }, { EAN: '0999999999999' }, { Farbe: 'source' }];
  for (const [n, patch] of edits.entries()) control().edit('Artikel_Variante', keys[n]!, patch);
  await query(`update variant_products set price = 222.22 where legacy_id = $1`, [keys[0]]);
  await query(`update variant_products set name = 'person' where legacy_id = $1`, [keys[1]]);
  await query(`update variant_products set stock = 444 where legacy_id = $1`, [keys[2]]);
  await query(`update variant_products set lot = 555 where legacy_id = $1`, [keys[3]]);
  await query(`update variant_products set colour = 'person' where legacy_id = $1`, [keys[4]]);
  // A person's clock is today's; what the source says was fetched in October.
  const { published } = await completed();
  expect(published.variants).toMatchObject({ full_reason: null, changed: 5, conflict: 1, updated: 2 });
  expect(await variant(keys[0]!)).toMatchObject({ price: '222.22' });
  expect(await variant(keys[1]!)).toMatchObject({ name: 'person' });
  expect(await variant(keys[2]!)).toMatchObject({ stock: '333' });
  expect(await variant(keys[3]!)).toMatchObject({ ean: '0999999999999', lot: '555' });
  expect(await variant(keys[4]!)).toMatchObject({ colour: 'person' });
  const conflicts = await query(`select field, strategy, state, decision, source_value, target_value from freshet.conflict order by field`);
  expect(conflicts).toMatchObject([
    { field: 'colour', strategy: 'newest_wins', state: 'decided', decision: 'target' },
    { field: 'name', strategy: 'target_wins', state: 'decided', decision: 'target' },
    { field: 'price', strategy: 'manual', state: 'open', source_value: '111.11', target_value: '222.22' },
    { field: 'stock', strategy: 'source_wins', state: 'decided', decision: 'source', target_value: '444' },
  ]);
  // Nothing changed since: a decision is no conflict again, and what waits goes on waiting.
  expect((await completed()).published.variants).toMatchObject({ changed: 0, conflict: 0, updated: 0 });

  const [{ id } = {}] = await query(`select id from freshet.conflict where state = 'open'`);
  expect(await typed(['conflicts', 'resolve', String(id), '--take', 'source'])).toMatchObject({ exit_code: 0 });
  expect(await variant(keys[0]!)).toMatchObject({ price: '111.11' });
  control().advanceClock(100 * 86_400_000);
  control().edit('Artikel_Variante', keys[4]!, { Farbe: 'newer' });
  await query(`update variant_products set colour = 'person again' where legacy_id = $1`, [keys[4]]);
  expect((await completed()).published.variants).toMatchObject({ changed: 1, updated: 1, conflict: 0 });
  expect(await variant(keys[4]!)).toMatchObject({ colour: 'newer' });
});

it('deletes flag rows; children of a deleted parent keep it; what is taken back is restored', async () => {
  later();
  const [family, gone] = [control().keyOf('Artikel_Familie', 3), control().keyOf('Artikel_Variante', 9)];
  const [{ sku } = {}] = await query(`select sku from parent_products where legacy_id = $1`, [family]);
  const before = await query(`select sku from variant_products where parent_sku = $1 order by sku`, [sku]);
  expect(before.length).toBeGreaterThan(0);
  control().remove('Artikel_Familie', family);
  control().remove('Artikel_Variante', gone);
  const { runId, published } = await completed();
  expect([published.parents.deleted, published.variants.deleted]).toEqual([1, 1]);
  expect((await query(`select deleted_at is not null as gone from parent_products where sku = $1`, [sku]))[0]).toEqual({ gone: true });
  expect(await variant(gone)).toMatchObject({ deleted_at: expect.anything() });
  const after = await query(`select sku, deleted_at from variant_products where parent_sku = $1 order by sku`, [sku]);
  expect(after).toEqual(before.map((row) => ({ ...row, deleted_at: null })));
  expect(await typed(['deletes', 'undo', runId])).toMatchObject({ exit_code: 0 });
  expect((await query(`select deleted_at from parent_products where sku = $1`, [sku]))[0]).toEqual({ deleted_at: null });
  expect(await variant(gone)).toMatchObject({ deleted_at: null });
});

it('a variant without its family waits, is a reject once the families were read after it, and comes with the family though nothing of it is read again', async () => {
  later();
  const nextFamily = control().keyOf('Artikel_Familie', 20);
  const child = control().create('Artikel_Variante', { Familie_ID: Number(nextFamily), Art_Nr: 'ORPHAN-1', Preis_VK: 1 });
  // The newest record is listed once more by every read.
  control().edit('Artikel_Variante', 8, { Bestand: 1 });
  const first = await completed();
  const state = (await query(`select kind from freshet.publish_pending where record_id = $1`, [child]))[0]?.['kind'];
  expect(first.published.variants).toMatchObject({ updated: 1, created: 0, [state === 'orphan' ? 'rejected' : 'pending']: 1 });
  later();
  control().edit('Artikel_Familie', 1, { Beschreibung: 'so that the families are read once more' });
  await completed();
  const said = `Familie_ID is "${nextFamily}", and there is no such legacy_id (yet)`;
  expect(await rejectsOf('variants')).toEqual([{ record_id: child, closed: null, said }]);
  expect(await variant(child)).toBeUndefined();
  const raw = (): Promise<Row[]> => query(`select batch_no, fetched_at from pyerp.json_variants where id = $1`, [child]);
  const before = await raw();

  later();
  expect(control().create('Artikel_Familie', { Art_Nr: 'LATE-1' })).toBe(nextFamily);
  const { runId, published } = await completed();
  expect([published.parents, published.variants]).toMatchObject([{ created: 1 }, { changed: 0, retried: 1, created: 1 }]);
  expect(await variant(child)).toMatchObject({ sku: 'ORPHAN-1', parent_sku: 'LATE-1' });
  expect(await rejectsOf('variants')).toEqual([{ record_id: child, closed: 'good', said }]);
  expect(await raw()).toEqual(before);
  const [read] = await query(`select inserted, updated from freshet.run_entity where run_id = $1 and entity = 'variants'`, [runId]);
  expect(read).toEqual({ inserted: '0', updated: '0' });
});

it('held families leave the variants skipped, which say so; once mended, a retry takes up exactly these two', async () => {
  later();
  const broken = control().edit('Artikel_Familie', 5, { Bezeichnung: '' });
  const child = control().edit('Artikel_Variante', 6, { Bestand: 4711 });
  const before = await query(`select sku, name, updated_at from parent_products order by sku`);
  const held = await ran();
  expect(held.states).toEqual(['categories completed', 'parents held', 'variants skipped']);
  const [parents] = await query(`select held_reason, error_remedy from freshet.run_entity where run_id = $1 and entity = 'parents'`, [
    held.runId,
  ]);
  expect(parents).toMatchObject({
    held_reason: expect.stringMatching(/^reject budget: publishing refused 1 record .*; such as record \S+: ./),
    error_remedy: expect.stringContaining('reject_budget of parents'),
  });
  expect((await bench.entities(held.runId)).get('variants')?.skipped_reason).toBe('waited for parents, which is held');
  expect(await query(`select sku, name, updated_at from parent_products order by sku`)).toEqual(before);
  expect(await variant(child)).not.toMatchObject({ stock: '4711' });

  later();
  control().edit('Artikel_Familie', broken, { Bezeichnung: 'mended' });
  const said = await typed(['retry', held.runId]);
  expect(said).toMatchObject({ exit_code: 0, data: { kind: 'retry', retry_of: held.runId } });
  const retried = await ended(said.data.id as string);
  expect(retried.states).toEqual(['parents completed', 'variants completed']);
  expect(await query(`select name from parent_products where legacy_id = $1`, [broken])).toEqual([{ name: 'mended' }]);
  expect(await variant(child)).toMatchObject({ stock: '4711' });
  expect((await typed(['retry', held.runId])).data).toMatchObject({ outcome: 'nothing_to_retry' });
});

it('at the end nothing is wrong with the typed tables: verify --deep', async () => {
  const { data, exit_code: code } = await typed(['verify', '--deep']);
  expect([code, data.violations ?? []]).toEqual([0, []]);
});
