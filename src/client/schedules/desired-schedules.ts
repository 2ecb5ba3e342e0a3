import { listPipelines, loadPipeline } from '../../config/pipeline';
import { scheduleMeant } from '../../config/schema/schedule';
import type { PipelineSettings } from '../../config/schema/pipeline-file';
import { FreshetError, isFreshetError } from '../../domain/errors';
import type { LoadedSettings } from '../../config/load-settings';
import { sources } from '../../sources/index';
import { entityNames, sourceOf } from '../../run/run-config';
import { errorView, type ErrorView } from '../envelope';
import type { DesiredSchedule } from './compile-schedule';

function pipelineSettings(loaded: LoadedSettings, name: string): PipelineSettings {
  const entitiesOf = (type: string): readonly string[] | null => entityNames(sourceOf(sources, type));
  return loadPipeline(name, { root: loaded.root, sources: loaded.sources, entitiesOf }).pipeline;
}

/** What a pipeline's file wants; `null`: no schedule. Errors: those of the file; `schedule-form-unsupported`. */
export function desiredSchedule(loaded: LoadedSettings, name: string): DesiredSchedule | null {
  const words = pipelineSettings(loaded, name).schedule;
  const schedule = scheduleMeant(words);
  // Not the same as no schedule: `apply` would take away the one that works.
  if (schedule === null && words !== undefined) throw formUnsupported(name);
  const { environment, temporal } = loaded.settings;
  return schedule === null ? null : { environment, pipeline: name, schedule, taskQueue: temporal.task_queue };
}

/** What the files in config/pipelines want, by name. Errors: the first mistake in any of them. */
export function desiredSchedules(loaded: LoadedSettings): DesiredSchedule[] {
  return listPipelines(loaded.root).flatMap((name) => desiredSchedule(loaded, name) ?? []);
}

export interface FileWish {
  readonly desired: DesiredSchedule | null;
  /** How often the tables are compared with their source. */
  readonly compared: NonNullable<PipelineSettings['reconcile']> | null;
  readonly broken: ErrorView | null;
}

/** As above for one pipeline, where a broken file is a fact and not an end. */
export function desiredOrBroken(loaded: LoadedSettings, name: string): FileWish {
  try {
    return { desired: desiredSchedule(loaded, name), compared: pipelineSettings(loaded, name).reconcile ?? null, broken: null };
  } catch (error) {
    if (!isFreshetError(error)) throw error;
    return { desired: null, compared: null, broken: error.code === 'pipeline-unknown' ? null : errorView(error) };
  }
}

function formUnsupported(name: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'schedule-form-unsupported',
    message: `Pipeline ${name} asks for a schedule of a form that this version does not act on yet (hourly, weekly, monthly, cron)`,
    remedy:
      'Write { frequency: daily, time: "02:00", timezone: Europe/Berlin } or { every: 15m }. Nothing was changed; what was applied before stays.',
    where: `config/pipelines/${name}.yaml`,
    next: [{ kind: 'run-command', label: 'Check all files', command: './freshet config validate' }],
  });
}
