import type { CatalogueSection } from './entry';

/** Log statements of publish/ (PB-nnn). */
export const publish = {
  'PB-001': {
    level: 'info',
    text: '{entity}: published into {table}: {created} created, {updated} updated, {deleted} deleted, {unchanged} unchanged, of {changed}',
  },
  'PB-002': { level: 'info', text: '{entity}: {table} is changed for its mapping: {added} columns added, {widened} widened' },
  'PB-003': { level: 'info', text: '{entity}: every record is published anew: {why}' },
  'PB-004': {
    level: 'warn',
    text: '{entity}: {table}, records not published: {rejected} refused, {pending} waiting for a parent',
    meaning:
      'They break a rule of the mapping, or name a row of another table that is not there yet. All others are published; the refused ones are kept with their reasons in freshet.reject.',
    remedy: 'Read the reasons with `./freshet rejects list`. What waits for a parent is published by itself once the parent is there.',
  },
  'PB-005': {
    level: 'warn',
    text: '{entity}: {table}, rows with open conflicts: {conflict}',
    meaning: 'Source and target changed the same field differently, and the strategy of the field is manual: the target stays as it is.',
    remedy: 'Look at them with `./freshet conflicts list` and decide with `./freshet conflicts resolve`.',
  },
  'PB-006': { level: 'info', text: '{entity}: rows of {table} changed while they were written; the chunk is made again' },
} as const satisfies CatalogueSection<'PB'>;
