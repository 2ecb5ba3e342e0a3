import { writeFileSync } from 'node:fs';
import { openDatabase, type Database } from '../../src/database/database';
import { claimRun } from '../../src/database/claim';
import { findRehearsal } from '../../src/database/rehearsal-store';
import { requestCancel } from '../../src/database/run-store';
import type { StageContext } from '../../src/observability/stage-context';
import { rehearse } from '../../src/publish/rehearsal/rehearse';
import { applyRehearsal, checkRehearsal } from '../../src/run/apply-rehearsal';
import { rehearsable, rehearsePipeline } from '../../src/run/rehearsal';
import { sources } from '../../src/sources';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { chainYaml, installChain, type Installed } from './chain';
import { rawBench } from './raw-bench';

/** A rehearsal that is accepted, and what may happen to it on its way. */
const database = testDatabase();
let at: Installed;
beforeAll(async () => {
  at = await installChain({ databaseUrl: database.url });
  await at.run();
  writeFileSync(at.pipeline, chainYaml().replaceAll('name: Bezeichnung', 'label: Bezeichnung, name: Bezeichnung'));
});
afterAll(() => at.close());

const asked = (): ReturnType<typeof rehearsable> => rehearsable(at.loaded, sources, { pipeline: at.pipeline, actor: 'ann' });
const labelled = (table: string): Promise<object[]> => at.db.query(`select from ${table} t where to_jsonb(t) ->> 'label' is not null`);

/** Rehearses, and begins to accept it; `during` is asked at every fault site. */
async function acceptWith(during: (site: string, runId: string) => void | Promise<void>): Promise<{ runId: string; end: Promise<void> }> {
  const plan = asked();
  await rehearsePipeline(at, { rehearsable: plan, named: false, samples: 0, actor: 'ann' }, at.ctx);
  const rehearsal = (await findRehearsal(at.db, { environment: 'test', pipeline: 'chain' }))!;
  await checkRehearsal(at.db, { rehearsal, rehearsable: plan }, at.ctx);
  const { runId } = (await claimRun(at.db, { ...plan.request, command: { local: true } }, at.ctx)) as { runId: string };
  const ctx: StageContext = testContext({ fault: (site) => during(site, runId) });
  const end = applyRehearsal({ ...at, reportsFolder: at.loaded.settings.reports.path }, { rehearsal, rehearsable: plan, runId }, ctx);
  return { runId, end };
}

const stateOf = (runId: string): Promise<object[]> => at.db.query('select state from freshet.run where id = $1', [runId]);

it('that dies before its COMMIT, with all its tables written, leaves every one as it was, and can be accepted again', async () => {
  const { runId, end } = await acceptWith((site) => {
    if (site === 'publish.accept.before-commit') throw new Error('died here');
  });
  await expect(end).rejects.toThrow('died here');
  expect(await stateOf(runId)).toEqual([{ state: 'failed' }]);
  for (const table of ['categories', 'parent_products', 'variant_products']) expect(await labelled(table)).toEqual([]);
  expect(await findRehearsal(at.db, { environment: 'test', pipeline: 'chain' })).toMatchObject({ applied_by: null });
});

it('that is cancelled meanwhile writes nothing', async () => {
  const { runId, end } = await acceptWith(async (site, run) => {
    if (site === 'publish.chunk.after-rows') await requestCancel(at.db, run);
  });
  await expect(end).rejects.toMatchObject({ type: 'cancelled' });
  expect(await stateOf(runId)).toEqual([{ state: 'cancelled' }]);
  expect(await labelled('parent_products')).toEqual([]);
});

it('a row that somebody edits while it is being written: nothing is written, and it says so', async () => {
  const other: Database = openDatabase({ url: database.url, poolSize: 1 });
  let edited = false;
  const { end } = await acceptWith(async (site) => {
    if (site !== 'publish.accept.statement' || edited) return;
    edited = true;
    await other.query(`update variant_products set name = 'by hand' where sku = (select min(sku) from variant_products)`);
  });
  await expect(end).rejects.toMatchObject({ code: 'rehearsal-moved' });
  await other.close();
  expect(await labelled('categories')).toEqual([]);
  expect(await at.db.query(`select from variant_products where name = 'by hand'`)).toHaveLength(1);
});

it('otherwise all tables of the pipeline are written together', async () => {
  const { runId, end } = await acceptWith(() => undefined);
  await end;
  expect(await stateOf(runId)).toEqual([{ state: 'completed' }]);
  for (const [table, rows] of [
    ['categories', 6],
    ['parent_products', 20],
    ['variant_products', 60],
  ] as const)
    // prettier-ignore
    expect(await labelled(table)).toHaveLength(rows);
});

it('a row that others refer to is flagged in a rehearsal as it would be in the table, though its copy has no foreign key', async () => {
  const bench = await rawBench(at.db, { columns: {}, publish: { deletes: 'delete' } });
  await bench.put([{ key: 'kept' }, { key: 'gone' }]);
  await bench.publish();
  await at.db.query(`create table public.refers (thing text references ${bench.typed} (key))`);
  await at.db.query(`insert into public.refers values ('kept')`);
  await bench.remove('kept', 'gone');
  const { entities } = await rehearse({ db: at.db }, { entities: [await bench.begin()], id: '0123abcd', samples: 5 }, testContext());
  expect(entities[0]).toMatchObject({ counts: { deleted: 2 }, flagged: 1, removed: { rows: 1, keys: ['gone'] } });
});
