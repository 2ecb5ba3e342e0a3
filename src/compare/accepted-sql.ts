import type { Tx } from '../database/database';
import { DIFFERENCES } from './difference-sql';

/** Differences of this comparison that somebody accepted, by class, key and column (left name; empty for a row as a whole). */
export const ACCEPTED = 'pg_temp.freshet_accepted';
export const MAKE_ACCEPTED = `create temp table freshet_accepted (class text not null, k text collate "C" not null, field text not null, primary key (class, k, field));`;

/** Which comparison's acceptances count; `null`: one that nobody gave a name, of which nothing can be accepted. */
export interface AcceptedOf {
  readonly environment: string;
  readonly name: string;
  /** What was accepted until an earlier time is new again. */
  readonly now: Date;
}

/** Every difference by itself: a column of a row that differs, or a row as a whole. The digest is that of both values, so that a changed difference is a new one; a missing row stays the same whatever is in it. */
export const EACH_DIFFERENCE = `
  select d.class, d.k, n.name as field, ${digest('d.l[u.i]', 'd.r[u.i]')} as digest, d.l[u.i] as left_value, d.r[u.i] as right_value
    from ${DIFFERENCES} d cross join unnest(d.x) with ordinality u(differs, i) join unnest($1::text[]) with ordinality n(name, i) on n.i = u.i
   where d.class = 'differs' and u.differs
  union all
  select d.class, d.k, '' as field, ${digest(`case when d.class not like 'missing%' then d.l[1] end`, 'null::text')} as digest, null, null
    from ${DIFFERENCES} d where d.class <> 'differs'`;

function digest(left: string, right: string): string {
  const both = `coalesce('=' || ${left}, '') || chr(31) || coalesce('=' || ${right}, '')`;
  return `encode(substr(sha256(convert_to(${both}, 'UTF8')), 1, 16), 'hex')`;
}

/** Marks what was accepted. Costs nothing where nothing was. */
export async function markAccepted(tx: Tx, columns: readonly string[], { environment, name, now }: AcceptedOf): Promise<void> {
  const standing = `environment = $1 and comparison = $2 and withdrawn_at is null and (until is null or until > $3)`;
  const [any] = await tx.query<{ some: boolean }>(`select exists (select from freshet.accepted_difference where ${standing}) as some`, [
    environment,
    name,
    now.toISOString(),
  ]);
  if (any?.some !== true) return;
  await tx.query(
    `insert into ${ACCEPTED} (class, k, field)
     select distinct e.class, e.k, e.field from (${EACH_DIFFERENCE}) e join freshet.accepted_difference a
         on a.class = e.class and a.record_key = e.k and a.field = e.field and a.digest = e.digest
      where a.environment = $2 and a.comparison = $3 and a.withdrawn_at is null and (a.until is null or a.until > $4)`,
    [columns, environment, name, now.toISOString()],
  );
  await tx.query(`analyze ${ACCEPTED}`);
}
