import type { LoadedSettings } from '../config/load-settings';
import type { PipelineSettings } from '../config/schema/pipeline-file';
import { sourceSetUp } from '../config/source-set-up';
import { entitySwitchedOff, pipelineSwitchedOff, switchedOnBy, type SwitchedOff } from '../config/switches';
import { FreshetError, isFreshetError } from '../domain/errors';

/** Errors that mean: nothing is wrong with the files, yet this pipeline is not to run, or cannot run here. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'pipeline-off',
  'source-off',
  'stage-off',
  'source-not-set-up',
  'source-setting-missing',
  'source-environment-missing',
  'secret-missing',
]);

/** Those that a person meant: nobody has to set anything. */
const MEANT: ReadonlySet<string> = new Set(['pipeline-off', 'source-off', 'stage-off', 'source-not-set-up']);

/** Why a pipeline is left out, where others may go on; `null`: the error is another one. */
export interface LeftOut {
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
  /** Switched off, or never set up: no mistake. */
  readonly meant: boolean;
}

/** No mistake where nobody named the pipeline: it never runs by itself, or what was asked for is switched off in it. */
const LEFT_OUT_OF_ALL: ReadonlySet<string> = new Set(['pipeline-of-files', 'entity-off']);

/** `all`: nobody named the pipeline. */
export function leftOut(error: unknown, { all }: { readonly all: boolean } = { all: false }): LeftOut | null {
  if (!isFreshetError(error)) return null;
  const { code, message: reason, remedy } = error;
  if (all && LEFT_OUT_OF_ALL.has(code)) return { code, reason, remedy, meant: true };
  return LEFT_OUT.has(code) ? { code, reason, remedy, meant: MEANT.has(code) } : null;
}

/** Errors: `config_error` codes `pipeline-off`, `source-off`, `stage-off`, for a run that would ask the pipeline's source. */
export function refuseSwitchedOff({ settings, sources }: LoadedSettings, pipeline: PipelineSettings, file: string): void {
  if (!settings.stages.extract)
    throw offError('stage-off', `Sources are not asked for anything: stages.extract is off`, 'Set stages.extract to true.');
  const off = pipelineSwitchedOff({ settings, sources }, pipeline, file);
  if (off !== null) throw switchedOff(off);
}

/** How much of a source must be set in this process: anything of it, or all. */
export type SetUpWish = 'begun' | 'whole';

/** Errors: `config_error` code `source-not-set-up` where less of the pipeline's source is set in this process than is wished. */
export function refuseNotSetUp(loaded: LoadedSettings, source: string, wish: SetUpWish): void {
  const found = sourceSetUp(loaded, source);
  if (found === null || found.missing.length === 0 || (found.begun && wish === 'begun')) return;
  const [first = '', ...rest] = found.missing;
  throw new FreshetError('config_error', {
    code: 'source-not-set-up',
    message: `Source ${source} (${loaded.settings.source_environment}) is not set up here: ${found.missing.join(', ')} ${rest.length === 0 ? 'is' : 'are'} not set`,
    remedy: first.startsWith('environments.')
      ? `Add ${source}.${first} to config/sources.yaml, or set source_environment to the other one.`
      : 'Set them in the environment or in .env (docs/sources.md), or switch the source off in config/sources.yaml.',
    where: 'config/sources.yaml',
    retryable: false,
  });
}

function switchedOff(off: SwitchedOff): FreshetError {
  const [message, remedy] = [`${off.what} is switched off`, `Nothing was begun. ${switchedOnBy(off)}`];
  switch (off.kind) {
    case 'pipeline':
      return offError('pipeline-off', message, remedy, off.file);
    case 'source':
      return offError('source-off', message, remedy, off.file);
    case 'entity':
      return offError('entity-off', message, remedy, off.file);
  }
}

function offError(code: string, message: string, remedy: string, where?: string): FreshetError {
  return new FreshetError('config_error', { code, message, remedy, ...(where === undefined ? {} : { where }), retryable: false });
}

/** Errors: `config_error` code `stage-off`, for whoever would load. */
export function refuseLoadOff({ settings }: Pick<LoadedSettings, 'settings'>): void {
  if (!settings.stages.load) throw offError('stage-off', 'Nothing is loaded: stages.load is off', 'Set stages.load to true.');
}

/** Errors: `config_error` code `entity-off` for an entity that was asked for by name. */
export function refuseEntityOff(pipeline: PipelineSettings, names: readonly string[], file: string): void {
  const [off] = names.flatMap((name) => entitySwitchedOff(pipeline, name, file) ?? []);
  if (off !== undefined) throw switchedOff(off);
}
