import { closest } from '../config/closest';
import { lockTable } from '../database/advisory-lock';
import type { Database, Tx } from '../database/database';
import { drawNumber } from '../database/draw-number';
import { ident } from '../database/identifier';
import { FreshetError } from '../domain/errors';
import { hash16 } from '../json/canonical';
import { decodeRecord, fieldOf, isJsonObject, type JsonObject, type JsonValue } from '../json/decode';
import type { StageContext } from '../observability/stage-context';
import { recordsOfFile } from './batch-file';
import { cellText } from './cell';
import type { Column } from './columns';
import { recordChange } from './ddl';
import type { LandingReader } from './load-batch';
import { LOAD_FORMAT } from './load-definition';
import { lineTable, type TableTarget } from './load-target';
import { heldTables } from './table-state';

export interface BackfillInput {
  readonly target: TableTarget;
  /** IANA zone of instants without an offset. */
  readonly zone: string;
  /** Names of columns, of the rows or of their line items; `null`: every one that is NULL anywhere. */
  readonly columns: readonly string[] | null;
  readonly dryRun: boolean;
}

/** Values that were filled in, or would be. */
export interface Backfilled {
  readonly column: string;
  readonly filled: number;
}

const CHUNK = 1_000;

/**
 * Fills columns that are NULL in rows which were written before the column was there, from the landed record with the row's very bytes
 * (design §1, promise 5): no call to the source. Values that are there stay. Errors: `schema_error` code `column-unknown`, `file_error`.
 */
export async function backfillColumns(
  deps: { readonly db: Database; readonly landing: LandingReader },
  input: BackfillInput,
  ctx: StageContext,
): Promise<Backfilled[]> {
  const work = await plan(deps.db, input);
  if (work.rows.length + work.lines.length === 0) return [];
  const files = await deps.db.query<{ file: string }>(
    `select b.file from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
      where x.pipeline = $1 and x.entity = $2 and b.state = 'loaded' order by b.batch_no desc`,
    [input.target.pipeline, input.target.entity],
  );
  for (const { file } of files) {
    for await (const portion of recordsOfFile(file, deps.landing.read(file)).portions) {
      ctx.signal.throwIfAborted();
      for (let from = 0; from < portion.length; from += CHUNK) {
        await fill(deps.db, work, { input, ctx, records: portion.slice(from, from + CHUNK).map(({ bytes }) => bytes) });
      }
    }
    ctx.progress(`backfill:${file}`);
  }
  const filled = [...work.rows, ...work.lines].map(({ column, table, filled: n }) => ({ column: `${table}.${column.name}`, filled: n }));
  if (!input.dryRun && filled.some(({ filled: n }) => n > 0)) await note(deps.db, input, { filled, ctx });
  return filled;
}

interface Gap {
  readonly column: Column;
  readonly table: string;
  filled: number;
}

interface Work {
  readonly rows: readonly Gap[];
  readonly lines: readonly Gap[];
}

async function plan(db: Database, { target, columns }: BackfillInput): Promise<Work> {
  const held = await heldTables(db, target.schema, target.table);
  const there = (table: typeof held.header): Column[] => table.columns.filter(({ name }) => table.actual?.includes(name) === true);
  const [rows, lines] = [there(held.header), there(held.lines)];
  const unknown = columns?.find((name) => ![...rows, ...lines].some((column) => column.name === name));
  if (unknown !== undefined) throw columnUnknown(target, unknown, [...rows, ...lines]);
  const wanted = (column: Column): boolean => columns === null || columns.includes(column.name);
  return {
    rows: await gaps(db, target.schema, target.table, rows.filter(wanted)),
    lines: await gaps(db, target.schema, lineTable(target.table), lines.filter(wanted)),
  };
}

async function gaps(db: Database, schema: string, table: string, columns: readonly Column[]): Promise<Gap[]> {
  if (columns.length === 0) return [];
  const [empty] = await db.query<Record<string, boolean>>(
    `select ${columns.map(({ name }, n) => `exists (select from ${ident(schema, table)} where ${ident(name)} is null) as c${n}`).join(', ')}`,
  );
  return columns.filter((_, n) => empty?.[`c${n}`] === true).map((column) => ({ column, table, filled: 0 }));
}

interface Chunk {
  readonly input: BackfillInput;
  readonly ctx: StageContext;
  readonly records: readonly Buffer[];
}

interface Value {
  readonly id: string;
  readonly hash: Buffer;
  readonly line: number;
  readonly text: string;
}

/** One transaction under the table's lock: rows move only forward, so a new number tells publish to look again. */
async function fill(db: Database, work: Work, { input, ctx, records }: Chunk): Promise<void> {
  const { target, dryRun } = input;
  const hashes = records.map((bytes) => hash16(LOAD_FORMAT, bytes));
  const found = await db.query<{ place: string; id: string }>(
    `select u.place, t.id from unnest($1::bytea[]) with ordinality u (source_hash, place)
       join ${ident(target.schema, target.table)} t on t.source_hash = u.source_hash`,
    [hashes],
  );
  const rows = found.flatMap(({ place, id }) => {
    const decoded = decodeRecord(records[Number(place) - 1]!);
    return decoded.ok && isJsonObject(decoded.value) ? [{ id, hash: hashes[Number(place) - 1]!, record: decoded.value }] : [];
  });
  if (rows.length === 0) return;
  const values = [
    ...work.rows.map((gap) => ({ gap, lines: false, values: rows.flatMap((row) => headerValue(row, gap, input)) })),
    ...work.lines.map((gap) => ({ gap, lines: true, values: rows.flatMap((row) => lineValues(row, gap, input)) })),
  ].filter((each) => each.values.length > 0);
  if (values.length === 0) return;
  await db.transaction({ site: 'load.backfill', ctx }, async (tx) => {
    await lockTable(tx, target.schema, target.table);
    const batchNo = dryRun ? null : await drawNumber(tx, { ...target, what: 'backfill' });
    for (const each of values) {
      const filled = await write(tx, target, { ...each, batchNo });
      each.gap.filled += filled;
      // Publish reads line items through their parent alone.
      if (each.lines && filled > 0 && batchNo !== null) await touch(tx, target, { values: each.values, batchNo });
    }
  });
}

interface Row {
  readonly id: string;
  readonly hash: Buffer;
  readonly record: JsonObject;
}

function headerValue({ id, hash, record }: Row, gap: Gap, input: BackfillInput): Value[] {
  const text = textOf(fieldOf(record, gap.column.field), gap, input);
  return text === null ? [] : [{ id, hash, line: 0, text }];
}

function lineValues({ id, hash, record }: Row, gap: Gap, input: BackfillInput): Value[] {
  const items = fieldOf(record, input.target.definition.lineItems?.field ?? '');
  if (!Array.isArray(items)) return [];
  return (items as readonly JsonValue[]).flatMap((item, index) => {
    const text = isJsonObject(item) ? textOf(fieldOf(item, gap.column.field), gap, input) : null;
    return text === null ? [] : [{ id, hash, line: index + 1, text }];
  });
}

function textOf(value: JsonValue | undefined, { column }: Gap, { zone, target }: BackfillInput): string | null {
  return cellText(value ?? null, column.type, { zone, emptyIsNull: target.definition.emptyIsNull }) ?? null;
}

interface Writing {
  readonly gap: Gap;
  readonly lines: boolean;
  readonly values: readonly Value[];
  /** `null`: only counted. */
  readonly batchNo: string | null;
}

async function write(tx: Tx, target: TableTarget, { gap, lines, values, batchNo }: Writing): Promise<number> {
  const [rows, table, column] = [ident(target.schema, target.table), ident(target.schema, gap.table), ident(gap.column.name)];
  const given = `unnest($1::text[], $2::bytea[], $3::int[], $4::text[]) v (id, hash, line, value)`;
  const match = lines
    ? `exists (select from ${rows} h where h.id = v.id and h.source_hash = v.hash) and t.parent_id = v.id and t.line_no = v.line`
    : `t.id = v.id and t.source_hash = v.hash`;
  const where = `${match} and t.${column} is null`;
  const parameters = [
    values.map(({ id }) => id),
    values.map(({ hash }) => hash),
    values.map(({ line }) => line),
    values.map(({ text }) => text),
  ];
  const set = `${column} = v.value::${gap.column.type}, batch_no = $5${lines ? '' : ', updated_at = statement_timestamp()'}`;
  const sql =
    batchNo === null
      ? `select count(*) as n from ${table} t join ${given} on ${where}`
      : `with written as (update ${table} t set ${set} from ${given} where ${where} returning 1) select count(*) as n from written`;
  const [row] = await tx.query<{ n: string }>(sql, batchNo === null ? parameters : [...parameters, batchNo]);
  return Number(row?.n ?? 0);
}

async function touch(tx: Tx, target: TableTarget, { values, batchNo }: { values: readonly Value[]; batchNo: string }): Promise<void> {
  await tx.query(`update ${ident(target.schema, target.table)} set batch_no = $2 where id = any ($1) and batch_no < $2`, [
    [...new Set(values.map(({ id }) => id))],
    batchNo,
  ]);
}

async function note(
  db: Database,
  { target }: BackfillInput,
  { filled, ctx }: { readonly filled: readonly Backfilled[]; readonly ctx: StageContext },
): Promise<void> {
  const changed = filled.filter(({ filled: n }) => n > 0);
  await db.transaction({ site: 'load.backfill', ctx }, (tx) => recordChange(tx, target, target.table, { backfilled: changed }));
}

function columnUnknown({ schema, table, entity }: TableTarget, name: string, columns: readonly Column[]): FreshetError {
  const names = columns.map((column) => column.name);
  const meant = closest(name, names);
  return new FreshetError('schema_error', {
    code: 'column-unknown',
    message: `${schema}.${table} and its line items have no column ${name} that freshet fills`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}${entity} has ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}. A column comes by itself once a record has the field.`,
    where: `${schema}.${table}`,
    retryable: false,
  });
}
