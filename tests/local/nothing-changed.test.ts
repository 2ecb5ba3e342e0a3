import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

/** Issue A1, proof 4: the request log of the sandbox and the statistics of PostgreSQL are the judges. */
const database = testDatabase();
const TABLES = ['json_contacts', 'json_items', 'json_invoices', 'json_invoices_line_items'] as const;
const LIMIT_MS = 300_000;

let at: Installation;

beforeAll(async () => {
  at = await install({
    databaseUrl: database.url,
    sandbox: { seed: 4, counts: { contacts: 990, items: 990, invoices: 5_000 }, freeze: true, concurrent: 100 },
    variables: { ZOHO_BOOKS_TEST_CONCURRENT: '10' },
  });
  expect((await at.run()).state).toBe('completed');
}, LIMIT_MS);
afterAll(() => at.close());

interface Requests {
  readonly lists: Readonly<Record<string, number>>;
  readonly details: number;
}

/** What the sandbox was asked since the last look. */
function requests(): Requests {
  const log = at.sandbox.control.requestLog();
  at.sandbox.control.clearRequestLog();
  const lists: Record<string, number> = { contacts: 0, items: 0, invoices: 0 };
  for (const { kind, entity } of log) if (kind === 'list') lists[entity!] = (lists[entity!] ?? 0) + 1;
  return { lists, details: log.filter(({ kind }) => kind === 'detail').length };
}

interface Written {
  readonly inserted: string;
  readonly updated: string;
}

/** Rows written by all connections so far. Statistics are kept per backend: each backend is made to report, then none of what it saw is old. */
async function written(): Promise<Record<string, Written>> {
  const settled = async (): Promise<Record<string, Written>> => {
    await Promise.all(Array.from({ length: 6 }, () => at.db.query('select pg_stat_force_next_flush(), pg_sleep(0.02)')));
    const rows = await at.db.query<{ relname: string; inserted: string; updated: string }>(
      `select relname, n_tup_ins as inserted, n_tup_upd as updated from pg_stat_user_tables where schemaname = 'zoho_books'`,
    );
    return Object.fromEntries(rows.map(({ relname, inserted, updated }) => [relname, { inserted, updated }]));
  };
  for (let before = await settled(); ;) {
    const now = await settled();
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    before = now;
  }
}

/** `xmin` of every row, by table and key: it changes with every write, also with one that changes nothing. */
async function versions(): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const table of TABLES) {
    const key = table.endsWith('line_items') ? `parent_id || ':' || line_no` : 'id';
    const rows = await at.db.query<{ key: string; xmin: string }>(`select ${key} as key, xmin::text as xmin from zoho_books.${table}`);
    for (const row of rows) all.set(`${table} ${row.key}`, row.xmin);
  }
  return all;
}

function changed(before: Map<string, string>, after: Map<string, string>): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key)).sort();
}

test(
  'a run with nothing new asks two passes of each list and no detail, and writes no row',
  async () => {
    at.sandbox.control.advanceClock(120_000);
    const [rows, statistics] = [await versions(), await written()];
    requests();
    expect((await at.run()).state).toBe('completed');
    const asked = requests();
    expect(asked).toMatchObject({ lists: { contacts: 10, items: 10 }, details: 0 });
    expect(asked.lists['invoices']).toBeLessThanOrEqual(2);
    expect(await written()).toEqual(statistics);
    expect(changed(rows, await versions())).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'ten edited invoices are ten details and ten written rows',
  async () => {
    const ids = Array.from({ length: 10 }, (_, n) => at.sandbox.control.edit('invoices', n * 487, { notes: `edit ${n}` }));
    at.sandbox.control.advanceClock(120_000);
    const [rows, statistics] = [await versions(), await written()];
    requests();
    expect((await at.run()).state).toBe('completed');
    expect(requests()).toMatchObject({ lists: { contacts: 10, items: 10, invoices: 1 }, details: 10 });
    const invoices = statistics['json_invoices']!;
    expect(await written()).toEqual({ ...statistics, json_invoices: { ...invoices, updated: String(Number(invoices.updated) + 10) } });
    expect(changed(rows, await versions())).toEqual(ids.map((id) => `json_invoices ${id}`).sort());
  },
  LIMIT_MS,
);
