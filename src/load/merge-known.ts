import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { counted } from '../domain/counted';
import { holderSql, holderValues } from './known-look-up';
import type { KnownRecords, TableMoment } from './known-records';
import type { LoadTarget } from './load-target';
import { unsettledSql } from './merge-sql';
import { OPEN_REJECT } from './reject-close';
import type { TableName } from './table-sql';

const INSERT = 10_000;
/** With more staged rows than this it is cheaper to plan every known record than to find those that have something to do with them. */
const MANY_STAGED = 50_000;

/** Another load was faster than this one: what was known is not what the table holds any more. */
export class KnownNoMore extends Error {}

export interface StagedRows {
  /** The stage table of headers, in SQL. */
  readonly name: TableName;
  readonly rows: number;
}

/**
 * Puts those known records into the merge's transaction that the plan has to look at: whose row is unsettled, of whose id the batch holds
 * another copy, or a reject is open. Answers with how many others there are; they are unchanged, and nothing more is asked of them.
 * Preconditions: the table's lock is held; `before`: the table as the lock found it. Throws KnownNoMore.
 */
export async function stageKnown(
  tx: Tx,
  target: LoadTarget,
  { known, staged, before }: { readonly known: KnownRecords; readonly staged: StagedRows; readonly before: TableMoment },
): Promise<number> {
  const { moment, places } = known.found;
  if (before.oid === null) throw new KnownNoMore(`${target.table} was dropped`);
  if (before.oid !== moment.oid || before.lastBatchNo !== moment.lastBatchNo || before.epoch !== moment.epoch)
    throw new KnownNoMore(`${target.table} was written meanwhile`);
  const chosen = staged.rows > MANY_STAGED ? places : known.singledOut(await hashesOfInterest(tx, target, staged));
  await tx.query(`create temporary table merge_known (seq bigint, id text, fetched_at timestamptz) on commit drop`);
  const still = await insertKnown(tx, target, { known, chosen, epoch: before.epoch });
  if (still !== chosen.length) throw new KnownNoMore(`of ${counted(chosen.length, 'known record')} ${still} still are`);
  await tx.query('analyze merge_known (seq, id)');
  return known.length - chosen.length;
}

/** Of the rows of which the batch has a copy that is not known, or which have an open reject: the hash, as hex digits. */
async function hashesOfInterest(tx: Tx, { schema, table, pipeline, entity }: LoadTarget, { name, rows }: StagedRows): Promise<string[]> {
  const rejects = `select r.record_id from freshet.reject r where ${OPEN_REJECT}`;
  const found = await tx.query<{ hash: string }>(
    `select encode(t.source_hash, 'hex') as hash from ${ident(schema, table)} t
      where t.id in (${rejects}${rows === 0 ? '' : ` union select s.id from ${name} s`})`,
    [pipeline, entity],
  );
  return found.map(({ hash }) => hash);
}

async function insertKnown(
  tx: Tx,
  target: LoadTarget,
  { known, chosen, epoch }: { readonly known: KnownRecords; readonly chosen: Uint32Array; readonly epoch: number },
): Promise<number> {
  const holder = holderSql(ident(target.schema, target.table), 'u.place');
  let still = 0;
  for (const { hashes, seqs, times: each } of known.parts(chosen, INSERT)) {
    const times = [...new Set(each)];
    const numbers = new Map(times.map((time, n) => [time, n + 1]));
    const [put] = await tx.query<{ n: string }>(
      `with put as (
         insert into merge_known (seq, id, fetched_at)
         select u.seq, t.id, ($7::timestamptz[])[u.time]
           from unnest($6::bigint[], $8::int[]) with ordinality u (seq, time, place) cross join lateral ${holder} t
         returning 1)
       select count(*) as n from put`,
      [...holderValues(target, hashes, epoch), seqs, times, each.map((time) => numbers.get(time))],
    );
    still += Number(put?.n ?? 0);
  }
  return still;
}

/** The time of fetching of known rows that are not settled. $1: settle time in ms. */
export function refreshKnownSql(target: TableName): string {
  return `update ${target} t set fetched_at = k.fetched_at
      from merge_known k join merge_plan p on p.seq = k.seq
     where p.outcome = 'unchanged' and t.id = k.id and k.fetched_at > t.fetched_at and ${unsettledSql('$1')}`;
}
