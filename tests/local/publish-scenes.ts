import { readFileSync, writeFileSync } from 'node:fs';
import type { EntityStep } from '../../src/run/steps';
import { installChain, type Installed } from '../publish/chain';
import { copyDatabase } from '../support/database-copy';

/** What is published while its process dies, and a database in which everything of it is loaded and nothing published. */
export interface PublishScene {
  readonly name: SceneName;
  /** The run whose rows are loaded, or of which conflicts are decided. */
  readonly runId: string;
  readonly template: string;
  /** `decide`: people decide conflicts, and no run is under way. */
  readonly act: 'publish' | 'decide';
}

/** In the order in which they are played. */
export const SCENES = ['the first publish', 'what changed', 'everything, by another mapping', 'decisions of people'] as const;
type SceneName = (typeof SCENES)[number];

export const ENTITIES = ['categories', 'parents', 'variants'];

/** Refused, waiting, contested: every way that a record can go is gone by some. */
export function installScenes(databaseUrl: string): Promise<Installed> {
  return installChain({
    databaseUrl,
    sandbox: { counts: { Artikel_Kategorie: 7, Artikel_Familie: 12, Artikel_Variante: 26, Auftrag: 2 } },
    publish: {
      categories: 'deletes: delete\nvalidation_rules: [{ field: name, rule: not_empty }]',
      parents: 'deletes: delete\nconflict_strategy: manual\nvalidation_rules: [{ field: name, rule: length, max: 30, severity: warning }]',
      variants: [
        'conflict_strategies: { name: manual, price: target_wins, stock: newest_wins }',
        'validation_rules: [{ field: stock, rule: range, max: 100000 }, { field: legacy_id, rule: unique }]',
      ].join('\n'),
    },
  });
}

/** One after the other; each goes on where the one before it was published to the end, undisturbed. */
export async function* publishScenes(at: Installed): AsyncGenerator<PublishScene> {
  const { control } = at.sandbox;
  // Its category is refused, so a family waits for it or is refused itself.
  control.edit('Artikel_Kategorie', 1, { Bezeichnung: '' });
  control.edit('Artikel_Variante', 5, { Bestand: 900_000 });
  control.edit('Artikel_Familie', 2, { Bezeichnung: 'a name that is longer than anybody wants to read' });
  yield* scene(at, 'the first publish');

  await byPeople(at);
  control.advanceClock(60_000);
  atTheSource(at);
  yield* scene(at, 'what changed');

  mapAnew(at);
  control.advanceClock(60_000);
  control.edit('Artikel_Variante', 3, { Bezeichnung: 'named anew' });
  control.remove('Artikel_Variante', 14);
  yield* scene(at, 'everything, by another mapping');

  const [run] = await at.db.query<{ id: string }>(`select id from freshet.run order by created_at desc limit 1`);
  yield { name: 'decisions of people', act: 'decide', runId: run!.id, template: (await copyDatabase(urlOf(at))).url };
}

async function* scene(at: Installed, name: SceneName): AsyncGenerator<PublishScene> {
  const runId = await at.claim();
  // Whoever carries it is no worker: then it can be cancelled without Temporal.
  await at.db.query(`update freshet.run set command = command || '{"local": true}' where id = $1`, [runId]);
  await at.steps.prepareRun({ runId }, at.ctx);
  for (const entity of ENTITIES) await load(at, { runId, entity });
  const { url } = await copyDatabase(urlOf(at));
  // A run that comes after one that died finds something else again, also among the first records.
  at.sandbox.control.advanceClock(60_000);
  at.sandbox.control.edit('Artikel_Variante', 0, { Bestand: 50 + name.length });
  yield { name, act: 'publish', runId, template: url };
  await publishAll(at, runId);
}

const urlOf = ({ loaded }: Installed): string => loaded.variables['DATABASE_URL']!;

/** As a run does until it publishes. */
async function load({ steps, ctx }: Installed, input: EntityStep): Promise<void> {
  for (;;) {
    const { outcome } = await steps.extract(input, ctx);
    if (outcome === 'held' || outcome === 'wait') throw new Error(`${input.entity} is not read: ${outcome}`);
    await steps.load(input, ctx);
    if (outcome === 'done') break;
  }
  await steps.close(input, ctx);
}

/** What is left of a run whose rows are loaded; sentences about what did not go well. */
export async function publishAll({ steps, ctx }: Pick<Installed, 'steps' | 'ctx'>, runId: string): Promise<string[]> {
  const problems: string[] = [];
  const { entities } = await steps.prepareRun({ runId }, ctx);
  for (const entity of ENTITIES) {
    if (entities.some((each) => each.entity === entity && each.state === 'completed')) continue;
    await steps.publish({ runId, entity }, ctx);
    const { ok, faults } = await steps.verify({ runId, entity }, ctx);
    if (!ok) problems.push(`${entity}: ${faults.join('; ')}`);
  }
  const { state } = await steps.endRun({ runId }, ctx);
  return state === 'completed' ? problems : [...problems, `the run is ${state}`];
}

async function byPeople({ db }: Installed): Promise<void> {
  const variant = (n: number): string => `(select source_id from variant_products where sku like '%-${String(n + 1).padStart(7, '0')}')`;
  for (const n of [6, 7])
    await db.query(`update variant_products set name = 'by hand', price = 1, stock = 1 where source_id = ${variant(n)}`);
  await db.query(`update variant_products set price = 2 where source_id = ${variant(8)}`);
  await db.query(`delete from variant_products where source_id in (${variant(9)}, ${variant(10)})`);
  await db.query(`insert into variant_products (sku, name) values ('OUR-OWN', 'made by hand'), ('TAKEN', 'taken over')`);
  await db.query(`update parent_products set name = 'by hand' where sku in ('F000004', 'F000005')`);
  await db.query(
    `insert into freshet.publish_override (pipeline, entity, record_id, field, value, expires_at)
     values ('chain', 'variants', ${variant(11)}, 'name', 'pinned', null), ('chain', 'variants', ${variant(12)}, 'name', 'no more', now() - interval '1 hour')`,
  );
}

function atTheSource({ sandbox: { control } }: Installed): void {
  control.edit('Artikel_Kategorie', 1, { Bezeichnung: 'good again' });
  control.create('Artikel_Kategorie', { Bezeichnung: 'new' });
  control.remove('Artikel_Kategorie', 2);
  control.edit('Artikel_Familie', 0, { Gewicht: 77 });
  control.edit('Artikel_Familie', 3, { Bezeichnung: 'by the source' });
  control.remove('Artikel_Familie', 4);
  control.remove('Artikel_Familie', 7);
  control.create('Artikel_Familie', { Art_Nr: 'F900001', Kategorie_ID: 999_999 });
  for (const n of [6, 9]) control.edit('Artikel_Variante', n, { Bezeichnung: 'by the source', Preis_VK: 9.99, Bestand: 5 });
  control.edit('Artikel_Variante', 5, { Bestand: 3 });
  control.edit('Artikel_Variante', 11, { Bezeichnung: 'below the pin' });
  control.edit('Artikel_Variante', 13, { Bestand: 800_000 });
  control.remove('Artikel_Variante', 15);
  control.create('Artikel_Variante', { Art_Nr: 'TAKEN', Bezeichnung: 'comes to a row of a person' });
  control.create('Artikel_Variante', { Art_Nr: 'X-NEW' });
  control.create('Artikel_Variante', { Art_Nr: 'X-NEW' });
}

/** A column more, one of another type, and one that is filled otherwise: the tables are altered, and every row is made anew. */
function mapAnew({ pipeline }: Installed): void {
  const text = readFileSync(pipeline, 'utf8');
  const anew = text.replace('stock: Bestand }', 'stock: Bestand, cost: Preis_EK, channel: { value: shop } }').replace('family: Familie_ID', 'family: { from: Familie_ID, type: text }'); // prettier-ignore
  if (anew === text) throw new Error('the mapping is the same');
  writeFileSync(pipeline, anew);
}
