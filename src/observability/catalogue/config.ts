import type { CatalogueSection } from './entry';

/** Log statements of config/ (CF-nnn). */
export const config = {
  'CF-001': {
    level: 'warn',
    text: '{notice}',
    meaning: 'A setting was read and checked, but it changes nothing: it is unknown as a variable, or this version does not use it yet.',
    remedy: 'Correct the name, or take the setting out until the version that uses it.',
  },
  'CF-002': {
    level: 'debug',
    text: 'settings of environment {environment} read from {layers}',
  },
} as const satisfies CatalogueSection<'CF'>;
