import type { CatalogueSection } from './entry';

/** Log statements of load/ (LD-nnn). */
export const load = {} as const satisfies CatalogueSection<'LD'>;
