import type { CatalogueSection } from './entry';

/** Log statements of database/ (DB-nnn). */
export const database = {} as const satisfies CatalogueSection<'DB'>;
