import type { Mistake, Origin } from './mistake';

/** Which environment is meant: the flag, else FRESHET_ENV, else ENVIRONMENT, else development. It names a file, so odd names are refused. */
export function environmentName(
  flag: string | undefined,
  variables: Readonly<Record<string, string>>,
): { name: string; mistakes: Mistake[] } {
  const [name, origin] = chosen(flag, variables);
  if (/^[a-z][a-z0-9-]{0,30}$/.test(name)) return { name, mistakes: [] };
  const problem = 'must be an environment name: lower-case letters, digits and hyphens, at most 31';
  return { name: 'development', mistakes: [{ key: 'environment', value: `"${name}"`, problem, origin }] };
}

function chosen(flag: string | undefined, variables: Readonly<Record<string, string>>): [string, Origin] {
  if (flag !== undefined) return [flag, { kind: 'flag', name: '--environment' }];
  const name = ['FRESHET_ENV', 'ENVIRONMENT'].find((variable) => variables[variable] !== undefined);
  return name === undefined ? ['development', { kind: 'default' }] : [variables[name]!.trim(), { kind: 'variable', name }];
}
