import type { CatalogueSection } from './entry';

/** Log statements of client/ (CL-nnn). */
export const client = {
  'CL-001': {
    level: 'warn',
    text: 'run {run} was claimed and its workflow never started: starting it now',
    meaning: 'Whoever claimed the run died, or lost Temporal, before it could start the workflow.',
    remedy: 'Nothing to do: the run begins now, under the same id.',
  },
} as const satisfies CatalogueSection<'CL'>;
