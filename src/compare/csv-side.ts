import { basename, dirname, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { closest } from '../config/closest';
import type { Tx } from '../database/database';
import { FreshetError, isFreshetError } from '../domain/errors';
import { InputFolder } from '../landing/input-folder';
import type { StageContext } from '../observability/stage-context';
import { copyIn } from './copy-in';
import { textColumns, type StagedSide } from './staged-side';

export interface CsvPlace {
  /** Absolute. */
  readonly path: string;
  readonly label: string;
  readonly zone: string;
  readonly delimiter?: string;
}

/** Longest first line that is looked for a header. */
const LONGEST_HEADER = 1 << 20;
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** Copies a CSV file into a temporary table; PostgreSQL itself reads it, so that what is refused has a line. Errors: `compare-csv`, `compare-side-missing`. */
export async function stageCsv(tx: Tx, table: string, place: CsvPlace, ctx: StageContext): Promise<StagedSide> {
  const { path, label, zone } = place;
  const folder = new InputFolder(dirname(path), (site) => ctx.fault(site));
  try {
    const { bytes, header } = await withHeader(folder.read(basename(path)), path);
    const delimiter = place.delimiter ?? delimiterOf(header);
    const columns = textColumns(namesOf(header, delimiter, path).map((name) => ({ name })));
    await tx.query(`create temp table ${table} (${columns.map(({ sql }) => `${sql} text`).join(', ')})`);
    const options = `format csv, header true, encoding 'UTF8', delimiter ${delimiter === '\t' ? `E'\\t'` : `'${delimiter}'`}`;
    await copyIn(tx, `copy ${table} from stdin with (${options})`, bytes, ctx.signal);
    return { label, relation: table, columns, primaryKey: [], zone, withoutNull: true, leftOut: null };
  } catch (error) {
    throw await csvError(error, path);
  }
}

interface Opened {
  readonly header: string;
  /** The whole file, without a byte order mark. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The first line, and the bytes from the beginning. */
async function withHeader(file: AsyncIterable<Uint8Array>, path: string): Promise<Opened> {
  const chunks = file[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (!ended && endOfHeader(head) === -1 && head.length < LONGEST_HEADER) {
    const next = await chunks.next();
    ended = next.done === true;
    if (next.done !== true) head = Buffer.concat([head, next.value]);
  }
  if (head[0] === 0xff || head[0] === 0xfe) throw badCsv(path, 1, 'it is written in UTF-16', 'Save it as CSV in UTF-8.');
  const text = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? head.subarray(3) : head;
  const end = endOfHeader(text);
  const header = text.subarray(0, end === -1 ? text.length : end).toString('utf8');
  if (header.trim() === '')
    throw badCsv(path, 1, 'its first line, which names the columns, is empty', 'Write the names of the columns there.');
  async function* all(): AsyncIterable<Uint8Array> {
    yield text;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  }
  return { header, bytes: all() };
}

/** Where the first line ends; a line break within quotes belongs to a name. */
function endOfHeader(bytes: Buffer): number {
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0x22) quoted = !quoted;
    else if (!quoted && (bytes[at] === 0x0a || bytes[at] === 0x0d)) return at;
  }
  return -1;
}

function delimiterOf(header: string): string {
  const outside = header.replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => ({ delimiter, count: outside.split(delimiter).length - 1 }));
  return counts.sort((a, b) => b.count - a.count)[0]!.delimiter;
}

function namesOf(header: string, delimiter: string, path: string): string[] {
  let names: string[];
  try {
    [names = []] = parse(header, { delimiter, relax_column_count: true });
  } catch (error) {
    throw badCsv(path, 1, `its header cannot be read: ${(error as Error).message}`, 'Correct the first line.');
  }
  const trimmed = names.map((name) => name.trim());
  const twice = trimmed.find((name, index) => trimmed.indexOf(name) !== index);
  if (twice !== undefined) throw badCsv(path, 1, `two columns are called "${twice}"`, 'Give each column a name of its own.');
  return trimmed;
}

function badCsv(path: string, line: number | null, problem: string, remedy: string): FreshetError {
  return new FreshetError('file_error', {
    code: 'compare-csv',
    message: `${path} is no table of comma-separated values that can be compared: ${problem}`,
    where: line === null ? path : `${path}:${line}`,
    remedy,
    retryable: false,
  });
}

async function csvError(error: unknown, path: string): Promise<unknown> {
  if (isFreshetError(error)) return error.facts['errno'] === 'ENOENT' ? noFile(path) : error;
  const { message = '', where = '', code = '' } = error as { message?: string; where?: string; code?: string };
  // 22P04 bad COPY data, 22021 bytes that are no UTF-8, 22P02 and the like cannot come: every column is text.
  if (!/^22/.test(code)) return error;
  const line = /line (\d+)/.exec(where)?.[1];
  const named = message.replace(/column "c(\d+)"/, 'its column $1');
  const remedy =
    code === '22021' ? 'Save it as CSV in UTF-8.' : 'Look at that line: a quote that is not closed, or a separator too many or too few.';
  return badCsv(path, line === undefined ? null : Number(line), named, remedy);
}

/** A file that is not there, with the one that may have been meant. */
export async function noFile(path: string): Promise<FreshetError> {
  const folder = dirname(path);
  const meant = closest(basename(path), await new InputFolder(path).neighbours());
  return new FreshetError('config_error', {
    code: 'compare-side-missing',
    message: `There is no file ${path}`,
    remedy:
      meant === undefined ? 'Correct the path; relative ones begin in the project’s folder.' : `Did you mean ${resolve(folder, meant)}?`,
    where: path,
  });
}
