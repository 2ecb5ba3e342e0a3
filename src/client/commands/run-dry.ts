import type { PreparedClaim } from '../../run/claim-request';
import type { DryEntity } from '../../run/dry-entity';
import { dryRun, type DryRun } from '../../run/dry-run';
import { sourceOf, type RunConfig } from '../../run/run-config';
import { unstoringClients } from '../../run/source-clients';
import { sources } from '../../sources/index';
import { dryText } from '../dry-run-text';
import type { CommandResult } from '../envelope';
import { EXIT, worstExitCode } from '../exit-code';
import { onInterrupt } from '../interrupt';
import { openReadOnly } from '../open-database';
import type { Output } from '../output';
import { commandContext, type Project } from '../project';
import type { LeftPipeline } from '../run-wishes';

export interface DryRunning {
  readonly project: Project;
  /** In the order in which they would run. */
  readonly claims: readonly PreparedClaim[];
  readonly left: readonly LeftPipeline[];
  readonly all: boolean;
}

/** `freshet run … --dry-run`: real reads, every decision, nothing written. Needs neither Temporal nor a worker. */
export async function runDry({ project, claims, left, all }: DryRunning, out: Output): Promise<CommandResult> {
  const interrupt = onInterrupt();
  const { db, setUp } = await openReadOnly(project);
  const clients = unstoringClients({ db, setUp }, project.loaded);
  try {
    const runs: DryRun[] = [];
    for (const { request, resolved, warnings } of claims) {
      for (const warning of warnings) out.note(warning);
      out.note(`${request.pipeline}: reading, and writing nothing`);
      const config: RunConfig = { digest: '', ...resolved, definition: sourceOf(sources, resolved.source.type), unseen: new Set() };
      const { plan, kind, command } = request;
      const ctx = commandContext(project, interrupt.signal);
      runs.push(await dryRun({ db, setUp, clients }, { config, plan, kind, command }, ctx));
    }
    const left_out = left.map(({ pipeline, code, reason, remedy }) => ({ pipeline, code, reason, remedy }));
    const calls = runs.reduce((sum, run) => sum + run.calls, 0);
    const missed = left.some(({ meant }) => !(all && meant)) ? [EXIT.partial] : [];
    return {
      exitCode: worstExitCode([...runs.map(exitCodeOf), ...missed]),
      data: { dry_run: true, calls, pipelines: runs, left_out },
      text: dryText(runs, left),
    };
  } finally {
    interrupt.release();
    await clients.close();
    await db.close();
  }
}

function exitCodeOf({ entities }: DryRun): number {
  const bad = entities.filter(({ decision }) => decision === 'failed' || decision === 'skipped');
  if (bad.length > 0) return bad.length === entities.length ? EXIT.failed : EXIT.partial;
  return entities.some(needsSomeone) ? EXIT.findings : EXIT.good;
}

/** A run would end doubtful, or with something held. */
function needsSomeone({ doubts, deletes }: DryEntity): boolean {
  return doubts.length > 0 || deletes?.held === true;
}
