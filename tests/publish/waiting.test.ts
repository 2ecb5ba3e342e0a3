import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { openDatabase, type Database } from '../../src/database/database';
import { lookedUpColumns } from '../../src/publish/looked-up';
import { lookupSql } from '../../src/publish/lookups';
import { testDatabase } from '../support/database';
import { rawBench, type RawBench, type RawBenchOptions } from './raw-bench';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 4 });
});
afterAll(() => db.close());

/** A parent's typed table, and a child in a pipeline that knows it as its entity `parents`. */
async function family(
  child: Pick<RawBenchOptions, 'columns' | 'publish'>,
  parent: RawBenchOptions = { columns: { code: 'bigint' } },
): Promise<{ parents: RawBench; children: RawBench }> {
  const parents = await rawBench(db, parent);
  await parents.put([{ key: 'P1', code: '1' }]);
  await parents.publish();
  const children = await rawBench(db, { ...child, published: { parents: parents.settings } });
  await db.query(
    `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table) values ($1, 'parents', $2, 'json_things')`,
    [children.pipeline, parents.pipeline],
  );
  return { parents, children };
}

/** The parent was read by now, and everything of it is loaded. */
async function read(children: RawBench, at = 'clock_timestamp()'): Promise<void> {
  await db.query(`update freshet.pipeline_entity set as_of = ${at} where pipeline = $1 and entity = 'parents'`, [children.pipeline]);
}

const pending = (bench: RawBench): Promise<{ record_id: string; kind: string }[]> =>
  db.query(`select record_id, kind from freshet.publish_pending where pipeline = $1 order by 1`, [bench.pipeline]);

async function rejects(bench: RawBench): Promise<{ record_id: string; closed: string | null; said: string }[]> {
  return db.query(
    `select record_id, closed_because as closed, reasons->0->>'message' as said from freshet.reject where pipeline = $1 and stage = 'publish' order by id`,
    [bench.pipeline],
  );
}

const REFERENCE = { columns: { parent: 'text' as const }, publish: { references: { parent: { entity: 'parents' } } } };
const LOOKUP = {
  columns: { code: 'text' as const },
  publish: {
    field_mappings: { key: 'key' },
    transforms: [{ transform: 'lookup', from: 'code', entity: 'parents', match: 'code', take: 'key', into: 'parent' }],
  },
};
const missing = (children: RawBench): Promise<void> => children.put([{ key: 'c', parent: 'P2', code: '2' }]);
const parentOf = async (children: RawBench): Promise<unknown> =>
  (await db.query(`select parent from ${children.typed} where key = 'c'`))[0]?.['parent'];

describe.each([
  ['a reference', REFERENCE, 'parent "P2" names no row of'],
  ['a lookup', LOOKUP, 'code is "2", and there is no such code'],
])('%s to a row that the parent does not hold', (_, child, sentence) => {
  it('waits while the parent may still get it, and heals when it has come, though nothing of the child changed', async () => {
    const { parents, children } = await family(child);
    await read(children);
    await missing(children);
    expect(await children.publish()).toMatchObject({ changed: 1, pending: 1, rejected: 0, created: 0 });
    expect(await pending(children)).toEqual([{ record_id: 'c', kind: 'pending' }]);
    expect(await rejects(children)).toEqual([]);
    // It is tried in every publish, and counted only when something comes of it.
    expect(await children.publish()).toMatchObject({ changed: 0, retried: 0, pending: 0 });
    await parents.put([{ key: 'P2', code: '2' }]);
    await parents.publish();
    expect(await children.publish()).toMatchObject({ changed: 0, retried: 1, created: 1 });
    expect(await parentOf(children)).toBe('P2');
    expect(await pending(children)).toEqual([]);
  });

  it('is a reject, with the sentence, once the parent was read after it, and heals all the same', async () => {
    const { parents, children } = await family(child);
    await missing(children);
    await children.publish();
    await read(children);
    expect(await children.publish()).toMatchObject({ changed: 0, retried: 1, rejected: 1 });
    expect(await pending(children)).toEqual([{ record_id: 'c', kind: 'orphan' }]);
    expect(await rejects(children)).toEqual([{ record_id: 'c', closed: null, said: expect.stringContaining(sentence) }]);
    // The reject stands for every later try, which writes nothing.
    const xmin = (): Promise<object[]> =>
      db.query(`select xmin::text from freshet.publish_pending where pipeline = $1`, [children.pipeline]);
    const before = await xmin();
    expect(await children.publish()).toMatchObject({ retried: 0, rejected: 0 });
    expect([await rejects(children), await xmin()]).toEqual([[expect.anything()], before]);
    await parents.put([{ key: 'P2', code: '2' }]);
    await parents.publish();
    expect(await children.publish()).toMatchObject({ retried: 1, created: 1 });
    expect([await parentOf(children), await rejects(children), await pending(children)]).toMatchObject(['P2', [{ closed: 'good' }], []]);
  });

  it('waits also for what the parent has landed and not loaded', async () => {
    const { children } = await family(child);
    await missing(children);
    await read(children);
    await db.query(
      `insert into freshet.extraction (id, pipeline, entity, question, read_kind, state, position) values ($1, $2, 'parents', '', 'complete', 'open', '{}')`,
      [randomBytes(8).toString('hex'), children.pipeline],
    );
    expect(await children.publish()).toMatchObject({ pending: 1, rejected: 0 });
  });
});

it('a child whose new parent is missing keeps its row as it was until the parent comes', async () => {
  const { parents, children } = await family(REFERENCE);
  await children.put([{ key: 'c', parent: 'P1' }]);
  await children.publish();
  await missing(children);
  expect(await children.publish()).toMatchObject({ changed: 1, pending: 1 });
  expect(await parentOf(children)).toBe('P1');
  await parents.put([{ key: 'P2', code: '2' }]);
  await parents.publish();
  expect(await children.publish()).toMatchObject({ retried: 1, updated: 1 });
  expect(await parentOf(children)).toBe('P2');
});

it('orphans count against the reject budget, and what waits does not', async () => {
  const { children } = await family(REFERENCE);
  await missing(children);
  expect(await children.publish({ budget: { count: 0 } })).toMatchObject({ pending: 1 });
  await read(children);
  await expect(children.publish({ budget: { count: 0 } })).rejects.toMatchObject({ code: 'reject-budget' });
});

it('a reference to another column than the unique one is judged, too, unique or not', async () => {
  const publish = { references: { parent: { entity: 'parents', field: 'code' } } };
  const { children } = await family({ columns: { parent: 'bigint' }, publish });
  await read(children);
  await children.put([
    { key: 'good', parent: '1' },
    { key: 'lost', parent: '9' },
  ]);
  expect(await children.publish()).toMatchObject({ created: 1, pending: 1 });
});

describe('a table whose rows refer to each other', () => {
  const TREE = { columns: { parent: 'text' as const }, publish: { references: { parent: { entity: 'things' } } } };
  const closeRead = (bench: RawBench): Promise<unknown> =>
    db.query(`update freshet.pipeline_entity set as_of = clock_timestamp() where pipeline = $1`, [bench.pipeline]);

  it('is published in one go, in whatever order its rows come', async () => {
    const bench = await rawBench(db, TREE);
    await bench.put([
      { key: 'leaf', parent: 'twig' },
      { key: 'twig', parent: 'root' },
      { key: 'root', parent: null },
      { key: 'self', parent: 'self' },
    ]);
    await closeRead(bench);
    expect(await bench.publish({ budget: { count: 0 } })).toMatchObject({ changed: 4, created: 4, retried: 0, rejected: 0, pending: 0 });
    const [key] = await db.query(`select condeferrable from pg_constraint where contype = 'f' and conrelid = '${bench.typed}'::regclass`);
    expect(key).toEqual({ condeferrable: true });
  });

  it('whoever lacks its parent is put off with all who hang on it, and comes with it', async () => {
    const bench = await rawBench(db, TREE);
    await bench.put([
      { key: 'leaf', parent: 'twig' },
      { key: 'twig', parent: 'gone' },
      { key: 'root', parent: null },
    ]);
    await closeRead(bench);
    expect(await bench.publish()).toMatchObject({ created: 1, rejected: 2 });
    expect((await rejects(bench)).map(({ record_id: id, said }) => [id, said])).toEqual([
      ['leaf', expect.stringContaining('parent "twig" names no row of')],
      ['twig', expect.stringContaining('parent "gone" names no row of')],
    ]);
    await bench.put([{ key: 'gone', parent: 'root' }]);
    expect(await bench.publish()).toMatchObject({ created: 3, retried: 2 });
    expect((await rejects(bench)).map(({ closed }) => closed)).toEqual(['good', 'good']);
  });

  it('a row may move below one that comes with the same change, and a deleted parent stays for its children', async () => {
    const bench = await rawBench(db, TREE);
    await bench.put([{ key: 'a', parent: null }]);
    await bench.publish();
    await bench.put([
      { key: 'a', parent: 'b' },
      { key: 'b', parent: null },
    ]);
    expect(await bench.publish()).toMatchObject({ updated: 1, created: 1 });
    await bench.remove('b');
    expect(await bench.publish()).toMatchObject({ deleted: 1 });
    expect(await bench.rows()).toMatchObject([
      { key: 'a', parent: 'b', gone: 'false' },
      { key: 'b', gone: 'true' },
    ]);
  });

  it('a parent that comes with a later chunk of the same publish is waited for, never refused', async () => {
    const bench = await rawBench(db, TREE);
    const row = (n: number): string => `k${String(n).padStart(5, '0')}`;
    await bench.put(Array.from({ length: 20_010 }, (_, n) => ({ key: row(n), parent: n < 2 ? row(20_009 - n) : null })));
    await closeRead(bench);
    expect(await bench.publish({ budget: { count: 0 } })).toMatchObject({ created: 20_010, pending: 2, retried: 2, rejected: 0 });
    expect(await rejects(bench)).toEqual([]);
  });

  it('any forest, in any order and in any number of publishes, ends with just those that have all of their ancestors', async () => {
    const nodes = fc.array(fc.record({ parent: fc.integer({ min: -1, max: 11 }), publish: fc.nat(2) }), { minLength: 1, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(nodes, async (forest) => {
        const bench = await rawBench(db, TREE);
        const row = (n: number) => ({ key: `k${n}`, parent: forest[n]!.parent < 0 ? null : `k${forest[n]!.parent}` });
        for (const turn of [0, 1, 2]) {
          const rows = forest.flatMap((node, n) => (node.publish === turn ? [row(n)] : []));
          if (rows.length > 0) await bench.put(rows);
          await bench.publish();
        }
        const reaches = (n: number, seen: ReadonlySet<number>): boolean => {
          const parent = forest[n]?.parent ?? NaN;
          return parent === -1 || (parent < forest.length && (seen.has(parent) || reaches(parent, new Set([...seen, parent]))));
        };
        const whole = forest.flatMap((_, n) => (reaches(n, new Set([n])) ? [`k${n}`] : [])).sort();
        const there = (await bench.rows()).map(({ key }) => key);
        // A circle that comes in one change stands; one that comes in pieces waits for itself.
        expect(whole.filter((key) => !there.includes(key) && !inCircle(forest, Number(key.slice(1))))).toEqual([]);
        expect(there.filter((key) => !whole.includes(key!))).toEqual([]);
      }),
      { numRuns: 8 },
    );
  }, 60_000);

  function inCircle(forest: readonly { readonly parent: number }[], n: number): boolean {
    const seen = new Set<number>();
    for (let at = n; at >= 0 && at < forest.length; at = forest[at]!.parent) {
      if (seen.has(at)) return true;
      seen.add(at);
    }
    return false;
  }
});

describe('the rule unique', () => {
  const UNIQUE = { columns: { ean: 'text' as const }, publish: { validation_rules: [{ field: 'ean', rule: 'unique' }] } };

  it('lets the first of two rows pass, names the holder to the second, and lets that pass when the value is free', async () => {
    const bench = await rawBench(db, UNIQUE);
    await bench.put([
      { key: 'a', ean: '1' },
      { key: 'b', ean: '1' },
      { key: 'n', ean: null },
      { key: 'm', ean: null },
    ]);
    expect(await bench.publish()).toMatchObject({ created: 3, rejected: 1 });
    expect(await pending(bench)).toEqual([{ record_id: 'b', kind: 'duplicate' }]);
    await bench.put([{ key: 'c', ean: '1' }]);
    expect(await bench.publish()).toMatchObject({ rejected: 1 });
    expect((await rejects(bench)).at(-1)?.said).toBe(`ean "1" is already that of record a in ${bench.pipeline}.things`);
    await bench.put([{ key: 'a', ean: '2' }]);
    expect(await bench.publish()).toMatchObject({ updated: 1, retried: 1, created: 1 });
    expect((await bench.rows()).map(({ key, ean }) => [key, ean])).toEqual(expect.arrayContaining([['a', '2']]));
    expect(await pending(bench)).toHaveLength(1);
  });

  it('a deleted row holds no value; one that comes back finds it taken', async () => {
    const bench = await rawBench(db, UNIQUE);
    await bench.put([{ key: 'a', ean: '1' }]);
    await bench.publish();
    await bench.remove('a');
    await bench.put([{ key: 'b', ean: '1' }]);
    expect(await bench.publish()).toMatchObject({ deleted: 1, created: 1 });
    await bench.put([{ key: 'a', ean: '1' }]);
    expect(await bench.publish()).toMatchObject({ rejected: 1, restored: 0 });
  });

  it('counts what a person wrote, too, with the file’s own sentence; as a warning it lets pass', async () => {
    const rule = { field: 'ean', rule: 'unique', error_message: 'That EAN is taken' };
    const bench = await rawBench(db, { columns: UNIQUE.columns, publish: { validation_rules: [rule] } });
    await bench.put([{ key: 'a', ean: '1' }]);
    await bench.publish();
    await db.query(`insert into ${bench.typed} (key, ean) values ('mine', '7')`);
    await bench.put([{ key: 'b', ean: '7' }]);
    expect(await bench.publish()).toMatchObject({ rejected: 1 });
    expect((await rejects(bench)).at(-1)?.said).toBe('That EAN is taken');
    const lax = await rawBench(db, { columns: UNIQUE.columns, publish: { validation_rules: [{ ...rule, severity: 'warning' }] } });
    await lax.put([
      { key: 'a', ean: '1' },
      { key: 'b', ean: '1' },
    ]);
    expect(await lax.publish()).toMatchObject({ created: 2, warnings: 1 });
  });

  it('has its index, also where the rule came later', async () => {
    const bench = await rawBench(db, { columns: UNIQUE.columns });
    await bench.put([{ key: 'a', ean: '1' }]);
    await bench.publish({ indexed: ['ean'] });
    await bench.publish({ indexed: ['ean'] });
    expect(await indexesOn(bench, 'ean')).toBe(1);
  });
});

async function indexesOn(bench: RawBench, column: string): Promise<number> {
  const rows = await db.query(
    `select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0] where i.indrelid = $1::regclass and a.attname = $2`,
    [bench.typed, column],
  );
  return rows.length;
}

describe('a lookup', () => {
  it('goes by an index: the parent’s publish makes one for every column by which others find its rows', async () => {
    const { parents, children } = await family(LOOKUP);
    const indexed = lookedUpColumns('parents', { parents: parents.settings, things: children.settings });
    expect(indexed).toEqual(['code']);
    await parents.publish({ indexed });
    await parents.publish({ indexed });
    expect(await indexesOn(parents, 'code')).toBe(1);
    await db.query(`insert into ${parents.typed} (key, code) select 'n' || n, n from generate_series(100, 40000) n`);
    await db.query(`analyze ${parents.typed}`);
    const keys = Array.from({ length: 200 }, (_, n) => String(n + 1_000));
    const sql = lookupSql({ schema: parents.pipeline, table: 'things', key: 'code', value: 'key' }, 'bigint');
    const [plan] = await db.query<{ 'QUERY PLAN': unknown }>(`explain (format json) ${sql}`, [keys]);
    expect(JSON.stringify(plan)).toMatch(/"Index (Only )?Scan"|"Bitmap Index Scan"/);
    expect(JSON.stringify(plan)).not.toContain('Seq Scan');
  });

  it.each([
    ['bigint', '7', ['7', ' 7 ', '07', 'x', '99999999999999999999999'], [0, 1, 2]],
    ['numeric', '7.50', ['7.5', '7.500', '7,5', ''], [0, 1]],
    ['text', 'Ä', ['Ä', 'ä'], [0]],
    ['uuid', '0b0a09f0-1c54-4d0f-9f3b-0a0b0c0d0e0f', ['0B0A09F0-1C54-4D0F-9F3B-0A0B0C0D0E0F', 'zz'], [0]],
    ['date', '2026-11-23', ['2026-11-23', '2026-02-31'], [0]],
  ])('finds keys of type %s, whatever else stands in their place', async (type, held, asked, found) => {
    const place = await rawBench(db, { columns: {} });
    await db.query(`create table "${place.pipeline}".codes (code ${type}, value text)`);
    await db.query(`insert into "${place.pipeline}".codes values ($1, 'found')`, [held]);
    const lookup = {
      transform: 'lookup',
      from: 'code',
      schema: place.pipeline,
      table: 'codes',
      match: 'code',
      take: 'value',
      into: 'value',
      missing: 'null',
    };
    const bench = await rawBench(db, { columns: { code: 'text' }, publish: { field_mappings: { key: 'key' }, transforms: [lookup] } });
    await bench.put(asked.map((code, n) => ({ key: `k${n}`, code })));
    await bench.publish();
    const rows = await db.query<{ key: string; value: string | null }>(`select key, value from ${bench.typed} order by key`);
    expect(rows.flatMap(({ value }, n) => (value === 'found' ? [n] : []))).toEqual(found);
  });
});

describe('everything is published anew, and says why', () => {
  const ledgerReason = async (bench: RawBench): Promise<unknown> =>
    (await db.query(`select full_reason from freshet.publish_ledger where run_id = $1`, [bench.runId()]))[0]?.['full_reason'];

  it('after the source’s stamps were reset', async () => {
    const bench = await rawBench(db, { columns: { name: 'text' } });
    await bench.put([{ key: 'a', name: 'A' }]);
    await bench.publish();
    await db.query(`update ${bench.typed} set name = 'by hand'`);
    await db.query(`update freshet.pipeline_entity set epoch = epoch + 1 where pipeline = $1`, [bench.pipeline]);
    expect(await bench.publish()).toMatchObject({ changed: 1, unchanged: 1 });
    expect(await ledgerReason(bench)).toMatch(/stamps were reset/);
    expect(await bench.rows()).toMatchObject([{ name: 'by hand' }]);
    expect(await bench.publish()).toMatchObject({ changed: 0 });
  });

  it('where the raw table’s numbers begin anew', async () => {
    const bench = await rawBench(db, { columns: { name: 'text' } });
    await bench.put([{ key: 'a', name: 'A' }]);
    await bench.put([{ key: 'b', name: 'B' }]);
    await bench.publish();
    await db.query(`delete from ${bench.raw}`);
    await db.query(`update freshet.table_owner set last_batch_no = 0 where schema = $1`, [bench.pipeline]);
    await bench.put([{ key: 'b', name: 'B2' }]);
    expect(await bench.publish()).toMatchObject({ changed: 1, updated: 1 });
    expect(await ledgerReason(bench)).toMatch(/raw table was made anew/);
    // What the new table does not hold is no deletion: nobody has read that it is gone.
    expect(await bench.rows()).toMatchObject([
      { key: 'a', gone: 'false' },
      { key: 'b', name: 'B2' },
    ]);
  });

  it('where the rows come from another raw table, whatever its numbers', async () => {
    const bench = await rawBench(db, { columns: { name: 'text' } });
    await bench.put([{ key: 'a', name: 'A' }]);
    await bench.publish();
    const schema = `${bench.pipeline}_new`;
    await db.query(`create schema "${schema}"`);
    await db.query(`create table "${schema}".json_things (like ${bench.raw} including all)`);
    await db.query(`insert into "${schema}".json_things select * from ${bench.raw}`);
    await db.query(`update "${schema}".json_things set name = 'A2'`);
    await db.query(
      `insert into freshet.table_owner (schema, "table", pipeline, entity, last_batch_no) values ($1, 'json_things', $2, 'things', 5)`,
      [schema, bench.pipeline],
    );
    await db.query(
      `insert into freshet.raw_column select $1, "table", field, name, type, ordinal from freshet.raw_column where schema = $2`,
      [schema, bench.pipeline],
    );
    expect(await bench.publish({ raw: { schema, table: 'json_things' } })).toMatchObject({ changed: 1, updated: 1 });
    expect(await ledgerReason(bench)).toBe('mapping, rules, columns or raw table changed');
  });
});
