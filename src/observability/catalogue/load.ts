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
    remedy: 'Read the reasons in freshet.reject, correct the records in the source, and run again: what comes whole is loaded.',
  },
  'LD-003': { level: 'info', text: '{entity}: {table} is changed for what came: {added} columns added, {widened} widened' },
  'LD-004': { level: 'info', text: '{entity}: batch {batch} is read once more, every record of it: {why}' },
} as const satisfies CatalogueSection<'LD'>;
