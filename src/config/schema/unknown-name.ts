import { closest } from '../closest';

/** What to say of a name that is none of these; for the errors of a schema. */
export function oneOf(names: readonly string[], given: unknown): string {
  const meant = typeof given === 'string' ? closest(given, names) : undefined;
  return `one of ${names.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}
