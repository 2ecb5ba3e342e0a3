/** The environments in which faults and planted defects may be switched on at all. Every other name counts as production. */
const OPEN_TO_FAULTS: ReadonlySet<string> = new Set(['development', 'test']);

/** May faults and planted defects be switched on in this environment? */
export function allowsFaults(environment: string): boolean {
  return OPEN_TO_FAULTS.has(environment);
}

/** The environment that the variables name, as the settings read them: FRESHET_ENV, else ENVIRONMENT, else development. */
export function environmentOf(variables: Readonly<Record<string, string | undefined>>): string {
  return variables['FRESHET_ENV']?.trim() || variables['ENVIRONMENT']?.trim() || 'development';
}
