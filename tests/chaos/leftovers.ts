import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../src/database/database';

/** What a run that has ended must have cleared away, and the report it must have written. Sentences; empty means clean. */
export async function leftovers(
  db: Database,
  at: { readonly landing: string; readonly reports: string; readonly runId: string },
): Promise<string[]> {
  const stages = await db.query<{ name: string }>(`select tablename as name from pg_catalog.pg_tables where schemaname = 'freshet_stage'`);
  const open = await db.query<{ name: string }>(`select entity || ' ' || state as name from freshet.extraction where state <> 'complete'`);
  const batches = await db.query<{ name: string }>(`select key || ' ' || state as name from freshet.batch where state <> 'loaded'`);
  const files = existsSync(at.landing) ? readdirSync(at.landing, { recursive: true, encoding: 'utf8', withFileTypes: true }) : [];
  const strays = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name).slice(at.landing.length + 1));
  const summary = join(at.reports, 'sync', at.runId, '_SYNC_SUMMARY.md');
  return [
    ...stages.map(({ name }) => `table freshet_stage.${name} was left behind`),
    ...open.map(({ name }) => `the extraction of ${name}`),
    ...batches.map(({ name }) => `batch ${name}`),
    ...strays.filter((name) => name.endsWith('.tmp') || name.startsWith('work')).map((name) => `file ${name} was left in landing`),
    ...(existsSync(summary) ? [] : [`the report ${summary.slice(at.reports.length + 1)} was not written`]),
  ];
}
