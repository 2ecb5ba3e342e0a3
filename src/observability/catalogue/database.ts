import type { CatalogueSection } from './entry';

/** Log statements of database/ (DB-nnn). */
export const database = {
  'DB-001': {
    level: 'warn',
    text: '{pipeline}: no run for {scheduled_for}: {reason}',
    meaning: 'A nominal time of a schedule was not served. The row says why; the tables are as old as the last good run.',
    remedy: 'Nothing when another run was still at work. Otherwise see `./freshet status`, correct what it names, and run the pipeline.',
  },
  'DB-002': {
    level: 'warn',
    text: 'the connection broke in the COMMIT of {site}; PostgreSQL says: {outcome}',
    meaning:
      'PostgreSQL was asked what became of the transaction before anything was repeated. Committed: it counts. Aborted: it did nothing and is made anew. Unknown: PostgreSQL did not answer; the step finds out from its rows when it is tried again.',
    remedy: 'Nothing to do for the data. If it keeps coming back, look at the server log of PostgreSQL and at the network in between.',
  },
  'DB-003': {
    level: 'warn',
    text: 'the stored access token of {source} at {account} cannot be opened; a new one replaces it',
    meaning: 'The row in freshet.oauth_token is damaged, or was written under another FRESHET_SECRET_KEY.',
    remedy: 'Nothing when it comes once. If it keeps coming back, give all workers the same FRESHET_SECRET_KEY.',
  },
} as const satisfies CatalogueSection<'DB'>;
