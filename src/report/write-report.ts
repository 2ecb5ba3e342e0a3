import { join } from 'node:path';
import type { Database } from '../database/database';
import { FileStore } from '../landing/file-store';
import type { StageContext } from '../observability/stage-context';
import { entityPage } from './entity-page';
import { readRunFacts } from './run-facts';
import { summary } from './summary';
import { timeline } from './timeline';

export interface ReportDeps {
  readonly db: Database;
  /** The folder of all reports, absolute. */
  readonly folder: string;
}

/** Of a run `r`: its settings switch reports off. */
export const REPORT_OFF = `exists (select from freshet.config c where c.digest = r.config_digest and c.body #>> '{settings,stages,report}' = 'false')`;

/**
 * Writes the run's folder `<folder>/sync/<run id>/` from what the database says, whatever became of the run, and stores its path.
 * Writing again gives the same files. Every file is whole or absent; the summary comes last, so its presence says that the rest is there.
 * `null`: its settings switch reports off. Errors: `file_error`, `config_error` code `run-unknown`.
 */
export async function writeReport(
  { db, folder }: ReportDeps,
  { runId }: { readonly runId: string },
  ctx: StageContext,
): Promise<{ readonly path: string | null }> {
  const [off] = await db.query(`select from freshet.run r where r.id = $1 and ${REPORT_OFF}`, [runId]);
  if (off !== undefined) return { path: null };
  const facts = await readRunFacts(db, runId);
  const store = new FileStore(folder, (site) => ctx.fault(site));
  const home = `sync/${runId}`;
  for (const part of ['customer_reports', 'logs', 'summaries']) await store.claim(`${home}/${part}`);
  const { report_path: _, ...run } = facts.run;
  await store.write(`${home}/summaries/run.json`, [text(`${JSON.stringify({ run, entities: facts.entities }, null, 2)}\n`)]);
  for (const entity of facts.entities) {
    await store.write(`${home}/summaries/${encodeURIComponent(entity.entity)}.md`, [text(entityPage(facts.run, entity))]);
  }
  await store.write(`${home}/logs/timeline.jsonl`, timeline(db, runId));
  await store.write(`${home}/_SYNC_SUMMARY.md`, [text(summary(facts))]);
  const path = join(folder, 'sync', runId);
  await db.query(`update freshet.run set report_path = $2 where id = $1 and report_path is distinct from $2`, [runId, path]);
  ctx.log('RP-001', { run: runId, path });
  return { path };
}

function text(content: string): Uint8Array {
  return Buffer.from(content, 'utf8');
}
