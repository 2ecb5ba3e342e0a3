import type { CatalogueSection } from './entry';

/** Log statements of notify/ (NO-nnn). */
export const notify = {
  'NO-001': {
    level: 'warn',
    text: 'notice {notice} did not go out: {reason}',
    meaning: 'The webhook did not take it; it is kept and tried again, at most an hour apart.',
    remedy: 'Check the address in FRESHET_ALERTS_WEBHOOK_URL and whether its host answers.',
  },
} as const satisfies CatalogueSection<'NO'>;
