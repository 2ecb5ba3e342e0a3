import type { CatalogueSection } from './entry';

/** Log statements of http/ (HT-nnn). */
export const http = {} as const satisfies CatalogueSection<'HT'>;
