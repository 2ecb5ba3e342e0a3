import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import type { Found, TableMoment } from './known-records';
import type { LoadTarget } from './load-target';
import { unsettledSql } from './merge-sql';
import { HASH_BYTES, type RecordIndex } from './record-index';
import type { TableName } from './table-sql';

const LOOK_UP = 4_000;
/** Records that wait for PostgreSQL's answer; then the reading waits, too. */
const MOST_UNDER_WAY = 2 * LOOK_UP;

/** Its row has not been deleted, belongs to this epoch or a later one, and no lower answer waits to be repeated. */
const HELD = `t.deleted_at is null and t.source_epoch >= $2::int
    and not exists (select from freshet.lower_answer a where a.pipeline = $3 and a.entity = $4 and a.record_id = t.id and a.fetched_at is not null)`;

/**
 * The row that has the hash number `place` (with its table: the row may have a column of that name) of those in $1; its id, and whether it is
 * unsettled. One by one through the index: a table just made has no statistics to plan by. $2 epoch, $3 pipeline, $4 entity, $5 settle time in ms.
 */
export const holderSql = (table: TableName, place: string): string =>
  `(select t.id, (${unsettledSql('$5')}) as unsettled from ${table} t
     where t.source_hash = substring($1::bytea from (${place}::int - 1) * ${HASH_BYTES} + 1 for ${HASH_BYTES}) and ${HELD} limit 1)`;

export function holderValues({ pipeline, entity, definition }: LoadTarget, hashes: Buffer, epoch: number): readonly unknown[] {
  return [hashes, epoch, pipeline, entity, definition.settleMs];
}

/** What the table is now. Under its lock nothing changes it any more. */
export async function tableMoment(queries: Pick<Database, 'query'>, { schema, table, pipeline, entity }: LoadTarget): Promise<TableMoment> {
  const [now] = await queries.query<{ last: string; epoch: number; oid: string | null }>(
    `select coalesce((select last_batch_no from freshet.table_owner where schema = $1 and "table" = $2), 0) as last,
            coalesce((select epoch from freshet.pipeline_entity where pipeline = $3 and entity = $4), 0) as epoch,
            to_regclass($5)::oid::text as oid`,
    [schema, table, pipeline, entity, ident(schema, table)],
  );
  return { lastBatchNo: now!.last, epoch: now!.epoch, oid: now!.oid };
}

/** After so many answers, and such a part of the file, it shows whether looking up is worth reading the file twice. */
const TELLING = { records: 16_000, part: 1 / 10 } as const;
/** One record found among so many pays for looking them all up. */
const WORTH = 1 / 16;

/** Whether the table holds enough of the file's records; `asked` of all were looked up so far, and so many were found. */
export function worthLookingUp(records: number, { asked, found }: { readonly asked: number; readonly found: number }): boolean {
  return asked < Math.max(TELLING.records, records * TELLING.part) || found >= asked * WORTH;
}

/** Looks the hashes of a file up while it is still being read. */
export class KnownLookUp {
  private asked = 0;
  private answered = 0;
  private readonly places: number[] = [];
  private readonly unsettled: number[] = [];
  private moment: TableMoment | null = null;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly db: Database,
    private readonly target: LoadTarget,
  ) {}

  /** `index`: of the file's records so far; `records`: how many there will be. Answers whether it is worth going on. */
  async ask(index: RecordIndex, records: number): Promise<boolean> {
    this.send(index, LOOK_UP);
    if (this.asked - this.answered > MOST_UNDER_WAY) await this.last;
    return worthLookingUp(records, { asked: this.answered, found: this.places.length });
  }

  private send(index: RecordIndex, atLeast: number): void {
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
  async found(index: RecordIndex): Promise<Found> {
    this.send(index, 1);
    await this.last;
    const twice = index.repeated();
    const once = (places: readonly number[]): Uint32Array => Uint32Array.from(places.filter((place) => twice[place] === 0));
    return { moment: this.moment ?? (await tableMoment(this.db, this.target)), places: once(this.places), unsettled: once(this.unsettled) };
  }

  /** When what was asked is answered: then no connection is held any more. */
  async settled(): Promise<void> {
    await this.last;
  }

  private async lookUp(hashes: Buffer, { from, count }: { readonly from: number; readonly count: number }): Promise<void> {
    const { schema, table } = this.target;
    this.moment ??= await tableMoment(this.db, this.target);
    const list = (which: string): string => `coalesce(string_agg(g.place::text, ',' order by g.place)${which}, '')`;
    const [found] = await this.db.query<{ places: string; unsettled: string }>(
      `select ${list('')} as places, ${list(' filter (where t.unsettled)')} as unsettled
         from generate_series(1, $6::int) g (place) cross join lateral ${holderSql(ident(schema, table), 'g.place')} t`,
      [...holderValues(this.target, hashes, this.moment.epoch), count],
    );
    this.answered += count;
    for (const [text, into] of [
      [found?.places, this.places],
      [found?.unsettled, this.unsettled],
    ] as const)
      if (text) for (const n of text.split(',')) into.push(from + Number(n) - 1);
  }
}
