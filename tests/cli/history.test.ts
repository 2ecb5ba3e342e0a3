import { sinceInstant } from '../../src/client/commands/history';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { documentOf, freshet } from './in-process';

const database = testDatabase();
let db: Database;

const RUNS = [
  { id: '202611180200-SYNC-00000001', pipeline: 'zoho-books', kind: 'sync', state: 'completed', day: 18 },
  { id: '202611190200-SYNC-00000002', pipeline: 'zoho-books', kind: 'sync', state: 'failed', day: 19 },
  { id: '202611200200-SYNC-00000003', pipeline: 'zoho-books', kind: 'full', state: 'completed', day: 20 },
  { id: '202611210200-SYNC-00000004', pipeline: 'other', kind: 'sync', state: 'partial', day: 21 },
  { id: '202611220200-SYNC-00000005', pipeline: 'zoho-books', kind: 'retry', state: 'running', day: 22 },
];

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 2 });
  await db.query(`insert into freshet.config (digest, body) values ('d', '{}')`);
  for (const { id, pipeline, kind, state, day } of RUNS) {
    await db.query(
      `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state, created_at, started_at, completed_at, error_message)
       values ($1, $1, $2, 'sync', $3, 'test', 'd', $4, $5, $5::timestamptz + interval '1s', $6, $7)`,
      [
        id,
        pipeline,
        kind,
        state,
        `2026-11-${day}T02:00:00Z`,
        state === 'running' ? null : `2026-11-${day}T02:01:05Z`,
        state === 'failed' ? 'Zoho refused the login, because its token was taken back by the person who gave it' : null,
      ],
    );
    await db.query(
      `insert into freshet.run_entity (run_id, entity, fetched, inserted, updated, rejected) values ($1, 'contacts', 5, 3, 1, 1), ($1, 'items', 7, 7, 0, 0)`,
      [id],
    );
  }
});
afterAll(() => db.close());

const history = async (...words: string[]) => freshet('history', '--database-url', database.url, ...words);
const ids = async (...words: string[]): Promise<string[]> =>
  documentOf(await history('--json', ...words)).data.runs.map(({ id }: { id: string }) => id.slice(-1));

it('lists what ran, newest first, with sums over the entities, the reason, and the way to the details', async () => {
  const { code, stdout } = await history();
  expect(code).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^run +pipeline +kind +state +started \(UTC\) +took +fetched +changed +rejected +why$/);
  expect(lines[1]).toMatch(/^202611220200-SYNC-00000005 +zoho-books +retry +running +2026-11-22 02:00:01 +– +12 +11 +1$/);
  expect(lines[4]).toMatch(/failed +2026-11-19 02:00:01 +1 min 4 s .* Zoho refused the login, because its token .*…$/);
  expect(stdout).toContain('→ ./freshet show 202611220200-SYNC-00000005');
});

it.each([
  [[], '54321'],
  [['--order', 'oldest'], '12345'],
  [['--limit', '2'], '54'],
  [['--limit', '2', '--order', 'oldest'], '12'],
  [['--pipeline', 'other'], '4'],
  [['--state', 'completed,partial'], '431'],
  [['--state', 'completed', '--state', 'failed'], '321'],
  [['--kind', 'full,retry'], '53'],
  [['--since', '2026-11-20'], '543'],
  [['--since', '2026-11-21T02:00:00Z'], '54'],
  [['--pipeline', 'zoho-books', '--state', 'completed', '--kind', 'sync'], '1'],
])('%j lets through what it names', async (words, expected) => {
  expect((await ids(...words)).join('')).toBe(expected);
});

it('says how many more there are, and that none match', async () => {
  expect((await history('--limit', '2')).stdout).toContain('3 more before these; --limit shows more.');
  expect(documentOf(await history('--json', '--limit', '2')).data).toMatchObject({ total: 5, filter: { limit: 2, order: 'newest' } });
  expect((await history('--state', 'cancelled')).stdout).toBe('No run matches.\n');
});

it.each([
  [['--state', 'complete'], 'choice-unknown', 'Did you mean completed?'],
  [['--kind', 'snyc'], 'choice-unknown', 'Did you mean sync?'],
  [['--pipeline', 'zoho-boks'], 'choice-unknown', 'Did you mean zoho-books?'],
  [['--order', 'latest'], 'choice-unknown', 'newest, oldest'],
  [['--since', 'yesterday'], 'since-unknown', '7d'],
  [['--limit', '0'], 'limit-unknown', '20 first'],
])('%j is wrong use, with what was probably meant', async (words, code, hint) => {
  const ended = await history('--json', ...words);
  expect(documentOf(ended)).toMatchObject({ ok: false, exit_code: 2, error: { code } });
  expect(documentOf(ended).error.remedy).toContain(hint);
});

it('reads an age, a day, an instant with and without an offset', () => {
  const now = new Date('2026-11-22T05:00:00Z');
  expect(sinceInstant('7d', now)).toBe('2026-11-15T05:00:00.000Z');
  expect(sinceInstant('90m', now)).toBe('2026-11-22T03:30:00.000Z');
  expect(sinceInstant('2026-11-20', now)).toBe('2026-11-20T00:00:00.000000Z');
  expect(sinceInstant('2026-11-20 04:00:00+02:00', now)).toBe('2026-11-20T02:00:00.000000Z');
});
