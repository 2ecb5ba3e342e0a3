import type { CatalogueSection } from './entry';

/** Log statements of worker.ts (WK-nnn). */
export const worker = {} as const satisfies CatalogueSection<'WK'>;
