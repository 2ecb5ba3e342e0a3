import type { CatalogueSection } from './entry';

/** Log statements of extract/ (EX-nnn). */
export const extract = {
  'EX-001': { level: 'debug', text: '{entity}: list page {page} of pass {pass} stored, rows: {rows}, new: {fresh}' },
  'EX-002': { level: 'debug', text: '{entity}: {details} details stored, {vanished} vanished' },
  'EX-003': { level: 'info', text: '{entity}: batch {batch} published in {file}, records: {records}' },
  'EX-004': {
    level: 'warn',
    text: '{entity}: waiting until {until}: {reason}',
    meaning: 'The source asked for a pause that is longer than an activity should sit out; the run goes on by itself afterwards.',
    remedy: 'Nothing to do. If it happens daily, lower the limits of the source in config/sources.yaml or ask for a higher quota.',
  },
  'EX-005': { level: 'info', text: '{entity}: {read} read closed, watermark {watermark}, doubts {doubts}' },
  'EX-006': { level: 'info', text: '{entity}: {file} imported, records: {records}, bytes: {bytes}' },
  'EX-008': { level: 'info', text: '{entity}: rows that the source has no more, softly deleted: {deleted}' },
  'EX-009': { level: 'info', text: '{entity}: the source forgot its page token; listing again from {from}' },
  'EX-010': { level: 'debug', text: '{entity}: rows missing from the complete read asked for one by one: {asked}, gone: {gone}' },
  'EX-011': { level: 'debug', text: '{entity}: deletions told by the source: {deletions}' },
  'EX-012': {
    level: 'info',
    text: '{entity}: compared with the source, missing: {missing}, older: {older}, newer: {newer}, extra: {extra}',
  },
  'EX-013': {
    level: 'warn',
    text: '{entity}: the batch could not be written beside its pages, it is written when they are all there: {why}',
    meaning: 'Writing it beside them only saves time. If the disk goes on refusing, the next file says so with an error.',
    remedy:
      'Look at the disk (room, dmesg) if it comes again. EXDEV is no trouble of it: sync_sessions/ lies on another disk than work/, and each file is written twice; put both on one disk to save the time.',
  },
  'EX-007': {
    level: 'warn',
    text: '{entity}: {file} is not loaded: {why}',
    meaning:
      'The file is damaged, empty, no file of records, or cannot be read. Nothing of it is loaded; the other files of the entity are.',
    remedy: 'Mend the file or leave it out, then load again: what is loaded already is recognised and not written again.',
  },
} as const satisfies CatalogueSection<'EX'>;
