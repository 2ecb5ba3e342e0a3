import { execFile } from 'node:child_process';
import { chmodSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';
import { to as copyTo } from 'pg-copy-streams';
import { migrateToLatest } from '../src/database/migrate';
import { FileStore } from '../src/landing/file-store';
import { openHome } from '../src/stack/home';
import { providePostgres } from '../src/stack/postgres';
import { withConnection } from '../src/stack/postgres-connection';
import type { Job, Measured } from './cases';
import { makeSides, ROWS_PER_DOCUMENT } from './compare';
import { land, type Landed } from './landed';
import { summarize, tableOf, type CaseResult } from './results';
import { measurePublish } from './publish/measure-publish';
import { measureSquare } from './square/measure-square';

const HELP = `npm run bench -- [--only CASE,…] [--documents N] [--rounds N] [--large] [--folder PATH]

Loads generated invoices, and analyzes their files (about 1.4 KB and 3 line items each) into a PostgreSQL of its own, each measurement in a process of its own, the
cases in turns. Prints one table and writes bench/results/latest.json; ratios are to raw COPY of the same rows within this very run.
  --only       of floor, first_load, upsert_all_changed, rerun_unchanged, analyze, compare; the floor is always measured. publish: a first
               publish, everything changed and nothing changed, five rows for each document, beside COPY of the finished rows. square: runs
               of that pipeline through Temporal, and the extraction alone, beside a plain script that fetches the same pages
  --documents  default 200000        --large  2000000; of square orders, 26286 and 1000000
  --rounds     default 3; the median counts
  --folder     where PostgreSQL and the files lie for as long as it lasts; default: the system's folder for such things
`;

/** As the table names them, beside the floor. */
const MEASURED = ['first_load', 'upsert_all_changed', 'rerun_unchanged', 'analyze', 'compare'] as const;
/** Groups of cases with a floor of their own. */
const [PUBLISH, SQUARE] = ['publish', 'square'];
const CASES: readonly string[] = ['floor', ...MEASURED, PUBLISH, SQUARE];
const NODE = ['-r', join(__dirname, '../scripts/typescript.cjs'), join(__dirname, 'measure.ts')];

interface Wish {
  /** Absent: as many as the cases are known by. */
  readonly documents?: number;
  readonly large: boolean;
  readonly rounds: number;
  readonly only: readonly string[];
  readonly folder: string;
}

interface Place {
  readonly url: string;
  readonly folder: string;
}

function wish(): Wish | null {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      documents: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      large: { type: 'boolean', default: false },
      // As root the server runs as another user, who is let through to /tmp.
      folder: { type: 'string', default: process.getuid?.() === 0 ? '/tmp' : tmpdir() },
      help: { type: 'boolean', default: false },
    },
  });
  const only = values.only?.split(',') ?? MEASURED;
  const numbers = [values.rounds, values.documents ?? '1'].map(Number);
  const right = numbers.every((number) => Number.isInteger(number) && number > 0) && only.every((name) => CASES.includes(name));
  const there = existsSync(values.folder);
  if (!there) process.stderr.write(`bench: there is no folder ${values.folder}\n\n`);
  if (values.help || !right || !there) return null;
  const { large, folder } = values;
  return { rounds: numbers[0]!, ...(values.documents === undefined ? {} : { documents: numbers[1]! }), large, only, folder };
}

async function main(asked: Wish): Promise<boolean> {
  const folder = mkdtempSync(join(asked.folder, 'freshet-bench-'));
  chmodSync(folder, 0o755);
  const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);
  try {
    const results = [
      ...(asked.only.some((name) => name !== SQUARE) ? await inPostgres(asked, folder, say) : []),
      ...(asked.only.includes(SQUARE) ? await square(asked, folder, say) : []),
    ];
    process.stdout.write(`${tableOf(results)}\n`);
    const target = join(__dirname, 'results');
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`);
    return results.every(({ checks_ok }) => checks_ok);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Say = (line: string) => void;

/** What needs no more than a PostgreSQL. */
async function inPostgres(asked: Wish, folder: string, say: Say): Promise<CaseResult[]> {
  const postgres = await providePostgres({ home: openHome(join(folder, 'home')), say });
  const place = { url: postgres.url, folder };
  try {
    await migrateToLatest(postgres.url);
    await withConnection(postgres.url, (client) => client.query('create schema if not exists bench'));
    return [
      ...(asked.only.some((name) => name !== SQUARE && name !== PUBLISH) ? await loads(asked, place, say) : []),
      ...(asked.only.includes(PUBLISH) ? await publishes(asked, place, say) : []),
    ];
  } finally {
    await postgres.part?.stop();
  }
}

async function loads(asked: Wish, place: Place, say: Say): Promise<CaseResult[]> {
  const documents = documentsOf(asked);
  const landing = new FileStore(join(place.folder, 'landing'));
  const editions = [];
  for (const edition of [1, 2]) editions.push(await land(landing, { count: documents, edition }));
  say(`${documents} documents, twice ${Math.round(editions[0]!.batches.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20)} MB`);
  if (asked.only.includes('compare')) await makeSides(place.url, documents * ROWS_PER_DOCUMENT);
  return summarize(documents, await measureAll(asked, { place, editions, say }));
}

async function publishes(asked: Wish, place: Place, say: Say): Promise<CaseResult[]> {
  const documents = documentsOf(asked);
  const rows = documents * ROWS_PER_DOCUMENT;
  return summarize(documents, await measurePublish({ ...place, rows, rounds: asked.rounds, say }), 'copy_floor');
}

const documentsOf = ({ documents, large }: Wish): number => documents ?? (large ? 2_000_000 : 200_000);

async function square({ documents, large, rounds }: Wish, folder: string, say: Say): Promise<CaseResult[]> {
  const orders = documents ?? (large ? 1_000_000 : 26_286);
  return summarize(orders, await measureSquare({ orders, rounds, folder, say }), 'fetch_floor');
}

interface Bench {
  readonly place: Place;
  readonly editions: readonly Landed[];
  readonly say: Say;
}

/** The cases in turns: what slows the machine down slows all of them down. */
async function measureAll({ rounds, only }: Wish, { place, editions, say }: Bench): Promise<Map<string, Measured[]>> {
  const [first, second] = editions as [Landed, Landed];
  const measured = new Map<string, Measured[]>([
    ['floor', []],
    ...MEASURED.filter((name) => only.includes(name)).map((name) => [name, []] as const),
  ] as [string, Measured[]][]);
  const rendered = { header: join(place.folder, 'header.copy'), lines: join(place.folder, 'lines.copy') };
  for (let round = 1; round <= rounds; round++) {
    const table = `json_invoices_${round}`;
    const run = async (name: string, into: string, landed: Landed): Promise<void> => {
      const job: Job = { case: name, url: place.url, table: into, landing: join(place.folder, 'landing'), landed, rendered };
      const one = await inProcess(job, place.folder);
      say(`round ${round}: ${name} ${one.seconds.toFixed(2)} s`);
      measured.get(name)?.push(one);
    };
    await run('first_load', table, first);
    if (round === 1) await render(place.url, table, rendered);
    await emptyCopy(place.url, table, `floor_${round}`);
    await run('floor', `floor_${round}`, first);
    if (only.includes('rerun_unchanged')) await run('rerun_unchanged', table, first);
    if (only.includes('upsert_all_changed')) await run('upsert_all_changed', table, second);
    if (only.includes('analyze')) await run('analyze', table, first);
    if (only.includes('compare')) await run('compare', table, first);
    await withConnection(place.url, (client) =>
      client.query(`drop table bench."${table}", bench."${table}_line_items", bench."floor_${round}", bench."floor_${round}_line_items"`),
    );
  }
  return measured;
}

async function inProcess(job: Job, folder: string): Promise<Measured> {
  const file = join(folder, 'job.json');
  writeFileSync(file, JSON.stringify(job));
  const { stdout } = await promisify(execFile)(process.execPath, [...NODE, file]);
  return JSON.parse(stdout) as Measured;
}

/** The rows that the floor copies are those that the first load made. */
async function render(url: string, table: string, to: Job['rendered']): Promise<void> {
  await withConnection(url, async (client) => {
    await pipeline(client.query(copyTo(`copy bench."${table}" to stdout`)), createWriteStream(to.header));
    await pipeline(client.query(copyTo(`copy bench."${table}_line_items" to stdout`)), createWriteStream(to.lines));
  });
}

/** Empty tables of the same columns and primary keys. */
async function emptyCopy(url: string, table: string, name: string): Promise<void> {
  await withConnection(url, async (client) => {
    await client.query(`create table bench."${name}" (like bench."${table}", primary key (id))`);
    await client.query(`create table bench."${name}_line_items" (like bench."${table}_line_items", primary key (parent_id, line_no))`);
  });
}

const asked = wish();
if (asked === null) {
  process.stderr.write(HELP);
  process.exitCode = 2;
} else {
  main(asked)
    .then((ok) => (process.exitCode = ok ? 0 : 1))
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
    });
}
