import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withConnection } from '../../src/stack/postgres-connection';
import { BENCH_PUBLISH } from '../mapping';
import { expectedProducts } from './products';
import type { PublishJob, PublishMeasured } from './publish-case';
import { emptyLike, makeEditions, makeEntity, putEdition, renderTyped } from './tables';

/** The floor is COPY of the finished rows into a table of the same columns and keys. */
export const PUBLISH_CASES = ['copy_floor', 'publish_first', 'publish_all_changed', 'publish_unchanged'] as const;
export type PublishCase = (typeof PUBLISH_CASES)[number];

interface Wish {
  readonly url: string;
  readonly rows: number;
  readonly rounds: number;
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** Each round with an entity of its own: what a first publish meets is no table. */
export async function measurePublish(wish: Wish): Promise<Map<PublishCase, PublishMeasured[]>> {
  const { url, rows, rounds, say } = wish;
  const measured = new Map<PublishCase, PublishMeasured[]>(PUBLISH_CASES.map((name) => [name, []]));
  await makeEditions(url, rows);
  for (let round = 1; round <= rounds; round++) {
    const keep = (name: PublishCase, one: PublishMeasured): void => {
      say(`round ${round}: ${name} ${one.seconds.toFixed(2)} s, ${one.cpu_seconds.toFixed(2)} s of CPU`);
      measured.get(name)!.push(one);
    };
    await oneRound(wish, round, keep);
  }
  return measured;
}

async function oneRound(
  { url, rows, folder }: Wish,
  round: number,
  keep: (name: PublishCase, one: PublishMeasured) => void,
): Promise<void> {
  const entity = await makeEntity(url, round);
  const typed = `${entity.schema}.${BENCH_PUBLISH.table}`;
  const floor = { table: `${entity.schema}.copied`, rendered: join(folder, 'products.copy') };
  const [first, second] = [expectedProducts(rows, 1), expectedProducts(rows, 2)];
  const run = async (name: PublishCase, job: Partial<PublishJob>): Promise<void> =>
    keep(name, await inProcess({ url, entity, floor, counts: {}, expected: first, ...job }, folder));
  await putEdition(url, entity, { n: 1, rows });
  await run('publish_first', { counts: { changed: rows, created: rows } });
  if (round === 1) await renderTyped(url, typed, floor.rendered);
  await emptyLike(url, typed, floor.table);
  await run('copy_floor', { entity: null });
  await putEdition(url, entity, { n: 2, rows });
  // As the tables stand long after they were first published.
  await withConnection(url, (client) => client.query('vacuum analyze'));
  await run('publish_all_changed', { counts: { changed: rows, updated: rows }, expected: second });
  await run('publish_unchanged', { counts: { changed: 0 }, expected: second });
  await withConnection(url, (client) => client.query(`drop schema ${entity.schema} cascade`));
}

async function inProcess(job: PublishJob, folder: string): Promise<PublishMeasured> {
  const file = join(folder, 'publish.json');
  writeFileSync(file, JSON.stringify(job));
  const words = ['-r', join(__dirname, '../../scripts/typescript.cjs'), join(__dirname, 'publish-case.ts'), file];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words);
  process.stderr.write(stderr);
  return JSON.parse(stdout) as PublishMeasured;
}
