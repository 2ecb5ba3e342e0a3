import type { CatalogueSection } from './entry';

/** Log statements of sources/ (SR-nnn). */
export const sources = {} as const satisfies CatalogueSection<'SR'>;
