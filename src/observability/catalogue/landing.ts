import type { CatalogueSection } from './entry';

/** Log statements of landing/ (LN-nnn). */
export const landing = {} as const satisfies CatalogueSection<'LN'>;
