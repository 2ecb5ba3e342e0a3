import type { CatalogueSection } from './entry';

/** Log statements of report/ (RP-nnn). */
export const report = {
  'RP-001': { level: 'info', text: 'report of {run} written to {path}' },
} as const satisfies CatalogueSection<'RP'>;
