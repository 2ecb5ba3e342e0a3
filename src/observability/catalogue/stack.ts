import type { CatalogueSection } from './entry';

/** Log statements of stack/ (ST-nnn). */
export const stack = {} as const satisfies CatalogueSection<'ST'>;
