import type { CatalogueSection } from './entry';

/** Log statements of load/ (LD-nnn). */
export const load = {
  'LD-001': {
    level: 'info',
    text: '{entity}: batch {batch} loaded: {inserted} inserted, {updated} updated, {unchanged} unchanged, of {records}',
  },
  'LD-002': {
    level: 'warn',
    text: '{entity}: batch {batch}, records refused: {rejected}',
    meaning:
      'They break a rule of their table or hold what PostgreSQL cannot store. All others are loaded; the refused ones are kept with their reasons in freshet.reject.',
    remedy:
      'Read the reasons with `./freshet rejects list`, correct the records in the source and run again, or export, fix and import them: what comes whole is loaded.',
  },
  'LD-003': { level: 'info', text: '{entity}: {table} is changed for what came: {added} columns added, {widened} widened' },
  'LD-004': { level: 'info', text: '{entity}: batch {batch} is read once more, every record of it: {why}' },
  'LD-005': {
    level: 'error',
    text: '{entity}: {batch} is held, records refused: {rejected}',
    meaning: 'More records were refused than the reject budget of the entity allows. Nothing of the batch is loaded; it stays landed.',
    remedy:
      'Look at the refused records with `./freshet rejects list`, then mend the source, the rules or the budget, and run again.',
  },
} as const satisfies CatalogueSection<'LD'>;
