import type { Database } from '../database/database';
import { endRun, requestCancel } from '../database/run-store';
import type { Plan } from '../domain/plan';
import { isFreshetError } from '../domain/errors';
import { FileStore } from '../landing/file-store';
import { safeText } from '../observability/safe-facts';
import type { StageContext } from '../observability/stage-context';
import { writeReport } from '../report/write-report';
import { runLocal } from '../run/run-local';
import { sourceClients } from '../run/source-clients';
import { Steps } from '../run/steps';
import { sources } from '../sources/index';
import type { Project } from './project';

/** Carries a claimed run to its end in this process, without Temporal. Ctrl-C (the context's signal) cancels the run; whatever happens, it ends final and with a report. */
export async function carryLocally(
  project: Project,
  db: Database,
  run: { readonly runId: string; readonly plan: Plan },
  ctx: StageContext,
): Promise<void> {
  const { settings } = project.loaded;
  const landing = new FileStore(settings.landing.path, (site) => ctx.fault(site));
  const clients = sourceClients(db, project.loaded);
  const steps = new Steps({
    ...{ db, landing, sources, clients },
    reportsFolder: settings.reports.path,
    loadThreads: settings.worker.load_threads,
  });
  const cancel = (): void => void requestCancel(db, run.runId).catch(() => undefined);
  ctx.signal.addEventListener('abort', cancel, { once: true });
  try {
    await runLocal(steps, run, ctx);
  } catch (error) {
    await endBadly({ db, folder: settings.reports.path }, run.runId, error, { ...ctx, signal: new AbortController().signal });
  } finally {
    ctx.signal.removeEventListener('abort', cancel);
    await clients.close();
  }
}

/** A run must not stay active because its process met an error: the lane would be taken for ever. */
async function endBadly(
  deps: { readonly db: Database; readonly folder: string },
  runId: string,
  error: unknown,
  ctx: StageContext,
): Promise<void> {
  const cancelled = isFreshetError(error) && error.type === 'cancelled';
  const message = safeText(error instanceof Error ? error.message : String(error));
  const type = isFreshetError(error) ? error.type : 'transient_error';
  await endRun(deps.db, { runId, state: cancelled ? 'cancelled' : 'failed', ...(cancelled ? {} : { error: { type, message } }) }, ctx);
  await writeReport(deps, { runId }, ctx);
}
