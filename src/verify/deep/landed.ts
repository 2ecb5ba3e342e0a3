import type { Tx } from '../../database/database';

/** One record of a loaded batch, as landing holds it. */
export interface LandedRecord {
  readonly batchKey: string;
  readonly batchNo: string | null;
  readonly extractionId: string;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** Place within all records of the entity, in the order they were loaded. */
  readonly ord: number;
  readonly id: string | null;
  readonly sourceHash: Buffer;
  readonly rowHash: Buffer | null;
  /** Number of line items; `null` where the record does not carry the key. */
  readonly lines: number | null;
  /** SHA-256 over the hashes of the line items in order; `null` with `lines`. */
  readonly linesDigest: Buffer | null;
  readonly cursorText: string | null;
  /** µs since 1970, or the integer itself. */
  readonly cursorSort: string | null;
  readonly instant: string | null;
  readonly version: string | null;
  readonly fetchedAt: string | null;
}

const COLUMNS: readonly (readonly [name: string, type: string, value: (record: LandedRecord) => unknown])[] = [
  ['batch_key', 'text', (r) => r.batchKey],
  ['batch_no', 'bigint', (r) => r.batchNo],
  ['extraction_id', 'text', (r) => r.extractionId],
  ['file', 'text', (r) => r.file],
  ['"offset"', 'bigint', (r) => r.offset],
  ['length', 'bigint', (r) => r.length],
  ['ord', 'bigint', (r) => r.ord],
  ['id', 'text', (r) => r.id],
  ['source_hash', 'bytea', (r) => r.sourceHash],
  ['row_hash', 'bytea', (r) => r.rowHash],
  ['lines', 'integer', (r) => r.lines],
  ['lines_digest', 'bytea', (r) => r.linesDigest],
  ['cursor_text', 'text', (r) => r.cursorText],
  ['cursor_sort', 'bigint', (r) => r.cursorSort],
  ['instant', 'timestamptz', (r) => r.instant],
  ['version', 'numeric', (r) => r.version],
  ['fetched_at', 'timestamptz', (r) => r.fetchedAt],
];

/** Makes `pg_temp.landed` empty for the next entity. */
export async function beginLanded(tx: Tx): Promise<void> {
  await tx.query('drop table if exists pg_temp.landed, pg_temp.newest, pg_temp.newest_set');
  await tx.query(
    `create temporary table landed (${COLUMNS.map(([name, type]) => `${name} ${type}`).join(', ')}, rejected boolean not null default false, superseded boolean not null default false) on commit drop`,
  );
}

export async function storeLanded(tx: Tx, records: readonly LandedRecord[]): Promise<void> {
  if (records.length === 0) return;
  const names = COLUMNS.map(([name]) => name).join(', ');
  const arrays = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ');
  await tx.query(
    `insert into pg_temp.landed (${names}) select * from unnest(${arrays})`,
    COLUMNS.map(([, , value]) => records.map(value)),
  );
}

/**
 * Marks what the loader rejected and keeps in `pg_temp.newest` the newest landed version of each id: by version, else by instant, else by
 * the time it was fetched; where one version of an id has neither, `fetched_at` decides over all of them. `pg_temp.newest_set` is the same
 * among the versions that carry line items: an absent key leaves the held set alone. Versions that a lower answer given twice has replaced
 * count no more, nor those that an insert-only load skipped.
 */
export async function finishLanded(tx: Tx, pipeline: string, entity: string): Promise<void> {
  await tx.query(
    `update pg_temp.landed l set rejected = true from freshet.reject r
      where r.pipeline = $1 and r.entity = $2 and r.stage = 'load' and r.file = l.file and r."offset" = l."offset"`,
    [pipeline, entity],
  );
  await tx.query(
    `update pg_temp.landed l set superseded = true from freshet.lower_answer a
      where a.pipeline = $1 and a.entity = $2 and a.record_id = l.id and l.fetched_at < a.superseded_before`,
    [pipeline, entity],
  );
  // Insert only: what came to a row that was there changed nothing.
  await tx.query(
    `update pg_temp.landed l set superseded = true from freshet.batch b
      where b.key = l.batch_key and (b.counts ->> 'skipped')::bigint > 0
        and exists (select from pg_temp.landed o where o.id = l.id and o.batch_no < l.batch_no and not o.rejected)`,
  );
  await tx.query(`create temporary table newest on commit drop as ${newestOf('true')}`);
  await tx.query(`create temporary table newest_set on commit drop as ${newestOf('lines is not null')}`);
  for (const table of ['landed', 'newest', 'newest_set']) await tx.query(`create index on pg_temp.${table} (id)`);
  await tx.query('analyze pg_temp.landed, pg_temp.newest, pg_temp.newest_set');
}

function newestOf(condition: string): string {
  return `select distinct on (id) *
            from (select l.*, bool_or(instant is null and version is null) over (partition by id) as undated
                    from pg_temp.landed l where not rejected and not superseded and id is not null) v
           where ${condition}
           order by id, case when undated then null else version end desc nulls last, case when undated then null else instant end desc nulls last,
                    fetched_at desc nulls last, batch_no desc, ord desc`;
}
