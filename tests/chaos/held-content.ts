import type { Database } from '../../src/database/database';

/** Rows by table and key: everything that may not depend on how often a worker died on the way. */
export type HeldContent = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** When, by which run and in which batch a row came: these alone may differ. */
const OF_THE_RUN = ['created_at', 'updated_at', 'session_id', 'import_timestamp', 'run_id', 'batch_no', 'fetched_at'];

/** What was decided beside the tables, and may not depend on a death either. */
const DECISIONS: Readonly<Record<string, string>> = {
  watermark: `select w.entity as key, jsonb_build_object('text', w.text, 'sort', w.sort, 'carrier', w.carrier_id) as content from freshet.watermark w`,
  counters: `select o.entity as key, jsonb_build_object('live', o.live, 'lines', o.lines) as content from freshet.table_owner o`,
  rejects: `select r.entity || ' ' || r.record_id as key, to_jsonb(r.reasons) as content from freshet.reject r`,
};

/** Source fields, `source_*`, `row_hash`, `deleted_at` and line items of every raw table of a schema, with watermarks and counters. */
export async function heldContent(db: Database, schema: string): Promise<HeldContent> {
  const tables = await db.query<{ name: string }>(`select tablename as name from pg_catalog.pg_tables where schemaname = $1 order by 1`, [
    schema,
  ]);
  const content = new Map<string, Map<string, string>>();
  for (const { name } of tables) {
    const key = name.endsWith('_line_items') ? `parent_id || ' ' || line_no` : 'id';
    content.set(
      name,
      await read(db, `select ${key} as key, to_jsonb(t) - $1::text[] as content from "${schema}"."${name}" t`, [OF_THE_RUN]),
    );
  }
  for (const [name, query] of Object.entries(DECISIONS)) content.set(name, await read(db, query, []));
  return content;
}

async function read(db: Database, query: string, values: readonly unknown[]): Promise<Map<string, string>> {
  const rows = await db.query<{ key: string; content: string }>(`select q.key, q.content::text as content from (${query}) q`, values);
  return new Map(rows.map(({ key, content }) => [key, content]));
}

const SHOWN = 3;

/** Sentences about every table that does not hold what it should; empty means equal. */
export function contentDifferences(held: HeldContent, expected: HeldContent): string[] {
  const names = new Set([...expected.keys(), ...held.keys()]);
  return [...names].flatMap((name) => tableDifferences(name, held.get(name) ?? new Map(), expected.get(name) ?? new Map()));
}

function tableDifferences(name: string, held: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): string[] {
  const wrong = [...new Set([...expected.keys(), ...held.keys()])].filter((key) => held.get(key) !== expected.get(key));
  const shown = wrong
    .slice(0, SHOWN)
    .map((key) => `${key}: held ${held.get(key) ?? 'nothing'}, expected ${expected.get(key) ?? 'nothing'}`);
  return wrong.length === 0 ? [] : [`${wrong.length} of ${expected.size} rows of ${name} differ`, ...shown];
}
