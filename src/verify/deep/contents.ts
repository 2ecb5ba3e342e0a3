import { counted } from '../../domain/counted';
import type { Tx } from '../../database/database';
import { isFreshetError } from '../../domain/errors';
import type { LandingStore } from '../../landing/landing-store';
import type { DeepEntity, KnownEntity } from './deep-entity';
import type { HeldColumn, HeldColumns } from './loader';
import { comparison } from './said-value';
import { type Findings, SAMPLE_SIZE, type Subject } from './violation';

/** Documents compared by one statement. */
const CHUNK = 200;

/** A record as somebody else than the loader knows it: from landing or from the source itself. */
export interface SaidRecord {
  readonly id: string;
  /** JSON text of the whole record. */
  readonly json: string;
}

export interface ContentScope {
  readonly tx: Tx;
  readonly findings: Findings;
  readonly entity: DeepEntity & { readonly headers: string };
  readonly known: KnownEntity;
  readonly columns: HeldColumns;
}

/** Where records of a comparison come from and how its findings are called. */
export interface ContentQuestion {
  readonly name: string;
  /** Follows the number of values: "values that are not what … says". */
  readonly what: string;
  readonly records: AsyncIterable<SaidRecord>;
  /** Whether a record without a row is a finding of this comparison. */
  readonly mustBeThere: boolean;
}

/**
 * Compares stored values with the JSON of their records inside PostgreSQL, column by column, headers and line items:
 * none of the loader's code takes part, so that a wrong hash function or a wrong conversion cannot hide itself. Part of invariant 1.
 */
export async function compareContents(scope: ContentScope, question: ContentQuestion): Promise<number> {
  const seen = { rows: 0, different: 0, sample: [] as string[] };
  let chunk: SaidRecord[] = [];
  const compare = async (): Promise<void> => {
    const found = await compareChunk(scope, question, chunk);
    seen.rows += chunk.length;
    seen.different += found.length;
    seen.sample.push(...found.slice(0, SAMPLE_SIZE - seen.sample.length));
    chunk = [];
  };
  for await (const record of question.records) {
    chunk.push(record);
    if (chunk.length >= CHUNK) await compare();
  }
  if (chunk.length > 0) await compare();
  const subject: Subject = { invariant: 1, name: question.name, entity: scope.entity.label, where: scope.entity.headers };
  scope.findings.looked(subject, seen.rows);
  if (seen.different > 0) scope.findings.found(subject, `${seen.different} ${question.what}`, seen.sample);
  return seen.rows;
}

async function compareChunk(scope: ContentScope, question: ContentQuestion, chunk: readonly SaidRecord[]): Promise<string[]> {
  const { tx } = scope;
  await tx.query('savepoint contents');
  try {
    // A time without offset means the source's zone, here by PostgreSQL's own rules.
    await tx.query(`select set_config('TimeZone', $1, true)`, [scope.known.zone]);
    const found = [...(await headersOf(scope, question, chunk)), ...(await linesOf(scope, chunk))];
    await tx.query(`select set_config('TimeZone', 'UTC', true)`);
    await tx.query('release savepoint contents');
    return found;
  } catch (error) {
    if (!isFreshetError(error)) throw error;
    await tx.query('rollback to savepoint contents');
    return [`from ${chunk[0]?.id ?? '?'} on, ${counted(chunk.length, 'record')} cannot be compared: ${error.message}`];
  }
}

const SAID = `(select u.id, u.record::json as record from unnest($1::text[], $2::text[]) as u (id, record)) s`;

interface Difference {
  id: string;
  line_no: number | null;
  field: string;
  held: string | null;
  said: string | null;
}

async function headersOf(
  { tx, entity, known, columns }: ContentScope,
  question: ContentQuestion,
  chunk: readonly SaidRecord[],
): Promise<string[]> {
  const { join, values } = comparison(headerColumns(known, columns), 's.record', known.definition.emptyIsNull);
  const rows = await tx.query<Difference>(
    `select s.id, null::int as line_no, d.field, d.held, d.said
       from ${SAID} left join ${entity.headers} t on t.id = s.id and t.deleted_at is null ${join}
      cross join lateral (values ${[`('(row)', t.id, s.id, t.id is null)`, ...values].join(', ')}) d (field, held, said, differs)
      where case when t.id is null then $3 and d.field = '(row)' else d.differs end`,
    [...sides(chunk), question.mustBeThere],
  );
  return rows.map(shown);
}

/**
 * The columns whose every change rewrites the row. A new cursor, a new version or a new value of a volatile field alone does not;
 * of these `source_instant` is always kept, and compared instead.
 */
function headerColumns({ definition }: KnownEntity, columns: HeldColumns): HeldColumn[] {
  const { cursor, version, volatile, lineItems } = definition;
  const left = new Set([...volatile, cursor?.field, version, lineItems?.field]);
  const kept = columns.header.filter(({ field }) => !left.has(field));
  return cursor?.kind === 'instant' ? [...kept, { field: cursor.field, name: 'source_instant', type: 'timestamptz', ordinal: 0 }] : kept;
}

async function linesOf({ tx, entity, known, columns }: ContentScope, chunk: readonly SaidRecord[]): Promise<string[]> {
  const field = known.definition.lineItems?.field;
  if (field === undefined || entity.lines === null || columns.lines === null) return [];
  const { join, values } = comparison(columns.lines, 'l.item', known.definition.emptyIsNull);
  const rows = await tx.query<Difference>(
    `select s.id, l.line_no::int as line_no, d.field, d.held, d.said
       from ${SAID} join ${entity.headers} h on h.id = s.id and h.deleted_at is null
      cross join lateral json_array_elements(case json_typeof(s.record -> $3) when 'array' then s.record -> $3 else '[]' end) with ordinality as l (item, line_no)
       left join ${entity.lines} t on t.parent_id = s.id and t.line_no = l.line_no and t.deleted_at is null ${join}
      cross join lateral (values ${[`('(line)', t.parent_id, s.id, t.parent_id is null)`, ...values].join(', ')}) d (field, held, said, differs)
      where case when t.parent_id is null then d.field = '(line)' else d.differs end`,
    [...sides(chunk), field],
  );
  return rows.map(shown);
}

function sides(chunk: readonly SaidRecord[]): readonly [string[], string[]] {
  return [chunk.map(({ id }) => id), chunk.map(({ json }) => json)];
}

function shown({ id, line_no, field, held, said }: Difference): string {
  const place = line_no === null ? id : `${id} line ${line_no}`;
  return `${place}: ${field} is ${JSON.stringify(held)}, the record says ${JSON.stringify(said)}`.slice(0, 400);
}

/** A bounded sample of the newest landed versions, another one every day, with their bytes from landing. */
export async function* landedSample(
  tx: Tx,
  landing: LandingStore,
  sample: { readonly size: number; readonly salt: string },
): AsyncGenerator<SaidRecord> {
  const places = await tx.query<{ id: string; file: string; offset: string; length: string }>(
    `select id, file, "offset", length from pg_temp.newest order by md5(id || $1) limit $2`,
    [sample.salt, sample.size],
  );
  for (const { id, file, offset, length } of places) {
    const parts: Uint8Array[] = [];
    for await (const part of landing.read(file, { offset: Number(offset), length: Number(length) })) parts.push(part);
    yield { id, json: Buffer.concat(parts).toString('utf8') };
  }
}
