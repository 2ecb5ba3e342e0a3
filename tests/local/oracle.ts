import { createHash } from 'node:crypto';
import { isLosslessNumber, parse } from 'lossless-json';
import type { Database } from '../../src/database/database';
import type { SandboxControl } from '../../src/sandbox';

/**
 * What the raw tables must hold, said once more from the sandbox's own state and the contract alone: nothing here comes from freshet's
 * reading, typing or hashing. Each answer is a list of sentences; empty means equal.
 */
export interface Comparison {
  readonly db: Database;
  readonly schema: string;
  readonly table: string;
  readonly truth: SandboxControl;
  /** Records that were deleted at the source: freshet may still hold them. */
  readonly deleted: ReadonlySet<string>;
}

type Cells = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, unknown>>;

interface Question {
  readonly where: string;
  readonly said: string;
  readonly held: string;
}

/** The prefix of both hashes, as the loader's format number stands in its documentation. */
const FORMAT = 'freshet load 1\n';

export async function differences(comparison: Comparison): Promise<string[]> {
  return [...(await differingRecords(comparison)).values()].flat();
}

/** Sentences by record id. */
export async function differingRecords({ db, schema, table, truth, deleted }: Comparison): Promise<Map<string, string[]>> {
  const rows = await held(db, `select * from "${schema}"."${table}"`, schema, table);
  const lines = await held(
    db,
    `select * from "${schema}"."${table}_line_items" order by parent_id, line_no`,
    schema,
    `${table}_line_items`,
  );
  const byId = new Map(rows.map((row) => [String(row['id']), row]));
  const found = new Map<string, string[]>();
  const instants: (Question & { id: string })[] = [];
  const documents: (Question & { id: string })[] = [];
  const ids = new Set<string>();
  for (const record of truth.truth('invoices')) {
    ids.add(record.id);
    const row = byId.get(record.id);
    const said = parse(record.detail) as Fields;
    const problems: string[] = [];
    const ask: Ask = {
      problems,
      instant: (question) => instants.push({ ...question, id: record.id }),
      document: (question) => documents.push({ ...question, id: record.id }),
    };
    if (row === undefined) problems.push(`${record.id} is missing`);
    else {
      compareFields(`${record.id}`, said, row, ask, new Set(['line_items']));
      compareStandard(record, said, row, ask);
      compareLines(
        record.id,
        said,
        lines.filter((line) => line['parent_id'] === record.id && line['deleted_at'] === null),
        ask,
      );
    }
    if (problems.length > 0) found.set(record.id, problems);
  }
  for (const id of byId.keys()) if (!ids.has(id) && !deleted.has(id)) found.set(id, [`${id} is held, but never was at the source`]);
  const wrong = [...(await unequal(db, 'timestamptz', instants)), ...(await unequal(db, 'jsonb', documents))];
  for (const { id, where, said, held: has } of wrong) found.set(id, [...(found.get(id) ?? []), `${where}: source ${said}, held ${has}`]);
  return found;
}

interface Ask {
  readonly problems: string[];
  /** Compared by PostgreSQL's own reading of both texts. */
  instant(question: Question): void;
  document(question: Question): void;
}

async function held(db: Database, query: string, schema: string, table: string): Promise<Cells[]> {
  const [known] = await db.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [`"${schema}"."${table}"`]);
  return known?.there === true ? db.query<Record<string, unknown>>(query) : [];
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/;

function compareFields(where: string, said: Fields, row: Cells, ask: Ask, leaveOut: ReadonlySet<string>): void {
  for (const [field, value] of Object.entries(said)) {
    if (leaveOut.has(field)) continue;
    const place = `${where}.${field}`;
    const cell = row[field] ?? null;
    if (value === null || (value === '' && cell === null)) {
      if (cell !== null) ask.problems.push(`${place}: source has nothing, held ${show(cell)}`);
    } else if (cell === null) ask.problems.push(`${place}: source ${show(value)}, held nothing`);
    else if (isLosslessNumber(value)) {
      if (decimal(value.value) !== decimal(scalar(cell))) ask.problems.push(`${place}: source ${value.value}, held ${show(cell)}`);
    } else if (typeof value === 'object') ask.document({ where: place, said: document(value), held: document(cell) });
    else if (typeof value === 'string' && INSTANT.test(value)) ask.instant({ where: place, said: value, held: scalar(cell) });
    else if (scalar(cell) !== scalar(value)) ask.problems.push(`${place}: source ${show(value)}, held ${show(cell)}`);
  }
}

function compareStandard(record: { id: string; detail: string }, said: Fields, row: Cells, ask: Ask): void {
  const stamp = (said['last_modified_time'] as string | null) || null;
  const is = (column: string, expected: unknown): void => {
    if (row[column] !== expected) ask.problems.push(`${record.id}: ${column} is ${show(row[column])}, expected ${show(expected)}`);
  };
  if ((row['source_cursor'] || null) !== stamp) is('source_cursor', stamp);
  if (stamp === null || row['source_instant'] === null) is('source_instant', stamp);
  else ask.instant({ where: `${record.id} source_instant`, said: stamp, held: scalar(row['source_instant']) });
  is('source_version', null);
  is('source_epoch', 0);
  is('deleted_at', null);
  is('data_source', 'json');
  const hash = createHash('sha256').update(FORMAT).update(record.detail).digest().subarray(0, 16).toString('hex');
  if (hex(row['source_hash']) !== hash) ask.problems.push(`${record.id}: source_hash is not that of the record's bytes`);
  if (hex(row['row_hash']).length !== 32) ask.problems.push(`${record.id}: row_hash has not 16 bytes`);
}

function compareLines(id: string, said: Fields, lines: readonly Cells[], ask: Ask): void {
  const items = said['line_items'] as Fields[];
  if (items.length !== lines.length) ask.problems.push(`${id}: source has ${items.length} line items, held ${lines.length}`);
  items.forEach((item, index) => {
    const line = lines[index];
    if (line === undefined) return;
    if (line['line_no'] !== index + 1) ask.problems.push(`${id}: line ${index + 1} is held as line ${show(line['line_no'])}`);
    compareFields(`${id}[${index + 1}]`, item, line, ask, new Set());
  });
}

async function unequal<Q extends Question>(db: Database, type: 'timestamptz' | 'jsonb', questions: readonly Q[]): Promise<Q[]> {
  if (questions.length === 0) return [];
  const rows = await db.query<{ n: string }>(
    `select n from unnest($1::text[], $2::text[]) with ordinality as q (said, held, n) where said::${type} <> held::${type}`,
    [questions.map(({ said }) => said), questions.map(({ held: has }) => has)],
  );
  return rows.map(({ n }) => questions[Number(n) - 1]!);
}

/** One text for one value: sign, digits without zeros at either end, exponent. */
function decimal(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return `not a number: ${text}`;
  const digits = `${match[2]}${match[3] ?? ''}`.replace(/^0+/, '');
  const cut = digits.replace(/0+$/, '');
  if (cut === '') return '0';
  const exponent = Number(match[4] ?? 0) - (match[3] ?? '').length + (digits.length - cut.length);
  return `${match[1]}${cut}e${exponent}`;
}

function scalar(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}

function document(value: unknown): string {
  if (isLosslessNumber(value)) return value.value;
  if (Array.isArray(value)) return `[${value.map(document).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${document(member)}`)
    .join(',')}}`;
}

function hex(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('hex') : show(value);
}

function show(value: unknown): string {
  return isLosslessNumber(value) ? value.value : (JSON.stringify(value) ?? 'undefined');
}
