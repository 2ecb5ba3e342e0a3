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
    text: 'the file of {pipeline} cannot be read, its limits are those of its schedule or its last run: {error}',
    meaning: 'Its tables are watched by the limits they had; without a schedule and a run, an open alarm stays as it is.',
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
  'MO-014': {
    level: 'warn',
    text: 'the monitor’s step "{step}" failed: {error}',
    meaning: 'What the error says; the other steps, the alarms and their notices went on without it.',
    remedy: 'Nothing if it stops by itself; otherwise do what the error names.',
  },
  'MO-015': {
    level: 'warn',
    text: 'the monitor’s step "{step}" takes longer than {seconds} s; alarms are judged without it',
    meaning: 'Temporal, PostgreSQL or a disk answers slowly or not at all; the step goes on, and nothing new is mended until it has ended.',
    remedy: 'Look at what the step needs; a step that never ends ends with its process.',
  },
  'MO-016': {
    level: 'warn',
    text: 'no time in this round for {left} more {what}; the next round goes on there',
    meaning: 'Each look took long; alarms must not wait for them.',
    remedy: 'Nothing if it stops by itself; otherwise see why Temporal or PostgreSQL is slow.',
  },
  'MO-017': {
    level: 'warn',
    text: 'stage tables that nobody needs any more are read by somebody, the next round tries again: {tables}',
    meaning: 'A backup (pg_dump) holds them.',
    remedy: 'Nothing: they go once it is through.',
  },
  'MO-018': {
    level: 'warn',
    text: 'the schedule of {pipeline} was otherwise in Temporal than it was applied, it is set right: {differences}',
    meaning: 'Temporal’s database is older than ours, or somebody changed the schedule there.',
    remedy: 'Nothing; who wants it otherwise says `./freshet schedule pause`, `resume` or `apply`.',
  },
  'MO-020': {
    level: 'warn',
    text: 'the schedule of {pipeline} was paused in Temporal ({reason}); that counts, and is written down',
    meaning: 'Somebody paused it on Temporal’s web page or command line, or Temporal’s database is older than ours.',
    remedy: 'Who wants it to go on says `./freshet schedule resume {pipeline}`.',
  },
  'MO-019': {
    level: 'warn',
    text: 'the schedule of {pipeline} was in Temporal although it was taken back, it is deleted there',
    meaning: 'Temporal’s database is older than ours, or whoever took the schedule back died before Temporal heard of it.',
    remedy: 'Nothing; who wants it back says `./freshet schedule apply`.',
  },
  'MO-021': { level: 'info', text: 'session {session}, whose run ended early: temp files that were removed: {files}' },
  'MO-022': { level: 'info', text: '{entity}: {file} was missing, because its run ended before it was written; it is there now' },
  'MO-023': { level: 'info', text: 'comparison {comparison} was made as its schedule says: {outcome}' },
  'MO-024': {
    level: 'warn',
    text: 'the file of comparison {comparison} cannot be read, so it is not made: {error}',
    meaning: 'An alarm that it raised stays as it is.',
    remedy: 'Correct the file; the next round reads it again.',
  },
} as const satisfies CatalogueSection<'MO'>;
