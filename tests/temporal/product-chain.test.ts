import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { testDatabase } from '../support/database';
import { installLegacy4d } from '../support/installation';
import { openBenchOn, type BenchOn } from './bench';

const database = testDatabase();
let bench: BenchOn<Legacy4dSandbox>;

beforeAll(async () => {
  bench = await openBenchOn(installLegacy4d, { databaseUrl: database.url });
  await bench.worker();
});
afterAll(() => bench.close());

const CLASSES = { categories: 'Artikel_Kategorie', parents: 'Artikel_Familie', variants: 'Artikel_Variante' } as const;
type Link = keyof typeof CLASSES;
const CHAIN = Object.keys(CLASSES) as Link[];

/** When each entity was loaded, and when it ended. */
async function times(runId: string): Promise<{ entity: Link; state: string; loaded: string; ended: string }[]> {
  return bench.installation.db.query(
    `select re.entity, re.state, min(b.committed_at)::text as loaded, max(re.completed_at)::text as ended
       from freshet.run_entity re left join freshet.batch b on b.extraction_id = re.extraction_id and b.run_id = re.run_id
      where re.run_id = $1 group by re.entity, re.state, re.completed_at order by re.completed_at`,
    [runId],
  );
}

describe('the product chain of a 4D server through Temporal', () => {
  it('is loaded categories first, then parents, then variants, whole', async () => {
    const { runId } = await bench.start();
    expect(await bench.ended(runId)).toBe('completed');
    const links = await times(runId);
    expect(links.map(({ entity, state }) => [entity, state])).toEqual(CHAIN.map((entity) => [entity, 'completed']));
    for (const [place, { loaded }] of links.entries()) if (place > 0) expect(loaded > links[place - 1]!.ended).toBe(true);
    for (const entity of CHAIN) {
      const rows = await bench.installation.db.query<{ id: string }>(`select id from pyerp.json_${entity} where deleted_at is null`);
      const truth = [...bench.installation.sandbox.control.truth(CLASSES[entity])].map(({ key }) => key);
      expect([entity, rows.map(({ id }) => id).sort()]).toEqual([entity, truth.sort()]);
    }
  });

  it('stops where a link breaks: what follows is skipped and says for which, and the next run takes it up', async () => {
    const { db, sandbox } = bench.installation;
    sandbox.control.edit('Artikel_Familie', 1, {});
    sandbox.control.edit('Artikel_Variante', 1, {});
    await db.query(`create function pyerp.swallow() returns trigger language plpgsql as 'begin return null; end'`);
    await db.query(`create trigger swallow before update on pyerp.json_parents for each row execute function pyerp.swallow()`);
    const { runId } = await bench.start();
    expect(await bench.ended(runId)).toBe('partial');
    const broken = await bench.entities(runId);
    expect(CHAIN.map((entity) => broken.get(entity)?.state)).toEqual(['completed', 'failed', 'skipped']);
    expect(broken.get('variants')?.skipped_reason).toMatch(/parents/);

    await db.query(`drop trigger swallow on pyerp.json_parents`);
    const { runId: next } = await bench.start();
    expect(await bench.ended(next)).toBe('completed');
    const updated = await db.query(`select entity, updated from freshet.run_entity where run_id = $1 order by entity`, [next]);
    expect(updated).toEqual([
      { entity: 'categories', updated: '0' },
      { entity: 'parents', updated: '1' },
      { entity: 'variants', updated: '1' },
    ]);
  });
});
