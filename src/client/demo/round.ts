import type { Database } from '../../database/database';
import { isFinalRun } from '../../domain/run';
import { readRunFacts, type RunFacts } from '../../report/run-facts';
import { followRun } from '../follow-run';
import type { LiveRun } from '../live/live-facts';
import { plain } from '../live/look';
import { sumLine } from '../live/plain-writer';
import { commandContext, type Project } from '../project';
import { prepareClaims } from '../run-wishes';
import { tellSandbox, type Switchboard } from '../sandbox-part';
import type { TemporalLink } from '../temporal/connect-temporal';
import { startRun } from '../temporal/start-run';
import { PIPELINES } from './pipelines';

/** Requests that the Zoho Books sandbox answered during a round. */
export interface SandboxWork {
  readonly lists: number;
  readonly details: number;
}

/** Every pipeline once, side by side. */
export interface Round {
  /** In the order of `PIPELINES`. */
  readonly runs: readonly RunFacts[];
  readonly books: SandboxWork;
}

export interface RoundDeps {
  readonly project: Project;
  readonly books: Switchboard;
  readonly note: (line: string) => void;
  readonly db: Database;
  readonly temporal: TemporalLink;
}

/** Claims and starts a run of each pipeline, as `freshet run` with their names does, and follows them to their ends. */
export async function playRound(deps: RoundDeps): Promise<Round> {
  const { project, books, note } = deps;
  note(`$ ./freshet run ${PIPELINES.join(' ')}`);
  await tellSandbox(books, 'DELETE', 'requests');
  const tell = tellerOf((line) => note(`  ${line}`));
  // Each by itself: one that is switched off is an error here, and not left out.
  const claims = PIPELINES.flatMap((pipeline) => prepareClaims(project, [pipeline], {}).claims);
  const steering = { ...deps, reportsFolder: project.loaded.settings.reports.path, ctx: commandContext(project) };
  const runs = await Promise.all(
    claims.map(async ({ request }) => {
      const { runId } = await startRun(steering, request);
      await followRun(deps.db, { runId, show: tell, everyMs: 100 });
      return readRunFacts(deps.db, runId);
    }),
  );
  return { runs, books: await workOf(books) };
}

/** Whether every entity of a run is complete, without doubt. */
export function cameThrough({ run, entities }: RunFacts): boolean {
  return run.state === 'completed' && entities.every(({ state }) => state === 'completed');
}

export const isComplete = ({ runs }: Round): boolean => runs.every(cameThrough);

/** A run that takes longer says so as often. */
const TELL_EVERY_MS = 10_000;

/** One line for each run that ends, and now and then one for a run that goes on. */
function tellerOf(write: (line: string) => void): (run: LiveRun) => void {
  const told = new Map<string, number>();
  return (run) => {
    const at = Date.parse(run.now);
    const last = told.get(run.id) ?? Date.parse(run.started_at);
    const due = isFinalRun(run.state) ? last !== Infinity : at - last >= TELL_EVERY_MS;
    if (!due) return;
    told.set(run.id, isFinalRun(run.state) ? Infinity : at);
    write(plain(sumLine(run)));
  };
}

/** The sandbox's own request log is the judge of what was fetched. */
async function workOf(books: Switchboard): Promise<SandboxWork> {
  const requests = await tellSandbox<readonly { readonly kind: string }[]>(books, 'GET', 'requests');
  const of = (kind: string): number => requests.filter((request) => request.kind === kind).length;
  return { lists: of('list'), details: of('detail') };
}
