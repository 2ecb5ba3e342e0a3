import type { CatalogueSection } from './entry';

/** Log statements of activities/ (AC-nnn). */
export const activities = {
  'AC-001': {
    level: 'warn',
    text: '{activity} {entity}: attempt {attempt} failed: {code}: {message}',
    meaning:
      'A step of a run failed. A passing trouble is tried again by itself; any other ends the entity, and the run goes on with the others.',
    remedy: 'Nothing while it is tried again. When the entity ended failed, do what `remedy` on the line says, then run again.',
  },
  'AC-002': { level: 'info', text: '{activity} {entity}: stopped, {message}' },
} as const satisfies CatalogueSection<'AC'>;
