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
  // Those of an extraction that was given up are told by its own line.
  const batches = await db.query<{ name: string }>(
    `select b.key || ' ' || b.state as name from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
      where b.state <> 'loaded' and x.state <> 'abandoned'`,
  );
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
