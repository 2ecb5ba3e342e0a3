import type { Database, Tx } from '../database/database';
import { counted } from '../domain/counted';
import { FreshetError } from '../domain/errors';
import { EACH_DIFFERENCE, markAccepted, type AcceptedOf } from './accepted-sql';
import { readFindings } from './findings';
import type { ComparisonResult } from './result';

/** Which differences: those of a key, of a column, or both; neither: all. */
export interface DifferenceFilter {
  readonly key: string | null;
  readonly field: string | null;
}

export interface Acceptance extends DifferenceFilter {
  readonly of: AcceptedOf;
  /** Left names of the compared columns, in their order. */
  readonly columns: readonly string[];
  readonly actor: string;
  readonly because: string | null;
  /** After it they are new again; `null`: never. */
  readonly until: Date | null;
  readonly dryRun: boolean;
}

/** Who knows so many has not looked at them: the comparison should ignore a column, or compare less. */
const MOST = 100_000;
const SHOWN = 500;

const CHOSEN = `($2::text is null or e.k = $2) and ($3::text is null or e.field = $3)`;
const STANDING = `environment = $4 and comparison = $5 and withdrawn_at is null`;

/**
 * Remembers what a comparison just found as known. Precondition: its temporary tables are still there, outside of a transaction.
 * Gives how many. Errors: `difference-unknown`, `compare-too-many`.
 */
export async function acceptDifferences(tx: Tx, acceptance: Acceptance): Promise<number> {
  const { of, columns, key, field, dryRun } = acceptance;
  const [found] = await tx.query<{ n: string }>(`select count(*)::text as n from (${EACH_DIFFERENCE}) e where ${CHOSEN}`, [
    columns,
    key,
    field,
  ]);
  const count = Number(found?.n);
  if (count === 0 && (key !== null || field !== null)) throw unknownDifference(of.name, acceptance);
  if (count > MOST) throw tooMany(of.name, count);
  if (dryRun || count === 0) return count;
  await tx.query('begin');
  await withdrawOutdated(tx, acceptance);
  await tx.query(
    `insert into freshet.accepted_difference
       (environment, comparison, class, record_key, field, digest, left_value, right_value, accepted_by, accepted_at, because, until)
     select $4, $5, e.class, e.k, e.field, e.digest, left(e.left_value, ${SHOWN}), left(e.right_value, ${SHOWN}), $6, $7, $8, $9
       from (${EACH_DIFFERENCE}) e where ${CHOSEN}
     on conflict (environment, comparison, class, md5(record_key), field, digest) where withdrawn_at is null
       do update set accepted_by = excluded.accepted_by, accepted_at = excluded.accepted_at, because = excluded.because, until = excluded.until`,
    [
      columns,
      key,
      field,
      of.environment,
      of.name,
      acceptance.actor,
      of.now.toISOString(),
      acceptance.because,
      acceptance.until?.toISOString() ?? null,
    ],
  );
  await tx.query('commit');
  return count;
}

/** The result again, with what was accepted since. Precondition: its temporary tables are still there, and nothing was marked in them. */
export async function withAccepted(tx: Tx, of: AcceptedOf, result: ComparisonResult): Promise<ComparisonResult> {
  await markAccepted(
    tx,
    result.columns.map(({ left }) => left),
    of,
  );
  const nullKeys = (side: string): number => result.findings.find((finding) => finding.class === `null_key_${side}`)?.count ?? 0;
  const findings = await readFindings(tx, { left: nullKeys('left'), right: nullKeys('right') });
  return { ...result, findings, new: findings.reduce((sum, finding) => sum + finding.new, 0) };
}

/** What was accepted of the same place with other values is no difference any more. */
async function withdrawOutdated(tx: Tx, { of, columns, key, field, actor }: Acceptance): Promise<void> {
  await tx.query(
    `update freshet.accepted_difference a set withdrawn_by = $6, withdrawn_at = $7
       from (${EACH_DIFFERENCE}) e
      where ${CHOSEN} and ${STANDING} and a.class = e.class and a.record_key = e.k and a.field = e.field and a.digest <> e.digest`,
    [columns, key, field, of.environment, of.name, actor, of.now.toISOString()],
  );
}

export interface Withdrawal extends DifferenceFilter {
  readonly of: AcceptedOf;
  readonly actor: string;
  readonly dryRun: boolean;
}

/** Takes acceptances back: from the next comparison on these are new. They stay in the table, with who took them back. Errors: `difference-unknown`. */
export async function withdrawAcceptances(db: Database, { of, key, field, actor, dryRun }: Withdrawal): Promise<number> {
  const which = `environment = $1 and comparison = $2 and withdrawn_at is null and ($3::text is null or record_key = $3) and ($4::text is null or field = $4)`;
  const values = [of.environment, of.name, key, field];
  const rows = dryRun
    ? await db.query(`select id from freshet.accepted_difference where ${which}`, values)
    : await db.query(`update freshet.accepted_difference set withdrawn_by = $5, withdrawn_at = $6 where ${which} returning id`, [
        ...values,
        actor,
        of.now.toISOString(),
      ]);
  if (rows.length === 0) throw unknownAcceptance(of.name);
  return rows.length;
}

/** As `compare list <name>` shows it. */
export interface AcceptedDifference {
  readonly class: string;
  readonly key: string;
  readonly column: string | null;
  readonly left: string | null;
  readonly right: string | null;
  readonly accepted_by: string;
  readonly accepted_at: string;
  readonly because: string | null;
  readonly until: string | null;
  /** Its time is over: the difference is new again. */
  readonly expired: boolean;
}

/** What stands as accepted, newest first. */
export function readAccepted(db: Database, { environment, name, now }: AcceptedOf, limit: number): Promise<AcceptedDifference[]> {
  return db.query<AcceptedDifference>(
    `select class, record_key as key, nullif(field, '') as "column", left_value as "left", right_value as "right", accepted_by, accepted_at, because, until,
            coalesce(until <= $3, false) as expired
       from freshet.accepted_difference where environment = $1 and comparison = $2 and withdrawn_at is null
      order by accepted_at desc, id desc limit $4`,
    [environment, name, now.toISOString(), limit],
  );
}

function unknownDifference(name: string, { key, field }: DifferenceFilter): FreshetError {
  const chosen = [...(key === null ? [] : [`key ${key}`]), ...(field === null ? [] : [`column ${field}`])].join(' and ');
  return new FreshetError('config_error', {
    code: 'difference-unknown',
    message: `${name} finds no difference of ${chosen} now`,
    remedy: `See what it finds: \`./freshet compare ${name}\`. Keys of several columns are written as the report shows them.`,
  });
}

function unknownAcceptance(name: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'difference-unknown',
    message: `Nothing of the kind was accepted of ${name}`,
    remedy: `See what was: \`./freshet compare list ${name}\`.`,
  });
}

function tooMany(name: string, count: number): FreshetError {
  return new FreshetError('config_error', {
    code: 'compare-too-many',
    message: `${name} finds ${counted(count, 'difference')}: nobody knows so many one by one`,
    remedy: `Accept those of one column (--field) or key (--key); or let the comparison's file ignore the column, tolerate the amount, or compare less.`,
  });
}
