import type { Database } from '../../database/database';
import { ident } from '../../database/identifier';
import { isCalendarDay } from '../../domain/instant';
import { chooseDateColumn, type DateChoice, type DateField } from './date-column';
import type { Expected } from './limit';

type Queries = Pick<Database, 'query'>;

export interface TablePlace {
  readonly entity: string;
  readonly schema: string;
  readonly table: string;
}

/** What a raw table says of itself. */
export interface TableDates {
  readonly made: boolean;
  readonly hasRows: boolean;
  readonly choice: DateChoice;
  /** `2027-03-28` of days and texts, ISO in UTC of instants; `null`: no row has a date. */
  readonly newest: string | null;
  readonly dateFault: string | null;
}

const UNMADE = { made: false, hasRows: false, newest: null, dateFault: null } as const;

/** Reads the greatest business date of the living rows. Errors: what PostgreSQL says of a table that it cannot read. */
export async function readTableDates(
  db: Queries,
  place: TablePlace,
  expected: Pick<Expected, 'dateField' | 'master'>,
): Promise<TableDates> {
  const fields = await readFields(db, place);
  const choice = chooseDateColumn({ ...expected, entity: place.entity, fields: fields ?? [] });
  if (fields === null) return { ...UNMADE, choice };
  const table = ident(place.schema, place.table);
  const [row] = await db.query<{ there: boolean }>(`select exists (select from ${table} where deleted_at is null) as there`);
  const seen = { made: true, hasRows: row?.there === true, choice };
  return choice.kind === 'column' ? { ...seen, ...(await readNewest(db, table, choice)) } : { ...seen, newest: null, dateFault: null };
}

/** Columns of freshet's own (contracts §5): when it wrote, not what the business dates. */
const OWN_COLUMNS = [
  'id',
  'data_source',
  'created_at',
  'updated_at',
  'session_id',
  'import_timestamp',
  'run_id',
  'batch_no',
  'source_cursor',
  'source_instant',
  'source_version',
  'source_epoch',
  'fetched_at',
  'source_hash',
  'row_hash',
  'deleted_at',
];

/** The columns that hold fields of the source, and those that a person added; `null`: there is no such table. Asks the catalogue only, which everybody may read. */
async function readFields(db: Queries, { schema, table }: TablePlace): Promise<DateField[] | null> {
  const [row] = await db.query<{ fields: DateField[] }>(
    `select (select coalesce(jsonb_agg(jsonb_build_object('field', coalesce(c.field, a.attname), 'column', a.attname, 'type', format_type(a.atttypid, null))
                                       order by a.attnum), '[]')
               from pg_catalog.pg_attribute a
               left join freshet.raw_column c on c.schema = $1 and c."table" = $2 and c.name = a.attname
              where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and (c.field is not null or a.attname <> all ($3))) as fields
       from pg_catalog.pg_class t join pg_catalog.pg_namespace n on n.oid = t.relnamespace
      where n.nspname = $1 and t.relname = $2 and t.relkind in ('r', 'p', 'f', 'v', 'm')`,
    [schema, table, OWN_COLUMNS],
  );
  return row?.fields ?? null;
}

type Newest = Pick<TableDates, 'newest' | 'dateFault'>;

function readNewest(db: Queries, table: string, { column, type }: DateField): Promise<Newest> {
  const quoted = ident(column);
  switch (type) {
    case 'date':
      return greatest(db, `select max(${quoted})::text as newest from ${table} where deleted_at is null and isfinite(${quoted})`);
    case 'timestamp with time zone':
      return greatest(
        db,
        `select ${isoOf(`max(${quoted}) at time zone 'utc'`)} as newest from ${table} where deleted_at is null and isfinite(${quoted})`,
      );
    case 'timestamp without time zone':
      return greatest(db, `select ${isoOf(`max(${quoted})`)} as newest from ${table} where deleted_at is null and isfinite(${quoted})`);
    case 'text':
    case 'character varying':
    case 'character':
      return greatestText(db, table, { column, quoted });
    default:
      return Promise.resolve({ newest: null, dateFault: `${column} is ${type}, which holds no dates` });
  }
}

function isoOf(expression: string): string {
  return `to_char(${expression}, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
}

async function greatest(db: Queries, sql: string): Promise<Newest> {
  const [row] = await db.query<{ newest: string | null }>(sql);
  return { newest: row?.newest ?? null, dateFault: null };
}

const ISO_DAY = `'^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])([T ].*)?$'`;
/** As 4D servers write days: `05!10!2013`; `00!00!0000` is none. */
const LEGACY_DAY = `'^(0?[1-9]|[12]\\d|3[01])!(0?[1-9]|1[0-2])!\\d{4}$'`;
const LEGACY_NONE = `'^0{1,2}!0{1,2}!0{1,4}$'`;

/** Days in texts are compared as days; one that is none makes the greatest unsure, so it is told. */
async function greatestText(db: Queries, table: string, { column, quoted }: { column: string; quoted: string }): Promise<Newest> {
  const [row] = await db.query<{ newest: string | null; unreadable: string; example: string | null }>(
    `select max((case when v ~ ${ISO_DAY} then left(v, 10)
                      when v ~ ${LEGACY_DAY} then concat_ws('-', split_part(v, '!', 3), lpad(split_part(v, '!', 2), 2, '0'), lpad(split_part(v, '!', 1), 2, '0'))
                 end) collate "C") as newest,
            count(*) filter (where v !~ ${ISO_DAY} and v !~ ${LEGACY_DAY}) as unreadable,
            min(left(v, 40)) filter (where v !~ ${ISO_DAY} and v !~ ${LEGACY_DAY}) as example
       from (select nullif(btrim(${quoted}), '') as v from ${table} where deleted_at is null) t where v !~ ${LEGACY_NONE}`,
  );
  const { newest = null, unreadable = '0', example = null } = row ?? {};
  if (unreadable !== '0')
    return { newest, dateFault: `${column} holds ${unreadable} × what is no date, such as ${JSON.stringify(example)}` };
  if (newest !== null && !isDay(newest)) return { newest: null, dateFault: `${column} holds ${newest}, which no calendar has` };
  return { newest, dateFault: null };
}

function isDay(day: string): boolean {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  return isCalendarDay(year, month, date);
}
