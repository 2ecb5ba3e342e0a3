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
  readonly hash: Buffer;
  /** Text for PostgreSQL. */
  readonly fetchedAt: string;
}

const LOOK_UP = 4_000;
const INSERT = 10_000;
const HASH_BYTES = 16;

/** Its row has not been deleted, belongs to this epoch or a later one, and no lower answer waits to be repeated. First parameter: the epoch. */
const held = (epoch: number): string => `t.deleted_at is null and t.source_epoch >= $${epoch}::int
    and not exists (select from freshet.lower_answer a where a.pipeline = $${epoch + 1} and a.entity = $${epoch + 2}
                       and a.record_id = t.id and a.fetched_at is not null)`;

/** The row that has the hash number `place` (with its table: the row may have a column of that name) of those in $1. One by one through the index: a table just made has no statistics to plan by. */
const holder = (table: TableName, place: string, epoch: number): string =>
  `(select t.id from ${table} t where t.source_hash = substring($1::bytea from (${place}::int - 1) * ${HASH_BYTES} + 1 for ${HASH_BYTES})
     and ${held(epoch)} limit 1)`;

/** Looks the hashes of a file up while it is still being read. */
export class KnownLookUp {
  private asked = 0;
  private readonly places: number[] = [];
  private epoch: number | null = null;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly db: Database,
    private readonly target: LoadTarget,
  ) {}

  /** `hashes`: of the file's records so far. */
  ask(hashes: readonly Buffer[], atLeast = LOOK_UP): void {
    while (this.asked < hashes.length && hashes.length - this.asked >= atLeast) {
      const from = this.asked;
      this.asked = Math.min(from + LOOK_UP, hashes.length);
      const part = hashes.slice(from, this.asked);
      this.last = this.last.then(() => this.lookUp(part, from));
    }
    // A failure is heard by whoever asks for the answer; until then it must not pass for unheard.
    this.last.catch(() => undefined);
  }

  /** Which records of the file the entity's table holds, byte for byte; none that stands in the file twice. Ascending by place. */
  async known(index: BatchIndex, clock: PageClock): Promise<KnownRecord[]> {
    this.ask(index.hashes, 1);
    await this.last;
    const twice = repeated(index.hashes);
    return this.places
      .filter((place) => !twice.has(place))
      .map((place) => ({ seq: place + 1, hash: index.hashes[place]!, fetchedAt: clock.at(index.offsets[place]!) }));
  }

  private async lookUp(hashes: readonly Buffer[], from: number): Promise<void> {
    const { schema, table, pipeline, entity } = this.target;
    this.epoch ??= await this.heldEpoch();
    const [found] = await this.db.query<{ places: string }>(
      `select coalesce(string_agg(g.place::text, ',' order by g.place), '') as places from generate_series(1, $5::int) g (place)
        cross join lateral ${holder(ident(schema, table), 'g.place', 2)} t`,
      [Buffer.concat(hashes), this.epoch, pipeline, entity, hashes.length],
    );
    if (found !== undefined && found.places !== '') for (const n of found.places.split(',')) this.places.push(from + Number(n) - 1);
  }

  private async heldEpoch(): Promise<number> {
    const { pipeline, entity } = this.target;
    const [owner] = await this.db.query<{ epoch: number }>(
      `select epoch from freshet.pipeline_entity where pipeline = $1 and entity = $2`,
      [pipeline, entity],
    );
    return owner?.epoch ?? 0;
  }
}

/** Places of the hashes that occur more than once. */
function repeated(hashes: readonly Buffer[]): Set<number> {
  const [first, twice] = [new Map<string, number>(), new Set<number>()];
  hashes.forEach((hash, place) => {
    const text = hash.toString('latin1');
    const before = first.get(text);
    if (before === undefined) first.set(text, place);
    else twice.add(before).add(place);
  });
  return twice;
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
  const table = ident(target.schema, target.table);
  await tx.query(`create temporary table merge_known (seq bigint, id text, fetched_at timestamptz) on commit drop`);
  let still = 0;
  for (let from = 0; from < known.length; from += INSERT) {
    const part = known.slice(from, from + INSERT);
    const times = [...new Set(part.map(({ fetchedAt }) => fetchedAt))];
    const numbers = new Map(times.map((time, n) => [time, n + 1]));
    const [put] = await tx.query<{ n: string }>(
      `with put as (
         insert into merge_known (seq, id, fetched_at)
         select u.seq, t.id, ($6::timestamptz[])[u.time]
           from unnest($5::bigint[], $7::int[]) with ordinality u (seq, time, place) cross join lateral ${holder(table, 'u.place', 2)} t
         returning 1)
       select count(*) as n from put`,
      [
        Buffer.concat(part.map(({ hash }) => hash)),
        epoch,
        target.pipeline,
        target.entity,
        part.map(({ seq }) => seq),
        times,
        part.map(({ fetchedAt }) => numbers.get(fetchedAt)),
      ],
    );
    still += Number(put?.n ?? 0);
  }
  if (still !== known.length) throw new KnownNoMore(`of ${counted(known.length, 'known record')} ${still} still are`);
  await tx.query('analyze merge_known (seq, id)');
}

/** The time of fetching of known rows that are not settled. $1: settle time in ms. */
export function refreshKnownSql(target: TableName): string {
  return `update ${target} t set fetched_at = k.fetched_at
      from merge_known k join merge_plan p on p.seq = k.seq
     where p.outcome = 'unchanged' and t.id = k.id and k.fetched_at > t.fetched_at and ${unsettledSql('$1')}`;
}
