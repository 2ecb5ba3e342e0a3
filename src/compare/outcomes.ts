import type { Database } from '../database/database';
import type { ComparisonResult } from './result';

export type Outcome = 'equal' | 'accepted' | 'different' | 'failed';

/** What became of a comparison with a name. */
export interface Made {
  readonly environment: string;
  readonly name: string;
  readonly actor: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly result: ComparisonResult | { readonly message: string; readonly remedy: string };
}

/** A nominal time that was served under a claim. */
export interface Served {
  readonly claim: string;
  readonly nominal: Date;
}

/** Writes down what a comparison came to. One that somebody else took over meanwhile is not written: gives false. */
export async function recordOutcome(db: Database, made: Made, served: Served | null = null): Promise<boolean> {
  const { environment, name, actor, startedAt, endedAt, result } = made;
  const failed = 'message' in result;
  const outcome: Outcome = failed ? 'failed' : result.equal ? 'equal' : result.new === 0 ? 'accepted' : 'different';
  const rows = await db.query(
    `with served as (
       update freshet.comparison set served_nominal = $11, claim = null, claimed_until = null where environment = $1 and name = $2 and claim = $10::uuid returning 1)
     insert into freshet.comparison_outcome
       (environment, comparison, actor, started_at, ended_at, outcome, new_differences, findings, message, remedy, scheduled_for)
     select $1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $12, $11 where $10::uuid is null or exists (select from served) returning id`,
    [
      ...[environment, name, actor, startedAt.toISOString(), endedAt.toISOString(), outcome],
      ...[
        failed ? 0 : result.new,
        failed ? null : JSON.stringify(result.findings.filter(({ count }) => count > 0)),
        failed ? result.message : null,
      ],
      ...[served?.claim ?? null, served?.nominal.toISOString() ?? null, failed ? result.remedy : null],
    ],
  );
  return rows.length > 0;
}

export interface LastOutcome {
  readonly name: string;
  readonly at: string;
  readonly outcome: Outcome;
  readonly new: number;
  readonly message: string | null;
}

/** The newest outcome of each comparison. */
export async function lastOutcomes(db: Pick<Database, 'query'>, environment: string): Promise<LastOutcome[]> {
  const rows = await db.query<Omit<LastOutcome, 'new'> & { new: string }>(
    `select distinct on (comparison) comparison as name, ended_at as at, outcome, new_differences as new, message
       from freshet.comparison_outcome where environment = $1 order by comparison, id desc`,
    [environment],
  );
  return rows.map((row) => ({ ...row, new: Number(row.new) }));
}
