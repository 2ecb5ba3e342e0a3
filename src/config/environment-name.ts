import type { Mistake, Origin } from './mistake';

/** Environments that need no file of their own. */
const KNOWN = ['development', 'test', 'staging', 'production'];

/** Which environment is meant: the flag, else FRESHET_ENV, else ENVIRONMENT, else development. `shipped`: those with a file in `config/environments`. */
export function environmentName(
  flag: string | undefined,
  variables: Readonly<Record<string, string>>,
  shipped: readonly string[] = [],
): { name: string; origin: Origin; mistakes: Mistake[] } {
  const [name, origin] = chosen(flag, variables);
  const known = [...new Set([...KNOWN, ...shipped])].sort();
  if (known.includes(name)) return { name, origin, mistakes: [] };
  // A misspelt name must not quietly mean another environment: outside development and test the live sources are read.
  const problem = `is no environment; use one of ${known.join(', ')}, or make config/environments/<name>.yaml`;
  return { name: 'development', origin, mistakes: [{ key: 'environment', value: `"${name}"`, problem, origin }] };
}

function chosen(flag: string | undefined, variables: Readonly<Record<string, string>>): [string, Origin] {
  if (flag !== undefined) return [flag, { kind: 'flag', name: '--environment' }];
  const name = ['FRESHET_ENV', 'ENVIRONMENT'].find((variable) => variables[variable] !== undefined);
  return name === undefined ? ['development', { kind: 'default' }] : [variables[name]!.trim(), { kind: 'variable', name }];
}
