import type { CatalogueSection } from './entry';

/** Log statements of workflows/ (WF-nnn). */
export const workflows = {} as const satisfies CatalogueSection<'WF'>;
