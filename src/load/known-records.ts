import type { Database, Tx } from '../database/database';
import { ident } from '../database/identifier';
import { counted } from '../domain/counted';
import type { LoadTarget } from './load-target';
import { unsettledSql } from './merge-sql';
import type { PageClock } from './page-clock';
import { HASH_BYTES, type RecordIndex } from './record-index';
import type { TableName } from './table-sql';

/** The hashes of a part of the known records, side by side; their numbers in the file, from 1, and times of fetching, as text for PostgreSQL. */
interface KnownPart {
  readonly hashes: Buffer;
  readonly seqs: readonly number[];
  readonly times: readonly string[];
}

/** Records whose very bytes the table holds: they are unchanged, and nobody parses them (decision 0007). */
export class KnownRecords {
  /** `places`: from 0, ascending. */
  constructor(
    private readonly index: RecordIndex,
    readonly places: Uint32Array,
    private readonly clock: () => PageClock,
  ) {}

  get length(): number {
    return this.places.length;
  }

  *parts(size: number): Generator<KnownPart> {
    const clock = this.clock();
    for (let from = 0; from < this.length; from += size) {
      const part = Array.from(this.places.subarray(from, from + size));
      const hashes = Buffer.allocUnsafe(part.length * HASH_BYTES);
      part.forEach((place, n) => this.index.copyHash(place, hashes, n * HASH_BYTES));
      yield { hashes, seqs: part.map((place) => place + 1), times: part.map((place) => clock.at(this.index.offsetOf(place))) };
    }
  }
}

const LOOK_UP = 4_000;
const INSERT = 10_000;

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

  /** `index`: of the file's records so far. */
  ask(index: RecordIndex, atLeast = LOOK_UP): void {
    while (this.asked < index.length && index.length - this.asked >= atLeast) {
      const from = this.asked;
      this.asked = Math.min(from + LOOK_UP, index.length);
      const [part, count] = [index.hashesOf(from, this.asked), this.asked - from];
      this.last = this.last.then(() => this.lookUp(part, { from, count }));
    }
    // A failure is heard by whoever asks for the answer; until then it must not pass for unheard.
    this.last.catch(() => undefined);
  }

  /** Which records of the file the entity's table holds, byte for byte; none that stands in the file twice. */
  async known(index: RecordIndex, clock: () => PageClock): Promise<KnownRecords> {
    this.ask(index, 1);
    await this.last;
    const twice = index.repeated();
    return new KnownRecords(index, Uint32Array.from(this.places.filter((place) => twice[place] === 0)), clock);
  }

  private async lookUp(hashes: Buffer, { from, count }: { readonly from: number; readonly count: number }): Promise<void> {
    const { schema, table, pipeline, entity } = this.target;
    this.epoch ??= await this.heldEpoch();
    const [found] = await this.db.query<{ places: string }>(
      `select coalesce(string_agg(g.place::text, ',' order by g.place), '') as places from generate_series(1, $5::int) g (place)
        cross join lateral ${holder(ident(schema, table), 'g.place', 2)} t`,
      [hashes, this.epoch, pipeline, entity, count],
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

/** Another load was faster than this one: what was known is not what the table holds any more. */
export class KnownNoMore extends Error {}

/** Puts the known records into the merge's transaction, and makes sure that they still are. Throws KnownNoMore. */
export async function stageKnown(
  tx: Tx,
  target: LoadTarget,
  { known, epoch, exists }: { readonly known: KnownRecords; readonly epoch: number; readonly exists: boolean },
): Promise<void> {
  if (!exists) throw new KnownNoMore(`${target.table} was dropped`);
  const table = ident(target.schema, target.table);
  await tx.query(`create temporary table merge_known (seq bigint, id text, fetched_at timestamptz) on commit drop`);
  let still = 0;
  for (const { hashes, seqs, times: each } of known.parts(INSERT)) {
    const times = [...new Set(each)];
    const numbers = new Map(times.map((time, n) => [time, n + 1]));
    const [put] = await tx.query<{ n: string }>(
      `with put as (
         insert into merge_known (seq, id, fetched_at)
         select u.seq, t.id, ($6::timestamptz[])[u.time]
           from unnest($5::bigint[], $7::int[]) with ordinality u (seq, time, place) cross join lateral ${holder(table, 'u.place', 2)} t
         returning 1)
       select count(*) as n from put`,
      [hashes, epoch, target.pipeline, target.entity, seqs, times, each.map((time) => numbers.get(time))],
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
