import { compareSides } from '../src/compare/compare-sides';
import { parseSide } from '../src/compare/side-name';
import type { Database } from '../src/database/database';
import type { StageContext } from '../src/observability/stage-context';
import { withConnection } from '../src/stack/postgres-connection';

/** Rows a side for each document of the bench: a million with its default of 200,000. */
export const ROWS_PER_DOCUMENT = 5;

const COLUMNS = `n::bigint as id, 'SKU-' || n as sku, 'Product number ' || n as name, 'Ein Produkt ' || (n % 1000) as name_de, md5(n::text) as description,
  (n % 5000)::numeric / 100 as price, (n % 777)::numeric(12, 3) as cost, (n % 100)::int as stock, n % 2 = 0 as active,
  timestamptz '2020-01-01' + n * interval '7 minutes' as modified, date '2020-01-01' + (n % 2000)::int as created,
  case when n % 3 = 0 then null else 'cat' || (n % 50) end as category, (n % 37)::float8 as weight, 'kg' as unit, 'EAN' || (n * 7) as ean`;

/** Two tables of 15 columns that differ in known places. */
export async function makeSides(url: string, rows: number): Promise<void> {
  await withConnection(url, async (client) => {
    await client.query(`create table bench.compared_left as select ${COLUMNS} from generate_series(1, ${rows}) n`);
    await client.query(`create table bench.compared_right as select * from bench.compared_left where id % 100000 <> 3`);
    await client.query(`update bench.compared_right set price = price + 1 where id % 10000 = 5`);
    for (const side of ['left', 'right']) await client.query(`alter table bench.compared_${side} add primary key (id)`);
    await client.query('vacuum analyze bench.compared_left, bench.compared_right');
  });
}

/** Everything a comparison says by default: differences, examples, and the figures of every column, distinct values too. */
export async function compareTables(db: Database, ctx: StageContext): Promise<Readonly<Record<string, number>>> {
  const side = (name: string) => ({ name: parseSide(`table:bench.compared_${name}`) });
  const all = { key: [], columns: new Map(), ignore: [], all: {}, rules: new Map(), samples: 10, statistics: 'full' } as const;
  const deps = { db, root: '.', open: () => db };
  const { findings, pairs } = await compareSides(deps, { comparison: { ...all, left: side('left'), right: side('right') } }, ctx);
  return { pairs, ...Object.fromEntries(findings.map((finding) => [finding.class, finding.count])) };
}

/** What it must find. */
export function expectedFindings(rows: number): Readonly<Record<string, number>> {
  const missing = Math.floor((rows - 3) / 100_000) + 1;
  return { pairs: rows - missing, missing_right: missing, missing_left: 0, differs: Math.floor((rows - 5) / 10_000) + 1 };
}
