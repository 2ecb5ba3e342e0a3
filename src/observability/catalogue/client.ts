import type { CatalogueSection } from './entry';

/** Log statements of client/ (CL-nnn). */
export const client = {} as const satisfies CatalogueSection<'CL'>;
