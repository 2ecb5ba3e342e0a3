import { Database as Sqlite, type SQLiteValue } from 'node-sqlite3-wasm';
import { closest } from '../config/closest';
import type { Tx } from '../database/database';
import { FreshetError, isFreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { copyIn } from './copy-in';
import type { ColumnKind } from './column-kind';
import type { Relation } from './side-name';
import { copySqlite } from './sqlite-copy';
import { textColumns, type StagedSide } from './staged-side';

export interface SqlitePlace {
  /** Absolute. */
  readonly path: string;
  readonly of: Relation;
  readonly label: string;
  readonly zone: string;
}

const CHUNK = 1 << 18;

/** Copies a table or query of an SQLite file into a temporary table. Errors: `compare-sqlite`, `compare-sqlite-busy`, `compare-side-missing`, `compare-query`. */
export async function stageSqlite(tx: Tx, table: string, place: SqlitePlace, ctx: StageContext): Promise<StagedSide> {
  const copy = await copySqlite(place.path, ctx);
  let file: Sqlite | null = null;
  try {
    file = new Sqlite(copy.path);
    // Nobody else opens the copy: with this a log beside it can be read without memory that processes share.
    file.exec('pragma locking_mode = exclusive');
    const found = describe(file, place);
    const columns = textColumns(found);
    await tx.query(`create temp table ${table} (${columns.map(({ sql }) => `${sql} text`).join(', ')})`);
    const names = found.map(({ name }, index) => `${quoted(name)} as c${index + 1}`).join(', ');
    await copyIn(tx, `copy ${table} from stdin`, lines(file, `select ${names} from freshet_view`, columns.length), ctx.signal);
    return { label: place.label, relation: table, columns, primaryKey: keyOf(found), zone: place.zone, withoutNull: false, leftOut: null };
  } catch (error) {
    throw sqliteError(error, place);
  } finally {
    if (file?.isOpen === true) file.close();
    await copy.remove();
  }
}

interface FoundColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Place in the primary key, from 1; 0: no part of it. */
  readonly key: number;
}

function describe(file: Sqlite, { of, label }: SqlitePlace): FoundColumn[] {
  if ('table' in of) checkTable(file, of.table, label);
  file.exec(`create temp view freshet_view as ${'table' in of ? `select * from ${quoted(of.table)}` : of.select}`);
  const keys = 'table' in of ? file.all('select name, pk from pragma_table_info(?)', of.table) : [];
  const key = new Map(keys.map((row) => [textOf(row['name']), Number(row['pk'])]));
  return file.all(`select name, type from pragma_table_info('freshet_view')`).map((row) => {
    const name = textOf(row['name']);
    return { name, kind: kindOfDeclared(textOf(row['type'])), key: key.get(name) ?? 0 };
  });
}

function keyOf(columns: readonly FoundColumn[]): string[] {
  return columns
    .filter(({ key }) => key > 0)
    .sort((a, b) => a.key - b.key)
    .map(({ name }) => name);
}

function checkTable(file: Sqlite, table: string, label: string): void {
  const names = file.all(`select name from sqlite_master where type in ('table', 'view')`).map((row) => textOf(row['name']));
  if (names.some((name) => name.toLowerCase() === table.toLowerCase())) return;
  const meant = closest(table, names);
  throw new FreshetError('config_error', {
    code: 'compare-side-missing',
    message: `There is no table ${table} in this SQLite file`,
    remedy: meant === undefined ? `It has ${names.join(', ') || 'no table at all'}.` : `Did you mean ${meant}?`,
    where: label,
  });
}

/** SQLite keeps any value in any column; what was declared says what was meant. */
function kindOfDeclared(type: string): ColumnKind {
  if (/bool/i.test(type)) return 'boolean';
  if (/int|real|floa|doub|num|dec/i.test(type)) return 'number';
  if (/datetime|timestamp/i.test(type)) return 'instant';
  return /^date$/i.test(type) ? 'date' : 'text';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Rows in COPY's text format, in pieces of a fixed size. */
async function* lines(file: Sqlite, select: string, columns: number): AsyncIterable<Uint8Array> {
  const statement = file.prepare(select);
  const names = Array.from({ length: columns }, (_, index) => `c${index + 1}`);
  try {
    let piece = '';
    for (const row of statement.iterate() as IterableIterator<Record<string, SQLiteValue>>) {
      piece += `${names.map((name) => cell(row[name] ?? null)).join('\t')}\n`;
      if (piece.length < CHUNK) continue;
      yield Buffer.from(piece, 'utf8');
      piece = '';
    }
    if (piece !== '') yield Buffer.from(piece, 'utf8');
  } finally {
    statement.finalize();
  }
}

const SPECIAL = /[\\\n\r\t\0]/;
const EACH_SPECIAL = /[\\\n\r\t\0]/g;
/** PostgreSQL holds no U+0000: it becomes the sign for it, which is a difference that people see. */
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '␀' };

function cell(value: SQLiteValue): string {
  if (value === null) return '\\N';
  if (value instanceof Uint8Array) return `\\\\x${Buffer.from(value).toString('hex')}`;
  const text = String(value);
  return typeof value === 'string' && SPECIAL.test(text) ? text.replace(EACH_SPECIAL, (each) => ESCAPES[each]!) : text;
}

function sqliteError(error: unknown, { path, of, label }: SqlitePlace): unknown {
  if (isFreshetError(error) || (error as Error).name !== 'SQLite3Error') return error;
  const { message } = error as Error;
  if ('select' in of && /syntax error|no such|incomplete|may not|not authorized/.test(message)) {
    return new FreshetError('config_error', {
      code: 'compare-query',
      message: `SQLite refuses ${label}: ${message}`,
      remedy: 'Correct the query; run it by itself in sqlite3 to see more.',
    });
  }
  return new FreshetError('file_error', {
    code: 'compare-sqlite',
    message: `${path} cannot be read as an SQLite database: ${message}`,
    remedy:
      'Is it the right file? `sqlite3 FILE "pragma integrity_check"` says whether it is whole; an encrypted one has to be exported first.',
    where: path,
    retryable: false,
  });
}
