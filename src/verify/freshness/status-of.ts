import { spanWords } from '../../domain/span-words';
import type { DateChoice } from './date-column';

/**
 * Of a table (contracts §8). Two more than there: `never`: it is there and was never filled to the end; `unwatched`: nobody set a limit, how
 * old it is is shown all the same.
 */
export const FRESHNESS_STATUSES = [
  'fresh',
  'stale',
  'empty',
  'missing',
  'no_dates',
  'no_date_column',
  'date_error',
  'error',
  'never',
  'unwatched',
  'off',
] as const;
export type FreshnessStatus = (typeof FRESHNESS_STATUSES)[number];

/** With one of these a program should stop and look: exit code 4. The others say at most that the dates cannot be judged. */
const WRONG: ReadonlySet<FreshnessStatus> = new Set(['stale', 'empty', 'missing', 'date_error', 'error', 'never']);

export function isWrong(status: FreshnessStatus): boolean {
  return WRONG.has(status);
}

/** What was found out of a table. */
export interface TableFacts {
  /** What of it is switched off, as in `Entity bills of books`; `null`: it is read. */
  readonly off: string | null;
  /** What changed in the source before this instant is in the table, as ISO text; `null`: it was never read. */
  readonly asOf: string | null;
  /** `read`: by asking the source; `load`: from files. */
  readonly filledBy: 'read' | 'load';
  /** ms since it was filled to the end; `null`: it never was. */
  readonly age: number | null;
  /** ms; `null`: nobody set one. */
  readonly maxAge: number | null;
  readonly made: boolean;
  /** Why it could not be looked at; `null`: it could. */
  readonly trouble: string | null;
  /** Whether it has a row that is not deleted. */
  readonly hasRows: boolean;
  readonly choice: DateChoice;
  /** Why the chosen column cannot be read as dates; `null`: it can, or none is chosen. */
  readonly dateFault: string | null;
  /** `2027-03-28`, or an instant. `null`: there is no date in the rows. */
  readonly newest: string | null;
  /** ms that the greatest date may be old; `null`: as old as it likes. */
  readonly newestMaxAge: number | null;
}

export interface Judged {
  readonly status: FreshnessStatus;
  /** A sentence without its full stop, for somebody who sees only this table; empty where nothing is the matter. */
  readonly why: string;
}

/** What nobody wants to be read is not judged. Else what keeps a table from being judged comes first, then its age, then its rows, then their dates. */
export function statusOf(table: TableFacts, now: Date): Judged {
  return switchedOff(table) ?? unjudged(table) ?? tooOld(table) ?? withoutRows(table) ?? ofDates(table, now) ?? unlimited(table);
}

function switchedOff({ off, asOf }: TableFacts): Judged | null {
  if (off === null) return null;
  const since = asOf === null ? 'it was never read' : `its rows show the source as of ${asOf.slice(0, 16).replace('T', ' ')} UTC`;
  return { status: 'off', why: `${off} is switched off; ${since}` };
}

function unjudged({ trouble, made, age, filledBy }: TableFacts): Judged | null {
  if (trouble !== null) return { status: 'error', why: trouble };
  if (!made && age === null) return { status: 'missing', why: 'the table does not exist: nothing was ever stored in it' };
  if (!made) return { status: 'missing', why: 'the table does not exist, although it was filled' };
  const never = filledBy === 'load' ? 'no file was ever loaded into it' : 'no read of it ever came to its end';
  return age === null ? { status: 'never', why: never } : null;
}

function tooOld({ age, maxAge, filledBy }: TableFacts): Judged | null {
  if (age === null || maxAge === null || age <= maxAge) return null;
  const verb = filledBy === 'load' ? 'loaded' : 'read';
  return { status: 'stale', why: `last ${verb} ${spanWords(age)} ago, at most ${spanWords(maxAge)} are allowed` };
}

function withoutRows({ hasRows }: TableFacts): Judged | null {
  return hasRows ? null : { status: 'empty', why: 'it has no row that is not deleted' };
}

function ofDates({ choice, dateFault, newest, newestMaxAge }: TableFacts, now: Date): Judged | null {
  if (choice.kind === 'master') return null;
  if (choice.kind === 'none')
    return {
      status: 'no_date_column',
      why: choice.wished === null ? 'no column of it is known to hold dates' : `it has no field ${choice.wished}`,
    };
  if (dateFault !== null) return { status: 'date_error', why: dateFault };
  if (newest === null) return { status: 'no_dates', why: `${choice.column} is null in every row` };
  const age = ageOf(newest, now);
  if (newestMaxAge === null || age <= newestMaxAge) return null;
  return {
    status: 'stale',
    why: `the newest ${choice.column} is ${newest.slice(0, 10)}, ${spanWords(age)} ago; at most ${spanWords(newestMaxAge)} are allowed`,
  };
}

function unlimited({ maxAge }: TableFacts): Judged {
  return maxAge === null ? { status: 'unwatched', why: 'nobody set a limit' } : { status: 'fresh', why: '' };
}

const DAY_MS = 86_400_000;

/** ms since a date. A day without a time lasts until its end: today's is 0 old. */
export function ageOf(date: string, now: Date): number {
  const end = date.length === 10 ? Date.parse(`${date}T00:00:00Z`) + DAY_MS : Date.parse(date);
  return Math.max(0, now.getTime() - end);
}

/** Whole days in UTC between a date and today; negative for one that is still to come. */
export function daysOld(date: string, now: Date): number {
  return Math.round((Date.parse(now.toISOString().slice(0, 10)) - Date.parse(date.slice(0, 10))) / DAY_MS);
}
