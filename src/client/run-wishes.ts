import { userInfo } from 'node:os';
import { FreshetError, isFreshetError } from '../domain/errors';
import type { Comparison } from '../extract/comparison';
import { claimRequest, type PreparedClaim, type RunWish } from '../run/claim-request';
import { leftOut, type LeftOut } from '../run/left-out';
import { sources } from '../sources/index';
import { cutoffDays } from './cutoff-days';
import { entitiesAnywhere } from './entities-anywhere';
import type { Project } from './project';

export interface RunFlags {
  /** As given; each may name several, separated by commas. */
  readonly entity?: readonly string[];
  readonly full?: boolean;
  /** Every pipeline of config/pipelines that can run. */
  readonly all?: boolean;
  /** Although what is held is fresh. */
  readonly force?: boolean;
  /** `true`: given without a number. */
  readonly cutoffDays?: string | true;
  /** A number, as given. */
  readonly limit?: string;
  /** Read, decide, and write nothing. */
  readonly dryRun?: boolean;
  /** Deletes beyond the bounds of load.deletes are meant. */
  readonly approveDeletes?: boolean;
  readonly local?: boolean;
  /** Where the lane is taken: follow the run that has it, or wait for it; at most one of them. */
  readonly attach?: boolean;
  readonly queue?: boolean;
}

/** Whether the command reads the source in its own process, and so needs its secrets. */
export const asksItself = ({ local = false, dryRun = false }: Pick<RunFlags, 'local' | 'dryRun'>): boolean => local || dryRun;

/** A pipeline that is not run, because it or its source is switched off or not set up. */
export interface LeftPipeline extends LeftOut {
  readonly pipeline: string;
}

/** What no flag of `run` asks for. */
export interface WishedMore {
  /** The tables are compared with their source instead of read. */
  readonly compare?: Comparison;
  /** The run whose rest is taken up. */
  readonly retryOf?: string;
}

export interface PreparedClaims {
  readonly claims: readonly PreparedClaim[];
  readonly left: readonly LeftPipeline[];
}

/**
 * Resolves and freezes every pipeline that was asked for, before anything is started: a mistake in the last one stops all. One that is
 * switched off or not set up is left out where others can run, with `--all --entity` also one that has none of these entities. Errors: `config_error`.
 */
export function prepareClaims(project: Project, pipelines: readonly string[], flags: RunFlags, more: WishedMore = {}): PreparedClaims {
  const entities = entityNames(flags.entity);
  const { full = false, approveDeletes = false, force = false } = flags;
  const wish = {
    actor: actor(),
    full,
    approveDeletes,
    force,
    ...narrowing(project, flags),
    ...more,
    ...(flags.all === true ? { mustBeSetUp: 'begun' as const } : {}),
  };
  const anywhere = flags.all === true && entities !== undefined ? entitiesAnywhere(project.loaded, pipelines, entities) : null;
  const asked = (pipeline: string): Pick<RunWish, 'entities'> => {
    const names = anywhere?.get(pipeline) ?? entities;
    return names === undefined ? {} : { entities: names };
  };
  try {
    return eachPipeline(anywhere === null ? pipelines : [...anywhere.keys()], flags.all === true, (pipeline) =>
      claimRequest(project.loaded, sources, { pipeline, ...wish, ...asked(pipeline) }),
    );
  } catch (error) {
    throw withSandboxHint(error, project);
  }
}

function eachPipeline(pipelines: readonly string[], all: boolean, prepare: (pipeline: string) => PreparedClaim): PreparedClaims {
  const [claims, left]: [PreparedClaim[], LeftPipeline[]] = [[], []];
  let first: Error | undefined;
  for (const pipeline of pipelines) {
    try {
      claims.push(prepare(pipeline));
    } catch (error) {
      const why = leftOut(error, { all });
      if (why === null || !isFreshetError(error)) throw error;
      first ??= error;
      left.push({ pipeline, ...why });
    }
  }
  if (claims.length === 0 && first !== undefined && !all) throw first;
  return { claims, left };
}

/** What makes the reads of a run partial ones (contracts §1). Errors: `config_error` codes `cutoff-days`, `record-limit`. */
export function narrowing({ loaded: { settings } }: Project, { limit, cutoffDays: days }: RunFlags): Pick<RunWish, 'limit' | 'cutoffDays'> {
  const setting = 'sync_pipeline.default_cutoff_days';
  const cutoff = cutoffDays(days, { otherwise: settings.sync_pipeline.default_cutoff_days, setting });
  return {
    ...(limit === undefined ? {} : { limit: recordLimit(limit) }),
    ...(cutoff === null ? {} : { cutoffDays: cutoff }),
  };
}

function recordLimit(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new FreshetError('config_error', {
    code: 'record-limit',
    message: `--limit ${text} is no number of records`,
    remedy: 'Give a whole number such as 100, or leave it out: then everything is read.',
    where: '--limit',
  });
}

/** Who reads the test environment without having one can have the sandbox. */
export function withSandboxHint(error: unknown, { loaded }: Project): unknown {
  if (!isFreshetError(error) || error.code !== 'source-setting-missing' || loaded.settings.source_environment !== 'test') return error;
  const { type, code, message, remedy, where } = error;
  const sandbox = {
    kind: 'run-command',
    label: 'Or have the sandbox as test environment (another terminal)',
    command: './freshet up --sandbox',
  } as const;
  return new FreshetError(type, {
    code,
    message,
    remedy,
    next: [...error.next, sandbox],
    ...(where === undefined ? {} : { where }),
    cause: error,
  });
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

/** Who asks: the name behind this process. */
export function actor(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id without a name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
