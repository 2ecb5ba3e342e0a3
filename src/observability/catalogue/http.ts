import type { CatalogueSection } from './entry';

/** Log statements of http/ (HT-nnn). */
export const http = {
  'HT-001': {
    level: 'debug',
    text: '{method} {place} answered {status}, {bytes} bytes in {ms} ms',
  },
} as const satisfies CatalogueSection<'HT'>;
