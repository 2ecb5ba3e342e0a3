import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Installation } from '../support/installation';

/** A digest of every table and every file by name: what a zombie may not change. */
export type Everything = ReadonlyMap<string, string>;

/** Written by the rounds of every living worker, zombie or not; and what a zombie asked of the source was asked. */
const OF_THE_LIVING = ['heartbeat', 'alarm', 'notice', 'api_budget', 'api_call', 'api_day', 'api_run'];

export async function everythingHeld({ db, loaded }: Pick<Installation, 'db' | 'loaded'>): Promise<Everything> {
  const tables = await db.query<{ schema: string; name: string }>(
    `select schemaname as schema, tablename as name from pg_catalog.pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') and not (schemaname = 'freshet' and tablename = any ($1))
      order by 1, 2`,
    [OF_THE_LIVING],
  );
  const held = new Map<string, string>();
  for (const { schema, name } of tables) {
    const [row] = await db.query<{ digest: string }>(
      `select count(*) || ' rows ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest from "${schema}"."${name}" t`,
    );
    held.set(`table ${schema}.${name}`, String(row?.digest));
  }
  for (const folder of [loaded.settings.landing.path, loaded.settings.reports.path]) {
    for (const file of filesBelow(folder)) held.set(`file ${file}`, createHash('sha256').update(readFileSync(file)).digest('hex'));
  }
  return held;
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Sentences about what is not as it was. */
export function changes(before: Everything, after: Everything): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
  return names.map((name) => `${name} changed: ${before.get(name) ?? 'nothing'} became ${after.get(name) ?? 'nothing'}`);
}
