import type { CatalogueSection } from './entry';

/** Log statements of report/ (RP-nnn). */
export const report = {} as const satisfies CatalogueSection<'RP'>;
