import type { CatalogueSection } from './entry';

/** Log statements of extract/ (EX-nnn). */
export const extract = {} as const satisfies CatalogueSection<'EX'>;
