import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SquareSandbox } from '../../src/sandbox/square';
import { readRunFacts } from '../../src/report/run-facts';
import { verdict } from '../../src/report/verdict';
import { documentOf, freshet, wrong } from '../cli/in-process';
import { withVariables } from '../errors/remedies/remedy';
import { testDatabase } from '../support/database';
import { installSquare, type InstallationOf } from '../support/installation';

/** A doubt blocks deletes until a person says that all is as it should be. */
const database = testDatabase();
const HOUR_MS = 3_600_000;
let at: InstallationOf<SquareSandbox>;
let restore: () => void;

beforeAll(async () => {
  at = await installSquare({
    databaseUrl: database.url,
    sandbox: { seed: 5, freeze: true, counts: { locations: 2, items: 90, categories: 3, orders: 4 } },
    variables: { FRESHET_LOAD_DELETES_MAX_COUNT: '100000' },
  });
  restore = withVariables(at.loaded.variables);
  expect((await at.run()).state).toBe('completed');
});
afterAll(async () => {
  restore();
  await at.close();
});
beforeEach(() => at.sandbox.control.advanceClock(HOUR_MS));
afterEach(() => at.sandbox.control.clearFaults());

interface Ended {
  readonly read_kind: string;
  readonly full_reason: string | null;
  readonly deleted: string;
  readonly doubts: readonly { readonly kind: string }[];
}

async function ended(runId: string, entity: string): Promise<Ended> {
  const [row] = await at.db.query<Ended>(
    `select read_kind, full_reason, deleted, doubts from freshet.run_entity where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return row!;
}

const kinds = ({ doubts }: Ended): string[] => doubts.map(({ kind }) => kind);
const isDeleted = async (id: string): Promise<boolean> =>
  (await at.db.query(`select from square.json_catalog where id = $1 and deleted_at is not null`, [id])).length === 1;
const said = async (...words: string[]) => documentOf(await freshet(...words, '--json'));
/** Of the first doubtful run, or of another entity. */
const openOf = async (entity: string) =>
  (await said('doubt', 'list')).data.doubts.filter(
    (doubt: { entity: string; run_id: string }) => doubt.entity === entity && (entity !== 'catalog' || doubt.run_id === doubtful),
  );

/** An edit of 60 of 90 items where one a day is usual. */
function editMany(): void {
  at.sandbox.control.advanceClock(HOUR_MS);
  for (let n = 1; n <= 60; n += 1)
    at.sandbox.control.edit('items', n, { description: `again at ${at.sandbox.control.now().toISOString()}` });
}

let doubtful: string;
let gone: string;

it('a read of far more than usual is doubted: it loads, deletes nothing, and status and the list show it', async () => {
  for (let n = 1; n <= 5; n += 1) {
    at.sandbox.control.advanceClock(HOUR_MS);
    at.sandbox.control.edit('items', n, { description: `edit ${n}` });
    expect((await at.run({ entities: ['catalog'] })).state).toBe('completed');
  }
  editMany();
  gone = at.sandbox.control.remove('items', 80);
  const { runId, state } = await at.run({ entities: ['catalog'] });
  doubtful = runId;
  expect(state).toBe('doubtful');
  const catalog = await ended(runId, 'catalog');
  expect([kinds(catalog), catalog.deleted, catalog.read_kind, await isDeleted(gone)]).toEqual([
    ['unusual-count'],
    '0',
    'incremental',
    false,
  ]);
  expect(await openOf('catalog')).toMatchObject([{ run_id: runId, state: 'open', deletes_owed: true, accepted: null }]);
  expect((await freshet('status', '--no-probe')).stdout).toMatch(new RegExp(`doubt: +catalog in ${runId}: .*listed`));
  expect(verdict(await readRunFacts(at.db, runId))).toContain('someone should look at catalog');
});

it('until somebody accepts, each read lists the many again, is doubted, and deletes nothing', async () => {
  for (const nth of ['first', 'second']) {
    at.sandbox.control.advanceClock(HOUR_MS);
    at.sandbox.control.edit('items', 7, { description: `the ${nth} after it` });
    // The watermark stays before what was told and not carried out.
    expect((await at.run({ entities: ['catalog'] })).state).toBe('doubtful');
  }
  expect([await isDeleted(gone), await openOf('catalog')]).toEqual([false, [expect.objectContaining({ run_id: doubtful, state: 'open' })]]);
});

it('whoever accepts says why, for a run and an entity that were doubted', async () => {
  expect((await wrong('doubt', 'accept', doubtful, 'catalgo', '--because', 'x')).remedy).toContain('Did you mean catalog?');
  expect(await wrong('doubt', 'accept', doubtful, 'catalog', '--because', ' ')).toMatchObject({ code: 'doubt-because' });
  const other = await at.run({ entities: ['categories'] });
  expect(await wrong('doubt', 'accept', other.runId, 'categories', '--because', 'x')).toMatchObject({ code: 'doubt-none' });
  await at.db.query(
    `insert into freshet.run_entity (run_id, entity, state, doubts) values ($1, 'zz', 'extracting', '[{"kind": "empty", "message": "m"}]')`,
    [other.runId],
  );
  expect(await wrong('doubt', 'accept', other.runId, 'zz', '--because', 'x')).toMatchObject({ code: 'doubt-not-ended' });
  await at.db.query(`delete from freshet.run_entity where entity = 'zz'`);
  expect((await freshet('doubt', 'accept', 'nothing', 'catalog', '--because', 'x')).code).toBe(2);
});

it('an accepted doubt is remembered with who, when and why, shown everywhere, and the run stays what it was', async () => {
  const dry = await said('doubt', 'accept', doubtful, 'catalog', '--because', 'new price list', '--dry-run');
  expect(dry.data).toMatchObject({ dry_run: true, accepted: null });
  expect(await openOf('catalog')).toHaveLength(1);
  const accepted = await said('doubt', 'accept', doubtful.slice(-8), 'catalog', '--because', 'new price list');
  expect(accepted).toMatchObject({
    ok: true,
    data: { accepted: { because: 'new price list' }, follows: [expect.any(String), expect.stringContaining('1 told')] },
  });
  const again = await said('doubt', 'accept', doubtful, 'catalog', '--because', 'another reason');
  expect(again.data.accepted).toEqual(accepted.data.accepted);
  const facts = await readRunFacts(at.db, doubtful);
  expect([facts.run.state, verdict(facts)]).toEqual(['doubtful', expect.stringContaining('the doubts about catalog are accepted')]);
  expect((await freshet('show', doubtful)).stdout).toMatch(/catalog doubt: accepted by .*: new price list/);
  const report = readFileSync(join(at.loaded.settings.reports.path, 'sync', doubtful, '_SYNC_SUMMARY.md'), 'utf8');
  expect(report).toContain('new price list');
  expect([await openOf('catalog'), (await said('doubt', 'list', '--all')).data.doubts]).toEqual([
    [],
    expect.arrayContaining([expect.objectContaining({ state: 'accepted', run_id: doubtful })]),
  ]);
});

it('then the next run deletes what that read was told, and an equally great read is no doubt any more', async () => {
  editMany();
  const { runId, state } = await at.run({ entities: ['catalog'] });
  const catalog = await ended(runId, 'catalog');
  expect([state, catalog.deleted, catalog.doubts, catalog.read_kind, await isDeleted(gone)]).toEqual([
    'completed',
    '1',
    [],
    'incremental',
    true,
  ]);
  expect(await ended((await at.run({ entities: ['catalog'] })).runId, 'catalog')).toMatchObject({ deleted: '0' });
});

it('an empty list that is accepted comes again as a complete read, and what is gone goes', async () => {
  const { control } = at.sandbox;
  control.addFault('counts=emptyObject');
  const first = await at.run({ entities: ['inventory'], full: true });
  expect([first.state, kinds(await ended(first.runId, 'inventory'))]).toEqual(['doubtful', ['empty']]);
  const repeated = await at.run({ entities: ['inventory'], full: true });
  expect(repeated.state).toBe('doubtful');
  await said('doubt', 'accept', repeated.runId, 'inventory', '--because', 'stock-taking');
  const { runId, state } = await at.run({ entities: ['inventory'] });
  const inventory = await ended(runId, 'inventory');
  expect([state, inventory.read_kind, inventory.full_reason]).toEqual([
    'completed',
    'complete',
    expect.stringContaining(`run ${repeated.runId} is accepted`),
  ]);
  expect(Number(inventory.deleted)).toBeGreaterThan(0);
  // Settled by a complete read without doubt: the doubt before it is no open question any more.
  expect(await openOf('inventory')).toEqual([]);
  control.clearFaults();
  control.advanceClock(HOUR_MS);
  expect((await at.run({ entities: ['inventory'], full: true })).state).toBe('completed');
  control.addFault('counts=emptyObject');
  const later = await at.run({ entities: ['inventory'], full: true });
  // Something was listed since: it is another fact.
  expect([later.state, kinds(await ended(later.runId, 'inventory'))]).toEqual(['doubtful', ['empty']]);
});

it('an empty answer where changes were asked for is settled by the next good read, when it told of no deletions', async () => {
  at.sandbox.control.addFault('catalog-search=emptyObject');
  const { runId, state } = await at.run({ entities: ['variations'] });
  expect([state, kinds(await ended(runId, 'variations'))]).toEqual(['doubtful', ['carrier-missing']]);
  expect((await openOf('variations')).map(({ deletes_owed: owed }: { deletes_owed: boolean }) => owed)).toEqual([false]);
  at.sandbox.control.clearFaults();
  expect((await at.run({ entities: ['variations'] })).state).toBe('completed');
  expect(await openOf('variations')).toEqual([]);
});
