import { closest } from '../../config/closest';
import { FreshetError, type NextAction } from '../../domain/errors';

export interface Sought {
  readonly pipeline: string;
  /** The command that wants it: `pause`, `resume`, `trigger`. */
  readonly verb: string;
  /** The pipelines of the files. */
  readonly files: readonly string[];
  /** The pipelines whose schedule was applied. */
  readonly applied: readonly string[];
}

const APPLY: NextAction = { kind: 'run-command', label: 'Apply the schedules of the files', command: './freshet schedule apply' };

/** No schedule of that name in Temporal: a misspelt name, or one that was never applied. */
export function scheduleUnknown({ pipeline, verb, files, applied }: Sought): FreshetError {
  const known = files.includes(pipeline) || applied.includes(pipeline);
  const all = [...new Set([...applied, ...files])];
  const meant = known ? undefined : closest(pipeline, all);
  return new FreshetError('config_error', {
    code: 'schedule-unknown',
    message: `Temporal has no schedule of pipeline ${pipeline}`,
    why: known ? 'A schedule stands in the pipeline’s file and does nothing before it is applied.' : `There is no pipeline ${pipeline}.`,
    remedy: known
      ? `Apply it; if config/pipelines/${pipeline}.yaml has no \`schedule:\`, write one first.`
      : meant === undefined
        ? `Use one of: ${all.join(', ') || '(there are none in config/pipelines)'}.`
        : `Did you mean ${meant}?`,
    next: known
      ? [APPLY]
      : meant === undefined
        ? [{ kind: 'run-command', label: 'List the schedules', command: './freshet schedule list' }]
        : [{ kind: 'run-command', label: 'Do it there', command: `./freshet schedule ${verb} ${meant}` }],
  });
}
