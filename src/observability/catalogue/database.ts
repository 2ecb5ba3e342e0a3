import type { CatalogueSection } from './entry';

/** Log statements of database/ (DB-nnn). */
export const database = {
  'DB-001': {
    level: 'warn',
    text: '{pipeline}: no run for {scheduled_for}: {reason}',
    meaning: 'A nominal time of a schedule was not served. The row says why; the tables are as old as the last good run.',
    remedy: 'Nothing when another run was still at work. Otherwise see `./freshet status`, correct what it names, and run the pipeline.',
  },
} as const satisfies CatalogueSection<'DB'>;
