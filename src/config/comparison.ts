import { join } from 'node:path';

import { FreshetError } from '../domain/errors';
import { checkSchema } from './check-schema';
import { closest } from './closest';
import { settingsError } from './mistake';
import { readYaml } from './read-yaml';
import { comparisonFileSchema, type ComparisonFile } from './schema/comparison-file';
import { shownPath } from './setting-layers';
import { yamlNames } from './yaml-names';

export type { ComparisonFile } from './schema/comparison-file';

const folderOf = (root: string): string => join(root, 'config', 'comparisons');

/** The names of the comparisons in `config/comparisons`, sorted. */
export function listComparisons(root: string): readonly string[] {
  return yamlNames(folderOf(root));
}

/** Reads and checks a comparison by its name. Throws config_error: `comparison-unknown`, or `settings-invalid` with every mistake. */
export function loadComparison(name: string, root: string): ComparisonFile {
  const path = join(folderOf(root), `${name}.yaml`);
  const content = /^[a-z][a-z0-9_-]*$/.test(name) ? readYaml(path, shownPath(root, path)) : undefined;
  if (content === undefined) throw unknownComparison(name, root);
  if (content.mistakes.length > 0) throw settingsError(content.mistakes);
  const checked = checkSchema({ schema: comparisonFileSchema, value: content.value, origin: content.origin });
  if (!checked.ok) throw settingsError(checked.mistakes);
  if (checked.value.name === name) return checked.value;
  const problem = `must be ${name}, as the file is called`;
  throw settingsError([{ key: 'name', value: checked.value.name, problem, origin: content.origin(['name']) }]);
}

function unknownComparison(name: string, root: string): FreshetError {
  const names = listComparisons(root);
  const meant = closest(name, names);
  const known = names.length === 0 ? 'config/comparisons holds none yet (docs/compare.md)' : `There are ${names.join(', ')}`;
  return new FreshetError('config_error', {
    code: 'comparison-unknown',
    message: `There is no comparison "${name.slice(0, 80)}"`,
    remedy: `${meant === undefined ? known : `Did you mean ${meant}?`}${meant === undefined ? '. Without a file, name two sides: freshet compare <left> <right>.' : ''}`,
    where: 'config/comparisons',
  });
}
