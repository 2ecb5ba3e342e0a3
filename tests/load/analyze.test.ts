import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { FileStore } from '../../src/landing/file-store';
import { analyzeFiles, type AnalyzedEntity } from '../../src/load/analyze/analyze-files';
import { readRecordFile } from '../../src/load/input/record-file';
import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, ORDERS, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
const folder = mkdtempSync(join(tmpdir(), 'freshet-analyze-'));
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(async () => {
  await shelf.close();
  rmSync(folder, { recursive: true, force: true });
});

const FETCHED = '2025-07-02T00:00:00Z';

/** An entity whose records stand in files of a folder. */
function entityOf(entity: string, files: readonly unknown[], of: Partial<AnalyzedEntity> = {}): AnalyzedEntity {
  mkdirSync(join(folder, entity), { recursive: true });
  const store = new FileStore(join(folder, entity));
  return {
    entity,
    pipeline: 'json2db',
    schema: 'public',
    table: `json_${entity}`,
    definition: null,
    ...of,
    files: files.map((content, index) => {
      const name = `${index}.json`;
      writeFileSync(join(folder, entity, name), typeof content === 'string' ? content : JSON.stringify(content));
      return { name, portions: () => readRecordFile(name, store.read(name), { entity }).portions };
    }),
  };
}

function analyse(...entities: readonly AnalyzedEntity[]) {
  return analyzeFiles({ db: shelf.db }, { entities }, testContext());
}

async function everything(): Promise<unknown> {
  return shelf.db.query(`select (select count(*) from pg_class) as relations, (select count(*) from pg_attribute) as columns,
    (select count(*) from freshet.raw_column) as registered, (select count(*) from freshet.table_owner) as owned, (select count(*) from freshet.schema_change) as changes`);
}

test('of files that nobody declared it tells fields, key, cursor, line items and the tables that would be made, and writes nothing', async () => {
  const before = await everything();
  const document = await analyse(
    entityOf('parcels', [
      [{ parcel_id: 'p1', weight: 1.5, updated_at: '2025-01-01T00:00:00Z', lines: [{ sku: 'A' }] }],
      [{ parcel_id: 'p2', weight: null, updated_at: '2025-01-02T00:00:00Z', lines: [] }, 5],
    ]),
  );
  expect(await everything()).toEqual(before);
  expect(JSON.parse(JSON.stringify(document))).toMatchObject({
    schema_changes_required: true,
    total_records: 3,
    entities: [
      {
        entity: 'parcels',
        files: ['0.json', '1.json'],
        bad_files: [],
        records: 3,
        unreadable: { records: 1, problems: [{ problem: 'not-object', meaning: 'no JSON object', records: 1 }], first: [{ record: 3 }] },
        definition: { key: ['parcel_id'], cursor: 'updated_at', line_items: 'lines', empty_is_null: false },
        date_columns: ['updated_at'],
        fields: [
          { name: 'lines', nesting: { depth: 2, holds: ['object'] } },
          { name: 'parcel_id', types: { text: 2 }, null_share: 0, examples: ['x9'], unique: true },
          { name: 'updated_at', min: '2025-01-01T00:00:00.000000Z', max: '2025-01-02T00:00:00.000000Z' },
          { name: 'weight', types: { null: 1, numeric: 1 }, null_share: 0.5, min: '1.5', max: '1.5', examples: ['9.9'] },
        ],
        line_items: [{ field: 'lines', records: 1, items: 1, only_objects: true, fields: [{ name: 'sku' }] }],
        tables: [
          {
            table: 'public.json_parcels',
            exists: false,
            create: [
              { column: 'parcel_id', type: 'text' },
              { column: 'source_updated_at', field: 'updated_at', type: 'timestamptz' },
              { column: 'weight', type: 'numeric' },
            ],
          },
          { table: 'public.json_parcels_line_items', exists: false, create: [{ column: 'sku', type: 'text' }] },
        ],
        hints: [{ code: 'unreadable-records' }],
      },
    ],
  });
});

test('a file that cannot be read is named with what is wrong, and the others go on', async () => {
  const document = await analyse(entityOf('broken', ['[{"id":1},{"id":', [{ id: 2 }]]), entityOf('whole', [[{ id: 1 }]]));
  expect(
    document.entities.map(({ entity, records, bad_files }) => [entity, records, bad_files.map(({ file, code }) => [file, code])]),
  ).toEqual([
    ['broken', 2, [['0.json', expect.any(String)]]],
    ['whole', 1, []],
  ]);
});

test('the exact difference to live tables: columns to add and to widen, and the views in the way', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a', n: 1, day: '2025-01-01', line_items: [{ rate: 1 }] }], fetchedAt: FETCHED }]);
  await shelf.db.query(`create view shop.by_n_${bench.entity} as select n from shop.${bench.table}`);
  const of = { pipeline: 'p', schema: 'shop', table: bench.table, definition: ORDERS };
  const same = await analyse(entityOf(bench.entity, [[{ order_id: 'b', n: 2, line_items: [{ rate: 2 }] }]], of));
  expect(same.schema_changes_required).toBe(false);
  const other = await analyse(
    entityOf(bench.entity, [[{ order_id: 'b', n: 2.5, day: 'soon', extra: true, line_items: [{ rate: 'x', more: {} }] }]], of),
  );
  expect(other).toMatchObject({
    schema_changes_required: true,
    entities: [
      {
        tables: [
          {
            table: `shop.${bench.table}`,
            exists: true,
            create: [],
            add: [{ column: 'extra', field: 'extra', type: 'boolean' }],
            widen: [
              { column: 'day', from: 'date', to: 'text' },
              { column: 'n', from: 'bigint', to: 'numeric' },
            ],
            blocked_by_views: [{ view: `shop.by_n_${bench.entity}`, column: 'n' }],
          },
          { add: [{ column: 'more', type: 'jsonb' }], widen: [{ column: 'rate', from: 'numeric', to: 'text' }], blocked_by_views: [] },
        ],
      },
    ],
  });
});

test('a table of somebody else is a problem that is told, not an end of the analysis', async () => {
  await shelf.db.query(`create table public.json_taken (id text)`);
  const document = await analyse(entityOf('taken', [[{ id: 1 }]]), entityOf('free', [[{ id: 1 }]]));
  expect(document.entities.map(({ tables_problem }) => tables_problem?.code ?? null)).toEqual(['table-not-ours', null]);
});

test('names that are not what they seem are noted', async () => {
  const long = 'x'.repeat(70);
  const document = await analyse(entityOf('names', [[{ id: 1, name_id: 2, Total: 1, total: 2, order: 3, 'a b': 4, [long]: 5, xmin: 6 }]]));
  const notes = document.entities[0]!.tables[0]!.names.map(({ field, note }) => [field, note]);
  expect(notes).toEqual([
    ['Total', 'differs-only-in-case'],
    ['a b', 'needs-quotes'],
    ['id', 'standard-column'],
    ['order', 'keyword'],
    ['total', 'differs-only-in-case'],
    ['xmin', 'standard-column'],
    [long, 'cut'],
  ]);
});

test('what will be slow or awkward is hinted at', async () => {
  const wide = Object.fromEntries(Array.from({ length: 1_600 }, (_, i) => [`f${i}`, i]));
  const deep = JSON.parse('['.repeat(8) + ']'.repeat(8)) as unknown;
  const document = await analyse(
    entityOf('awkward', [
      [
        { id: 1, deep, mixed: 'a', long: 'x'.repeat(1_000_001), lines: Array.from({ length: 10_001 }, () => ({})) },
        { id: 2, mixed: 1 },
      ],
    ]),
    entityOf('wide', [[{ id: 1, ...wide }]]),
    entityOf('keyless', [[{ amount: 1.5 }, { amount: 1.5 }]]),
  );
  expect(document.entities.map(({ hints }) => hints.map(({ code }) => code))).toEqual([
    ['deep', 'huge-record', 'many-line-items', 'mixed-types', 'no-cursor'],
    ['too-many-fields', 'no-cursor'],
    [],
  ]);
  expect(document.entities[2]).toMatchObject({
    definition: null,
    problem: expect.stringContaining('keyless has no key') as string,
    tables: [],
  });
});

test('without a database every table is to be made', async () => {
  const document = await analyzeFiles({ db: null }, { entities: [entityOf('fresh', [[{ id: 1 }]])] }, testContext());
  expect(document).toMatchObject({
    schema_changes_required: true,
    entities: [{ tables: [{ table: 'public.json_fresh', exists: false, create: [{ column: 'source_id' }] }] }],
  });
});
