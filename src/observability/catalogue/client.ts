import type { CatalogueSection } from './entry';

/** Log statements of client/ (CL-nnn): none so far, commands speak to their user. */
export const client = {} as const satisfies CatalogueSection<'CL'>;
