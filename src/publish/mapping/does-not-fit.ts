import { FreshetError } from '../../domain/errors';

/** What the file asks for cannot be had from this raw table. `path` is below `publish`. */
export function doesNotFit(path: string, problem: string, meant?: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'mapping-does-not-fit',
    message: `The mapping does not fit the raw table: ${path}: ${problem}`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}Correct publish.${path} in the pipeline file; what was loaded stays, and the next run publishes it.`,
    where: `publish.${path}`,
  });
}
