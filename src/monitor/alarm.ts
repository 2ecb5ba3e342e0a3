/** What an alarm can be about (contracts §8, decision 0004). */
export type AlarmClass =
  'stale-table' | 'dead-worker' | 'temporal-gone' | 'stuck-run' | 'missed-schedule' | 'new-differences' | 'comparison-failed';

/** One cause. Class, pipeline, entity and source are its identity: while it lasts it is one alarm. */
export interface Alarm {
  readonly class: AlarmClass;
  readonly pipeline: string;
  readonly entity: string;
  readonly source: string;
  /** A sentence with what and since when, for somebody who reads nothing else. */
  readonly message: string;
  readonly remedy: string;
  readonly since: Date;
}

/** ms. */
export interface AlarmLimits {
  readonly workerGoneAfter: number;
  readonly temporalGoneAfter: number;
  readonly stuckAfter: number;
}

export interface TableAge {
  readonly pipeline: string;
  readonly entity: string;
  readonly source: string;
  /** With its schema, for people; `name`: without. */
  readonly table: string;
  readonly name: string;
  /** By the database's clock: what was in the source then is in the table. `null`: never read well. */
  readonly asOf: Date | null;
  /** When the pipeline ran for the first time; a table that was never filled is as old as that. */
  readonly firstRun: Date | null;
  /** ms; `null`: nobody set a limit. */
  readonly maxAge: number | null;
  /** Only where somebody set how old the greatest date in the rows may be (ms). `at`: `2027-03-28`, or an instant. */
  readonly newest?: { readonly column: string; readonly at: string; readonly maxAge: number };
}

export interface RunAge {
  readonly runId: string;
  readonly pipeline: string;
  readonly progressAt: Date;
  readonly waitUntil: Date | null;
}

export interface MissedRun {
  readonly pipeline: string;
  readonly nominal: Date;
  readonly reason: string;
}

/** The newest outcome of a comparison that has a schedule. */
export interface ComparisonMade {
  readonly name: string;
  readonly at: Date;
  readonly outcome: 'equal' | 'accepted' | 'different' | 'failed';
  readonly new: number;
  /** Why it could not be made, and what helps. */
  readonly message: string | null;
  readonly remedy: string | null;
}

export interface AlarmFacts {
  /** Absent: nobody compares anything. */
  readonly comparisons?: readonly ComparisonMade[];
  readonly tables: readonly TableAge[];
  readonly runs: readonly RunAge[];
  readonly missed: readonly MissedRun[];
  /** The newest sign of life; `null`: there never was one, or it took its leave. */
  readonly worker: Date | null;
  readonly temporal: Date | null;
  /** Pipelines whose limits nobody knows now. */
  readonly undecided: readonly string[];
}
