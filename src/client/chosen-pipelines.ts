import type { LoadedSettings } from '../config/load-settings';
import { listPipelines, requirePipelines } from '../config/pipeline';
import { FreshetError } from '../domain/errors';
import { planFault, planOrder } from '../domain/plan';
import type { PreparedClaim } from '../run/claim-request';
import { FOREIGN_PIPELINE } from '../run/file-source';

const NAME_THEM = 'Nothing was started. Name pipelines (config/pipelines/<name>.yaml), or ask for all of them and name none.';

/** The pipelines that a command means, each once: those it names, or with `--all` every one of config/pipelines, in the order of the files. Errors: `wrong-use`, `pipeline-unknown`. */
export function chosenPipelines({ root }: Pick<LoadedSettings, 'root'>, named: readonly string[], all: boolean): readonly string[] {
  if (all && named.length > 0) throw wrongUse(`--all means every pipeline, so it cannot stand beside ${named.join(', ')}`);
  if (!all && named.length === 0) throw wrongUse('run names no pipeline');
  if (all) return listPipelines(root);
  // Files that are no other pipeline's need no file of their own; that nobody can be asked for them is said where runs are claimed.
  requirePipelines(
    named.filter((each) => each !== FOREIGN_PIPELINE),
    root,
  );
  return [...new Set(named)];
}

/** The claims in the order in which they may begin: those that a pipeline names in `after:` come before it. Errors: `pipelines-in-a-circle`. */
export function inOrder(claims: readonly PreparedClaim[]): { readonly claims: readonly PreparedClaim[]; readonly after: After } {
  // A name and a path may mean the same one.
  const byName = new Map(claims.map((claim) => [claim.request.pipeline, claim]));
  const plan = [...byName.values()].map(({ request, resolved }) => ({
    entity: request.pipeline,
    dependsOn: resolved.pipeline.after.filter((name) => byName.has(name)),
    priority: 'medium' as const,
  }));
  const fault = planFault(plan);
  if (fault?.kind === 'cycle') throw inACircle(fault.path);
  return {
    claims: planOrder(plan).map(({ entity }) => byName.get(entity)!),
    after: new Map(plan.map(({ entity, dependsOn }) => [entity, dependsOn])),
  };
}

/** By pipeline, those of the same command that must have ended before it begins, however they ended. */
export type After = ReadonlyMap<string, readonly string[]>;

export function wrongUse(message: string, remedy = NAME_THEM): FreshetError {
  return new FreshetError('config_error', {
    code: 'wrong-use',
    message,
    remedy,
  });
}

function inACircle(path: readonly string[]): FreshetError {
  return new FreshetError('config_error', {
    code: 'pipelines-in-a-circle',
    message: `The pipelines wait for each other in a circle: ${path.join(' → ')}`,
    remedy: 'Correct `after` in one of their files. Nothing was started.',
    where: `config/pipelines/${path[0]!}.yaml`,
  });
}
