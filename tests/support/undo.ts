import { claimRun } from '../../src/database/claim';
import { runLocal } from '../../src/run/run-local';
import { undoRequest } from '../../src/run/undo-request';
import { sources } from '../../src/sources';
import type { InstallationOf } from './installation';

/** Takes back what a run deleted of one entity, by a run of its own that is carried to its end in this process. */
export async function undo<S>(at: InstallationOf<S>, runId: string, entity: string): Promise<void> {
  const request = undoRequest(at.loaded, sources, { pipeline: at.pipeline, runId, entities: [entity], actor: 'test' });
  const claim = await claimRun(at.db, request, at.ctx);
  if (claim.kind === 'taken') throw new Error('the lane is taken');
  expect(await runLocal(at.steps, { runId: claim.runId, plan: request.plan }, at.ctx)).toBe('completed');
}
