import { userInfo } from 'node:os';
import { FreshetError } from '../domain/errors';
import { claimRequest, type PreparedClaim } from '../run/claim-request';
import { sources } from '../sources/index';
import type { Project } from './project';

export interface RunFlags {
  /** As given; each may name several, separated by commas. */
  readonly entity?: readonly string[];
  readonly full?: boolean;
  readonly local?: boolean;
}

/** Resolves and freezes every pipeline that was asked for, before anything is started: a mistake in the last one stops all. Errors: `config_error`. */
export function prepareClaims(project: Project, pipelines: readonly string[], flags: RunFlags): PreparedClaim[] {
  const entities = entityNames(flags.entity);
  return [...new Set(pipelines)].map((pipeline) =>
    claimRequest(project.loaded, sources, {
      pipeline,
      actor: actor(),
      ...(entities === undefined ? {} : { entities }),
      ...(flags.full === true ? { full: true } : {}),
    }),
  );
}

/** `a,b` and repeated flags as one list without repetitions; `undefined` when the flag was not given. */
export function entityNames(given: readonly string[] | undefined): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const names = given.flatMap((text) => text.split(',')).map((name) => name.trim());
  if (!names.includes('')) return [...new Set(names)];
  throw new FreshetError('config_error', {
    code: 'entity-empty',
    message: '--entity names nothing, or there is a comma too many',
    remedy: 'Write names separated by commas: --entity contacts,items.',
  });
}

function actor(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id without a name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
