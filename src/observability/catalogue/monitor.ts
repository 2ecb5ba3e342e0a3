import type { CatalogueSection } from './entry';

/** Log statements of monitor/ (MO-nnn). */
export const monitor = {
  'MO-001': {
    level: 'warn',
    text: 'run {run}: its workflow is gone from Temporal, it is started again under the same id',
    meaning: 'Whoever claimed the run died before its start, or Temporal’s database is older than ours, or new.',
    remedy: 'Nothing: the run asks PostgreSQL what is left and goes on from there.',
  },
  'MO-002': {
    level: 'warn',
    text: 'run {run} is ended: {reason}',
    meaning: 'Its workflow is closed in Temporal (terminated, or failed without reaching its end), so nobody would end its row.',
    remedy: 'Run again: what was committed stays, and the next run continues from there.',
  },
  'MO-003': {
    level: 'warn',
    text: 'run {run} could not be healed: {error}',
    meaning: 'PostgreSQL or Temporal did not do what was asked; the next round tries again.',
    remedy: 'Nothing if it stops by itself; otherwise see the run with `./freshet show`.',
  },
  'MO-004': { level: 'info', text: '{tables} stage tables that nobody needs any more were dropped' },
  'MO-005': {
    level: 'warn',
    text: 'a round of the monitor failed: {error}',
    meaning: 'PostgreSQL did not answer, or refused something; the next round tries again.',
    remedy: 'Nothing if it stops by itself; otherwise see whether PostgreSQL is running (`./freshet status`).',
  },
  'MO-006': { level: 'info', text: 'monitor of {environment} is at work, a round every {seconds} s' },
  'MO-007': {
    level: 'warn',
    text: 'pipeline {pipeline} is not watched: {error}',
    meaning: 'Its file cannot be read, so its limits are unknown.',
    remedy: 'Correct the file; the next round reads it again.',
  },
  'MO-008': {
    level: 'warn',
    text: 'the schedule of {pipeline} was gone from Temporal, it is there again as it was applied',
    meaning: 'Temporal’s database is older than ours, or new, or somebody deleted the schedule there.',
    remedy: 'Nothing; who wants it gone takes it out of the pipeline file and says `./freshet schedule apply`.',
  },
  'MO-009': { level: 'info', text: 'run {run} begins: it waited in the queue of its lane' },
  'MO-010': {
    level: 'error',
    text: 'ALARM {class}: {message}',
    meaning: 'Data is late, or a part that keeps it fresh is gone.',
    remedy: 'Each alarm says what to do; `./freshet freshness` shows all tables.',
  },
  'MO-011': { level: 'info', text: 'resolved, {class}: {message}' },
  'MO-012': {
    level: 'warn',
    text: 'the report of run {run}, which nobody wrote, could not be written: {error}',
    meaning: 'Whoever ended the run died before its report was whole, and the folder of reports cannot be written now.',
    remedy: 'Look at the folder that the error names (space, permission); the next round tries again.',
  },
  'MO-013': { level: 'info', text: 'work files of {folders} extractions that are closed were removed' },
} as const satisfies CatalogueSection<'MO'>;
