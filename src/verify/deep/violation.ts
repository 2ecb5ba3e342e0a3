import type { Tx } from '../../database/database';

/**
 * Numbers of references/reliability.md §6: 1 target = evidence (and source), 2 ledger, 3 no duplicates, 4 line sets whole, 5 watermark,
 * 6 landing, 7 states, 8 no stale overwrite, 13 typed tables are what was published, 17 nothing left behind.
 */
export type Invariant = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 13 | 17;

export interface Violation {
  readonly invariant: Invariant;
  /** kebab-case, stable: which check of the invariant. */
  readonly name: string;
  /** `<pipeline>.<entity>`, or `''` for what belongs to none. */
  readonly entity: string;
  /** Table or landing key to look at. */
  readonly where: string;
  readonly message: string;
  /** What to do about it, where the name does not tell. */
  readonly remedy?: string;
  /** The first few offenders, one line each. */
  readonly sample: readonly string[];
}

export interface Checked {
  readonly invariant: Invariant;
  readonly name: string;
  readonly entity: string;
  /** How many rows, records or files the check looked at. */
  readonly rows: number;
}

export const SAMPLE_SIZE = 5;

/** What a check is about; the rest of a violation is what it found. */
export interface Subject {
  readonly invariant: Invariant;
  readonly name: string;
  readonly entity: string;
  readonly where: string;
  readonly remedy?: string;
}

/** Collects what the checks looked at and what they found. */
export class Findings {
  readonly violations: Violation[] = [];
  readonly checked: Checked[] = [];

  looked({ invariant, name, entity }: Pick<Subject, 'invariant' | 'name' | 'entity'>, rows: number): void {
    this.checked.push({ invariant, name, entity, rows });
  }

  found(subject: Subject, message: string, sample: readonly string[] = []): void {
    this.violations.push({ ...subject, message, sample: sample.slice(0, SAMPLE_SIZE) });
  }
}

export interface SqlCheck extends Subject {
  /** Follows the number of offenders: "rows whose …". */
  readonly what: string;
  /** Selects the offenders, one row each; every column is shown. */
  readonly sql: string;
  readonly values?: readonly unknown[];
  /** How many rows were looked at. */
  readonly rows: number;
}

interface Offender {
  total: string;
  line: string;
}

/** One set-based check: whatever its statement returns is a violation. */
export async function checkSql(tx: Tx, findings: Findings, check: SqlCheck): Promise<void> {
  const { what, sql, values = [], rows, invariant, name, entity, where, remedy } = check;
  const offenders = await tx.query<Offender>(
    `with offender as materialized (${sql})
     select (select count(*) from offender) as total, to_jsonb(o)::text as line from offender o limit ${SAMPLE_SIZE}`,
    values,
  );
  findings.looked(check, rows);
  if (offenders.length === 0) return;
  findings.found(
    { invariant, name, entity, where, ...(remedy === undefined ? {} : { remedy }) },
    `${offenders[0]?.total ?? '?'} ${what}`,
    offenders.map(({ line }) => line.slice(0, 400)),
  );
}
