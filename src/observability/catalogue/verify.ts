import type { CatalogueSection } from './entry';

/** Log statements of verify/ (VF-nnn). */
export const verify = {} as const satisfies CatalogueSection<'VF'>;
