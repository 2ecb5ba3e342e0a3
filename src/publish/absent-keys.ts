import type { Database } from '../database/database';
import type { Cell } from './mapping/mapping';
import type { RawRow } from './raw-rows';

/** Which fields each record of a landed batch lacks, by the record's hash (hex); records that lack none are left out. */
export interface LandedKeys {
  lacking(file: string, fields: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** A column of the raw table that the mapping reads, by the source's name of it. */
type Fields = readonly string[];

/** What NULL means in a column, for all rows of one batch: the source said null · it had no such key · either. */
type Meaning = 'null' | 'absent' | 'ask';

interface Batch {
  readonly file: string;
  /** By place of the field. */
  readonly meanings: readonly Meaning[];
}

interface BatchRow {
  readonly batch_no: string;
  readonly file: string;
  readonly records: string | null;
  readonly seen: Readonly<Record<string, Readonly<Record<string, number>>>> | null;
}

/** Entries kept at once; a batch that was put out is read once more where another row asks for it. */
const MOST_ENTRIES = 1_000_000;

/**
 * A raw table holds NULL for a key that the source did not send and for one that it sent as null; the target keeps its value in the first
 * case and loses it in the second (contracts §7). What landing counted of each batch mostly decides; where both came in one batch, the
 * landed records themselves are asked.
 */
export class AbsentKeys {
  private readonly read = new Map<string, ReadonlyMap<string, readonly string[]>>();
  private entries = 0;

  private constructor(
    private readonly fields: Fields,
    private readonly batches: ReadonlyMap<string, Batch>,
    private readonly landed: LandedKeys | undefined,
  ) {}

  /** `landed` absent: nobody can be asked; what is not clear is left alone. */
  static async open(
    db: Database,
    of: { readonly pipeline: string; readonly entity: string; readonly above: string },
    { fields, landed }: { readonly fields: Fields; readonly landed?: LandedKeys | undefined },
  ): Promise<AbsentKeys> {
    const rows = await db.query<{ [Name in keyof BatchRow]: BatchRow[Name] }>(
      `select b.batch_no, b.file, b.profile ->> 'records' as records,
              (select jsonb_object_agg(f ->> 'name', f -> 'seen') from jsonb_array_elements(b.profile -> 'fields') f where f ->> 'name' = any ($4::text[])) as seen
         from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
        where x.pipeline = $1 and x.entity = $2 and b.state = 'loaded' and b.batch_no > $3`,
      [of.pipeline, of.entity, of.above, fields],
    );
    const filled = await db.query<{ batch_no: string }>(
      `select d.batch_no from freshet.drawn_number d join freshet.pipeline_entity e on e.raw_schema = d.schema and e.raw_table = d."table"
        where e.pipeline = $1 and e.entity = $2 and d.what = 'backfill' and d.batch_no > $3`,
      [of.pipeline, of.entity, of.above],
    );
    const batches = new Map<string, Batch>();
    for (const row of rows) {
      const meanings = fields.map((field) => meaningOf(row, field));
      // Where NULL is null in every column, nothing has to be judged.
      if (meanings.some((meaning) => meaning !== 'null')) batches.set(row.batch_no, { file: row.file, meanings });
    }
    // Columns that were filled from landing hold every value that was there; which of the others were null, nobody wrote down.
    for (const { batch_no: n } of filled) batches.set(n, { file: '', meanings: fields.map(() => 'absent' as const) });
    return new AbsentKeys(fields, batches, landed);
  }

  /** Whether records may have to be found again in landing by their hash. */
  get asks(): boolean {
    return this.landed !== undefined && [...this.batches.values()].some(({ meanings }) => meanings.includes('ask'));
  }

  /** The cells of each row, `undefined` where the source had no such key. */
  async cellsOf(rows: readonly RawRow[]): Promise<(readonly Cell[])[]> {
    const cells: (readonly Cell[])[] = [];
    for (const row of rows) {
      const batch = row.gone || !row.cells.includes(null) ? undefined : this.batches.get(row.batch);
      cells.push(batch === undefined ? row.cells : await this.judged(row, batch));
    }
    return cells;
  }

  private async judged(row: RawRow, batch: Batch): Promise<readonly Cell[]> {
    const { meanings } = batch;
    const unclear = row.cells.some((cell, place) => cell === null && meanings[place] === 'ask');
    const lacks = unclear ? await this.lacking(row, batch) : NOTHING;
    return row.cells.map((cell, place) => {
      if (cell !== null || meanings[place] === 'null') return cell;
      return meanings[place] === 'absent' || lacks === null || lacks.includes(this.fields[place]!) ? undefined : null;
    });
  }

  /** `null`: its very bytes are not in the batch any more; then what is NULL is left alone. */
  private async lacking(row: RawRow, { file, meanings }: Batch): Promise<readonly string[] | null> {
    if (this.landed === undefined || row.hash === null) return null;
    let found = this.read.get(row.batch);
    if (found === undefined) {
      const asked = this.fields.filter((_, place) => meanings[place] === 'ask');
      found = await this.landed.lacking(file, asked);
      this.keep(row.batch, found);
    }
    return found.get(row.hash) ?? NOTHING;
  }

  private keep(batch: string, found: ReadonlyMap<string, readonly string[]>): void {
    for (const [oldest, entries] of this.read) {
      if (this.entries + found.size <= MOST_ENTRIES) break;
      this.read.delete(oldest);
      this.entries -= entries.size;
    }
    this.read.set(batch, found);
    this.entries += found.size;
  }
}

const NOTHING: readonly string[] = [];

/** A batch without a profile, or with one that was cut, tells nothing. */
function meaningOf({ records, seen }: BatchRow, field: string): Meaning {
  if (records === null || seen === null) return 'ask';
  const counts = Object.hasOwn(seen, field) ? seen[field]! : null;
  if (counts === null) return 'absent';
  const present = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (present === Number(records)) return 'null';
  return (counts['null'] ?? 0) + (counts['empty'] ?? 0) === 0 ? 'absent' : 'ask';
}
