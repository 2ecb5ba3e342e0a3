import type { Database, Tx } from '../database/database';
import { ident } from '../database/identifier';
import { counted } from '../domain/counted';
import type { BatchIndex } from './batch-file';
import type { LoadTarget } from './load-target';
import { unsettledSql } from './merge-sql';
import type { PageClock } from './page-clock';
import type { TableName } from './table-sql';

/** A record whose very bytes the table holds: it is unchanged, and nobody parses it (decision 0007). */
export interface KnownRecord {
  /** Place in the file, from 1. */
  readonly seq: number;
  readonly id: string;
  readonly hash: Buffer;
  /** Text for PostgreSQL. */
  readonly fetchedAt: string;
}

const LOOK_UP = 2_000;
const INSERT = 10_000;

/** Its row has not been deleted, belongs to this epoch or a later one, and no lower answer waits to be repeated. First parameter: the epoch. */
const held = (epoch: number): string => `t.deleted_at is null and t.source_epoch >= $${epoch}::int
    and not exists (select from freshet.lower_answer a where a.pipeline = $${epoch + 1} and a.entity = $${epoch + 2}
                       and a.record_id = t.id and a.fetched_at is not null)`;

/** Which records of an indexed file the entity's table holds, byte for byte; none twice. Ascending by place. */
export async function findKnown(
  db: Database,
  { schema, table, pipeline, entity }: LoadTarget,
  { index, clock }: { readonly index: BatchIndex; readonly clock: PageClock },
): Promise<KnownRecord[]> {
  const [owner] = await db.query<{ epoch: number }>(`select epoch from freshet.pipeline_entity where pipeline = $1 and entity = $2`, [
    pipeline,
    entity,
  ]);
  const asked = singles(index.hashes);
  const known: KnownRecord[] = [];
  for (let from = 0; from < asked.length; from += LOOK_UP) {
    const places = asked.slice(from, from + LOOK_UP);
    const found = await db.query<{ place: string; id: string }>(
      `select u.place, t.id from unnest($1::bytea[]) with ordinality u (source_hash, place)
         join ${ident(schema, table)} t on t.source_hash = u.source_hash where ${held(2)} order by u.place`,
      [places.map((place) => index.hashes[place]), owner?.epoch ?? 0, pipeline, entity],
    );
    for (const { place, id } of found) {
      const at = places[Number(place) - 1]!;
      known.push({ seq: at + 1, id, hash: index.hashes[at]!, fetchedAt: clock.at(index.offsets[at]!) });
    }
  }
  return known;
}

/** Places of the hashes that occur once. */
function singles(hashes: readonly Buffer[]): number[] {
  const places = new Map<string, number | null>();
  hashes.forEach((hash, place) => {
    const text = hash.toString('latin1');
    places.set(text, places.has(text) ? null : place);
  });
  return [...places.values()].filter((place) => place !== null);
}

/** Another load was faster than this one: what was known is not what the table holds any more. */
export class KnownNoMore extends Error {}

/** Puts the known records into the merge's transaction, and makes sure that they still are. Throws KnownNoMore. */
export async function stageKnown(
  tx: Tx,
  target: LoadTarget,
  { known, epoch, exists }: { readonly known: readonly KnownRecord[]; readonly epoch: number; readonly exists: boolean },
): Promise<void> {
  if (!exists) throw new KnownNoMore(`${target.table} was dropped`);
  await tx.query(`create temporary table merge_known (seq bigint, id text, source_hash bytea, fetched_at timestamptz) on commit drop`);
  for (let from = 0; from < known.length; from += INSERT) {
    const part = known.slice(from, from + INSERT);
    await tx.query(`insert into merge_known select * from unnest($1::bigint[], $2::text[], $3::bytea[], $4::timestamptz[])`, [
      part.map(({ seq }) => seq),
      part.map(({ id }) => id),
      part.map(({ hash }) => hash),
      part.map(({ fetchedAt }) => fetchedAt),
    ]);
  }
  await tx.query('analyze merge_known (seq, id)');
  const [still] = await tx.query<{ n: string }>(
    `select count(*) as n from merge_known k join ${ident(target.schema, target.table)} t on t.id = k.id and t.source_hash = k.source_hash
      where ${held(1)}`,
    [epoch, target.pipeline, target.entity],
  );
  if (Number(still?.n) !== known.length) throw new KnownNoMore(`of ${counted(known.length, 'known record')} ${still?.n ?? 0} still are`);
}

/** The time of fetching of known rows that are not settled. $1: settle time in ms. */
export function refreshKnownSql(target: TableName): string {
  return `update ${target} t set fetched_at = k.fetched_at
      from merge_known k join merge_plan p on p.seq = k.seq
     where p.outcome = 'unchanged' and t.id = k.id and k.fetched_at > t.fetched_at and ${unsettledSql('$1')}`;
}
