import type { CatalogueSection } from './entry';

/** Log statements of activities/ (AC-nnn). */
export const activities = {} as const satisfies CatalogueSection<'AC'>;
