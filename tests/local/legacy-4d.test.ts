import type { DataClassName, Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { entityLookup } from '../../src/run/entity-lookup';
import { sources } from '../../src/sources';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { readerOf } from '../verify/true-copy';
import { testDatabase } from '../support/database';
import { installLegacy4d, type InstallationOf } from '../support/installation';

/** The product chain of a 4D server: with change tracking first, then of one that has none. */
const tracked = testDatabase();
const untracked = testDatabase();
const CLASSES = { categories: 'Artikel_Kategorie', parents: 'Artikel_Familie', variants: 'Artikel_Variante' } as const;

type Installed = InstallationOf<Legacy4dSandbox>;

interface Counted {
  readonly read_kind: string;
  readonly full_reason: string | null;
  readonly listed: string;
  readonly inserted: string;
  readonly updated: string;
  readonly deleted: string;
}

async function completed(at: Installed, wish: Parameters<Installed['run']>[0] = {}): Promise<ReadonlyMap<string, Counted>> {
  const { runId, state } = await at.run(wish);
  const rows = await at.db.query<Counted & { entity: string; error_message: string | null }>(
    `select entity, read_kind, full_reason, listed, inserted, updated, deleted, doubts, error_message from freshet.run_entity where run_id = $1`,
    [runId],
  );
  expect([state, ...rows.flatMap(({ error_message: error }) => error ?? [])]).toEqual(['completed']);
  return new Map(rows.map((row) => [row.entity, row]));
}

/** Living keys in the tables and on the server, and whatever `verify --deep` says. */
async function compare(at: Installed): Promise<void> {
  for (const [entity, dataClass] of Object.entries(CLASSES)) {
    const rows = await at.db.query<{ id: string }>(`select id from pyerp.json_${entity} where deleted_at is null`);
    expect([entity, rows.map(({ id }) => id).sort()]).toEqual([entity, keysOf(at, dataClass)]);
  }
  const lookup = entityLookup(at.db, sources);
  const deep = await verifyDeep({ db: at.db, landing: at.landing, lookup, readerOf }, { sampleRows: 20 }, at.ctx);
  expect(deep.violations.map(({ name, where, message, sample }) => `${name} ${where}: ${message} ${sample[0] ?? ''}`)).toEqual([]);
}

const keysOf = (at: Installed, dataClass: DataClassName): string[] => [...at.sandbox.control.truth(dataClass)].map(({ key }) => key).sort();

describe('of a server that tracks changes', () => {
  let at: Installed;
  beforeAll(async () => {
    at = await installLegacy4d({ databaseUrl: tracked.url, sandbox: { seed: 5, freeze: true } });
  });
  afterAll(() => at.close());

  it('a first run brings the whole chain in its order, typed by the catalog, in one session', async () => {
    const read = await completed(at);
    expect(read.get('variants')).toMatchObject({ read_kind: 'complete', listed: '60', inserted: '60' });
    await compare(at);
    expect(at.sandbox.control.stats()).toMatchObject({ sessions: 1 });
    const types = await at.db.query(
      `select data_type from information_schema.columns where table_schema = 'pyerp' and table_name = 'json_variants' and column_name = '__GlobalStamp'`,
    );
    expect(types).toEqual([{ data_type: 'bigint' }]);
  });

  it('what one worker learned of the server, another one loads by', async () => {
    const { control } = at.sandbox;
    const another = at.another();
    const edited = control.edit('Artikel_Kategorie', 1, {});
    const runId = await at.claim({ entities: ['categories'] });
    const step = { runId, entity: 'categories' };
    await at.db.query(`update freshet.pipeline_entity set definition = null where entity = 'categories'`);
    await another.prepareRun(step, at.ctx);
    await expect(another.load(step, at.ctx)).resolves.toMatchObject({ batches: 0 });
    await at.steps.extract(step, at.ctx);
    expect(await another.load(step, at.ctx)).toMatchObject({ batches: 1 });
    await another.close(step, at.ctx);
    expect(await another.verify(step, at.ctx)).toMatchObject({ ok: true });
    await another.endRun(step, at.ctx);
    const rows = await at.db.query(`select from pyerp.json_categories where id = $1`, [edited]);
    expect(rows).toHaveLength(1);
  });

  it('the next one asks by stamp for what changed and for what was deleted', async () => {
    const { control } = at.sandbox;
    control.advanceClock(60_000);
    const edited = control.edit('Artikel_Variante', 4, { Bestand: 17 });
    const created = control.create('Artikel_Variante', {});
    control.remove('Artikel_Variante', 9);
    const read = await completed(at);
    expect(read.get('variants')).toMatchObject({ read_kind: 'incremental', inserted: '1', updated: '1', deleted: '1' });
    const rows = await at.db.query<{ id: string }>(
      `select id from pyerp.json_variants where batch_no = (select max(batch_no) from pyerp.json_variants where deleted_at is null)`,
    );
    expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining([edited, created]));
    await compare(at);
  });

  it('the record with the greatest stamp was deleted: the feed says so, it goes, and nothing is doubtful', async () => {
    const { control } = at.sandbox;
    control.advanceClock(60_000);
    const newest = control.create('Artikel_Kategorie', {});
    await completed(at);
    control.advanceClock(60_000);
    control.remove('Artikel_Kategorie', newest);
    const read = await completed(at);
    expect(read.get('categories')).toMatchObject({ read_kind: 'incremental', deleted: '1' });
    await compare(at);
  });

  it('a deletion that a doubted read was told of is told again, and done by the next one', async () => {
    const { control } = at.sandbox;
    control.advanceClock(60_000);
    control.create('Artikel_Kategorie', {});
    await completed(at);
    control.advanceClock(60_000);
    const gone = [2, 3].map((index) => control.remove('Artikel_Kategorie', index));
    control.addFault('list:Artikel_Kategorie=falseEmpty,skip=1');
    expect((await at.run()).state).toBe('doubtful');
    control.clearFaults();
    const held = await at.db.query(`select from pyerp.json_categories where id = any ($1) and deleted_at is null`, [gone]);
    expect(held).toHaveLength(2);
    control.advanceClock(60_000);
    const read = await completed(at);
    expect(read.get('categories')).toMatchObject({ read_kind: 'incremental', deleted: '2' });
    await compare(at);
  });

  it('a parent that was deleted goes, and its children come with what is left of them', async () => {
    const { control } = at.sandbox;
    control.advanceClock(60_000);
    control.remove('Artikel_Familie', 3);
    const read = await completed(at);
    expect(read.get('parents')).toMatchObject({ read_kind: 'incremental', deleted: '1' });
    expect(Number(read.get('variants')?.updated)).toBeGreaterThan(0);
    await compare(at);
  });

  it('nothing changed: nothing is written, and what was deleted is not deleted twice', async () => {
    const read = await completed(at);
    for (const entity of read.values()) expect(entity).toMatchObject({ inserted: '0', updated: '0', deleted: '0' });
  });

  it('a counter that went back is read whole once, and the next run goes on from there', async () => {
    const { control } = at.sandbox;
    control.advanceClock(60_000);
    control.setGlobalStamp(10);
    control.edit('Artikel_Variante', 1, { Bestand: 1 });
    const read = await completed(at);
    expect(read.get('variants')).toMatchObject({ read_kind: 'complete', full_reason: expect.stringContaining('went back') as string });
    await compare(at);
    control.edit('Artikel_Variante', 2, { Bestand: 2 });
    const next = await completed(at);
    expect(next.get('variants')).toMatchObject({ read_kind: 'incremental', updated: '1' });
    await compare(at);
  });
});

describe('of a server that tracks nothing', () => {
  let at: Installed;
  beforeAll(async () => {
    at = await installLegacy4d({
      databaseUrl: untracked.url,
      sandbox: { seed: 6, freeze: true, changeTracking: false, generation: 'force-login', dates: 'iso' },
    });
  });
  afterAll(() => at.close());

  it('each run reads all keys, and what is gone is deleted once the server does not have it by itself either', async () => {
    expect((await completed(at)).get('variants')).toMatchObject({ read_kind: 'complete', inserted: '60' });
    const { control } = at.sandbox;
    control.advanceClock(60_000);
    control.remove('Artikel_Variante', 7);
    control.edit('Artikel_Variante', 8, { Bestand: 3 });
    expect((await completed(at)).get('variants')).toMatchObject({ read_kind: 'complete', updated: '1', deleted: '1' });
    await compare(at);
  });

  it('a false empty answer deletes nothing and makes the run doubtful', async () => {
    at.sandbox.control.advanceClock(60_000);
    at.sandbox.control.addFault('list:Artikel_Kategorie=falseEmpty');
    const { state } = await at.run();
    expect(state).toBe('doubtful');
    at.sandbox.control.clearFaults();
    await compare(at);
  });
});
