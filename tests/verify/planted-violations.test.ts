import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { sandboxOracle, trueCopy, type TrueCopy } from './true-copy';

const database = testDatabase();
let at: Installation;
let copy: TrueCopy;

beforeAll(async () => {
  at = await install({
    databaseUrl: database.url,
    sandbox: { counts: { contacts: 3, items: 2, invoices: 12 }, startClock: '2026-10-01T08:00:00Z', freeze: true },
    variables: { FRESHET_SYNC_PIPELINE_BATCH_DETAIL_CALLS: '10', FRESHET_SYNC_PIPELINE_DETAIL_PAGE: '5' },
  });
  await at.run();
  at.sandbox.control.advanceClock(600_000);
  at.sandbox.control.edit('invoices', 2, { notes: 'the newer version' });
  await at.run();
});
afterAll(() => at.close());
beforeEach(async () => {
  copy = await trueCopy(database.url, at.landing.root);
});
afterEach(() => copy.close());

const INVOICES = 'zoho_books.json_invoices';
const LINES = 'zoho_books.json_invoices_line_items';
const RUN = `(select max(run_id) from freshet.run_entity where entity = 'invoices')`;
const FIRST = `(select min(id) from ${INVOICES})`;
/** A document with at least two line items. */
const FULL = `(select min(parent_id) from ${LINES} where line_no = 2)`;

/** Spoils one thing and names what verify --deep finds: `invariant name`, each once. */
async function found(spoil: string | readonly string[] | (() => Promise<void> | void)): Promise<string[]> {
  if (typeof spoil === 'function') await spoil();
  else for (const statement of typeof spoil === 'string' ? [spoil] : spoil) await copy.db.query(statement);
  const { violations } = await copy.deep({ entity: 'invoices' });
  for (const violation of violations) expect(violation.message).toMatch(/\S/);
  return [...new Set(violations.map(({ invariant, name }) => `${invariant} ${name}`))].sort();
}

describe('invariant 1, the target is what landing says', () => {
  it.each([
    ['a value of a row', `update ${INVOICES} set total = total + 1 where id = ${FIRST}`, ['1 value-differs']],
    ['a text of a row', `update ${INVOICES} set customer_name = customer_name || ' ' where id = ${FIRST}`, ['1 value-differs']],
    [
      'an instant of a row',
      `update ${INVOICES} set created_time = created_time + interval '1 second' where id = ${FIRST}`,
      ['1 value-differs'],
    ],
    [
      'a value of a line item',
      `update ${LINES} set quantity = quantity + 1 where parent_id = ${FULL} and line_no = 1`,
      ['1 value-differs'],
    ],
    ['the hash of a row', `update ${INVOICES} set row_hash = '\\x00' where id = ${FIRST}`, ['1 row-differs']],
    ['the hash of a line item', `update ${LINES} set row_hash = '\\x00' where parent_id = ${FULL} and line_no = 1`, ['1 line-differs']],
    ['the cursor of a row', `update ${INVOICES} set source_cursor = 'yesterday' where id = ${FIRST}`, ['1 row-differs']],
    ['the batch of a row', `update ${INVOICES} set batch_no = 99 where id = ${FIRST}`, ['1 row-of-no-batch']],
    [
      'a row that never came from the source',
      [
        `insert into ${INVOICES} select (jsonb_populate_record(h, '{"id": "invented"}')).* from ${INVOICES} h where id = ${FIRST}`,
        `update freshet.table_owner set live = live + 1 where "table" = 'json_invoices'`,
      ],
      ['1 row-without-evidence'],
    ],
  ])('names %s', async (_, spoil, expected) => {
    expect(await found(spoil)).toEqual(expected);
  });

  it('names a row that is gone, its line items without document, and the counter', async () => {
    expect(await found(`delete from ${INVOICES} where id = ${FULL}`)).toEqual(['1 row-missing', '2 counters', '4 orphan-line']);
  });

  it('names the record and the field, with both values', async () => {
    await copy.db.query(`update ${INVOICES} set total = 0.5 where id = ${FIRST}`);
    const { violations } = await copy.deep();
    const [{ id } = {}] = await copy.db.query<{ id: string }>(`select min(id) as id from ${INVOICES}`);
    expect(violations).toEqual([
      expect.objectContaining({
        invariant: 1,
        entity: 'zoho-books.invoices',
        where: '"zoho_books"."json_invoices"',
        sample: [expect.stringMatching(new RegExp(`^${String(id)}: total is "0.5", the record says "`))],
      }),
    ]);
  });

  it('names a record that the source has in another version, and one that never came', async () => {
    const truth = sandboxOracle(at.sandbox);
    const { violations } = await copy.deep({
      entity: 'invoices',
      oracle: {
        async *records(pipeline, entity) {
          yield { id: 'never-came', json: '{"invoice_id":"never-came"}' };
          for await (const { id, json } of truth.records(pipeline, entity)!)
            yield { id, json: json.replace('the newer version', 'an even newer one') };
        },
      },
    });
    expect(violations.map(({ name }) => name)).toEqual(['source-differs']);
    expect(violations[0]?.sample).toEqual([
      expect.stringContaining('never-came: (row)'),
      expect.stringContaining('notes is "the newer version"'),
    ]);
  });
});

describe('invariant 2, the ledger', () => {
  const set = (change: string): string => `update freshet.run_entity set ${change} where entity = 'invoices' and run_id = ${RUN}`;
  it.each([
    ['a record listed and never heard of again', set('listed = listed + 1'), ['2 ledger-listing']],
    ['a record known that was not listed', set('known = known + 1'), ['2 ledger-listing']],
    ['a record left unloaded', set('unloaded_before = unloaded_before + 1, unloaded_after = unloaded_after + 1'), ['2 ledger-complete']],
    ['a row counted twice', set('live_after = live_after + 1'), ['2 ledger-rows']],
    ['a line counted twice', set('lines_added = lines_added + 1'), ['2 ledger-lines']],
    ['an update called unchanged', set('updated = updated - 1, unchanged = unchanged + 1'), ['2 ledger-batches']],
    ['a reject without its row', set('rejected = rejected + 1, updated = updated - 1'), ['2 ledger-batches', '2 ledger-rejects']],
    [
      'a page whose records were lost',
      `update freshet.page set records = records + 1 where records > 0 and run_id = ${RUN} and entity = 'invoices'`,
      ['2 ledger-pages', '6 page-cut'],
    ],
    ['a counter of rows', `update freshet.table_owner set live = live + 1 where "table" = 'json_invoices'`, ['2 counters']],
    ['a counter of line items', `update freshet.table_owner set lines = lines - 1 where "table" = 'json_invoices'`, ['2 counters']],
  ])('names %s', async (_, spoil, expected) => {
    expect(await found(spoil)).toEqual(expected);
  });
});

describe('invariant 3, no duplicates', () => {
  it('names an id that stands twice after the constraint was dropped', async () => {
    const spoil = [
      `alter table ${INVOICES} drop constraint json_invoices_pkey cascade`,
      `insert into ${INVOICES} select * from ${INVOICES} where id = ${FIRST}`,
    ];
    expect(await found(spoil)).toEqual(['2 counters', '3 duplicate-id']);
  });

  it('names a line item that stands twice', async () => {
    const spoil = [
      `alter table ${LINES} drop constraint json_invoices_line_items_pkey`,
      `insert into ${LINES} select * from ${LINES} where parent_id = ${FULL} and line_no = 2`,
    ];
    expect(await found(spoil)).toEqual(expect.arrayContaining(['2 counters', '3 duplicate-line']));
  });

  it('names a table that two entities write', async () => {
    expect(await found(`update freshet.pipeline_entity set raw_table = 'json_invoices' where entity = 'items'`)).toEqual(['3 two-owners']);
  });
});

describe('invariant 4, line items', () => {
  it('names a document that lost a line item in the middle', async () => {
    expect(await found(`delete from ${LINES} where parent_id = ${FULL} and line_no = 1`)).toEqual([
      '1 value-differs',
      '2 counters',
      '4 line-count',
      '4 line-gap',
    ]);
  });

  it('names line items whose document is deleted', async () => {
    expect(await found(`update ${INVOICES} set deleted_at = now() where id = ${FULL}`)).toEqual(['2 counters', '4 line-of-deleted']);
  });
});

describe('invariant 5, the watermark', () => {
  it('names a watermark ahead of the data', async () => {
    expect(await found(`update freshet.watermark set sort = sort + 60000000 where entity = 'invoices'`)).toEqual([
      '5 carrier-missing',
      '5 watermark-ahead',
    ]);
  });

  it('names a watermark whose record was lost', async () => {
    expect(await found(`update freshet.watermark set carrier_id = 'nobody' where entity = 'invoices'`)).toEqual(['5 carrier-missing']);
  });

  it('names a watermark that went back, past the trigger that refuses it', async () => {
    const spoil = [
      'alter table freshet.watermark disable trigger user',
      `update freshet.watermark set sort = sort - 1 where entity = 'invoices'`,
      `insert into freshet.watermark_history (pipeline, entity, partition, kind, text, sort, question, reason, changed_at)
       select pipeline, entity, partition, kind, text, sort, question, reason, changed_at from freshet.watermark where entity = 'invoices'`,
    ];
    expect(await found(spoil)).toEqual(['5 watermark-backwards']);
  });

  it('names a listed record that was called done and never landed', async () => {
    const spoil = `insert into freshet.detail_queue (extraction_id, record_id, state) select min(extraction_id), 'lost', 'done' from freshet.run_entity where run_id = ${RUN} and entity = 'invoices'`;
    expect(await found(spoil)).toEqual(['5 listed-lost']);
    expect(await found(`update freshet.detail_queue set state = 'queued' where record_id = 'lost'`)).toEqual(['5 queue-left']);
  });
});

describe('invariant 6, landing', () => {
  let file: string;
  beforeEach(async () => {
    const [batch] = await copy.db.query<{ file: string }>(
      `select file from freshet.batch where file like '%/invoices.json' order by batch_no limit 1`,
    );
    file = join(copy.folder, batch!.file);
  });

  it('names one flipped byte', async () => {
    const bytes = readFileSync(file);
    const digit = bytes.indexOf('"customer_name":"') + '"customer_name":"'.length;
    bytes[digit] = bytes[digit]! ^ 1;
    const names = await found(() => writeFileSync(file, bytes));
    expect(names).toEqual(['1 row-differs', '1 value-differs', '6 batch-file', '6 page-cut']);
  });

  it('names a file that is gone, one that was cut, and one that nobody knows', async () => {
    const bytes = readFileSync(file);
    expect(await found(() => rmSync(file))).toEqual(expect.arrayContaining(['6 batch-file']));
    expect(await found(() => writeFileSync(file, bytes.subarray(0, bytes.length - 40)))).toEqual(
      expect.arrayContaining(['6 batch-file', '6 page-cut']),
    );
    expect(await found(() => (writeFileSync(file, bytes), writeFileSync(join(file, '..', 'extra.json'), '[]')))).toEqual(['6 stray-file']);
  });

  it('names a temp file and a work file that were left', async () => {
    expect(await found(() => writeFileSync(`${file}.1-1.tmp`, '['))).toEqual(['6 stray-file']);
    await copy.landing.write('work/0123456789abcdef/1-1.json', [Buffer.from('[]')]);
    const { violations } = await copy.deep({ entity: 'invoices' });
    expect(violations.map(({ where }) => where)).toEqual([expect.stringMatching(/\.tmp$/), 'work/0123456789abcdef/1-1.json']);
  });

  it('names a page that cuts a record in two', async () => {
    const spoil = `update freshet.page set length = length - 1, bytes = bytes - 1 where file = (select min(file) from freshet.batch where file like '%/invoices.json') and seq = (select min(seq) from freshet.page where records > 0 and entity = 'invoices')`;
    expect(await found(spoil)).toEqual(['6 page-cut']);
  });

  it('names metadata that calls an open extraction complete, or a complete one not', async () => {
    const [{ session_id: session } = {}] = await copy.db.query<{ session_id: string }>(
      `select session_id from freshet.run where id = ${RUN}`,
    );
    const metadata = join(copy.folder, 'sync_sessions', String(session), 'sync_metadata_invoices.json');
    const text = readFileSync(metadata, 'utf8');
    expect(await found(() => writeFileSync(metadata, text.replace('"complete": true', '"complete": false')))).toEqual([
      '6 session-metadata',
    ]);
    const sum = /"sha256": "([0-9a-f])/;
    expect(
      await found(() =>
        writeFileSync(
          metadata,
          text.replace(sum, (_, digit) => `"sha256": "${digit === '0' ? '1' : '0'}`),
        ),
      ),
    ).toEqual(['6 session-metadata']);
    expect(await found(() => rmSync(metadata))).toEqual(['6 session-metadata']);
  });
});

describe('invariant 8, no stale overwrite', () => {
  it('names a row that was put back to its older version', async () => {
    const [older] = await at.db.query<{ id: string }>(`select id from ${INVOICES} where notes = 'the newer version'`);
    const first = `(select source_instant - interval '1 hour' from ${INVOICES} where id = '${older!.id}')`;
    expect(await found(`update ${INVOICES} set source_instant = ${first} where id = '${older!.id}'`)).toEqual([
      '1 row-differs',
      '1 value-differs',
      '8 stale-overwrite',
    ]);
  });
});

describe('invariants 7 and 17, states and what is left behind', () => {
  it.each([
    ['a stage table without an extraction', `create table freshet_stage.s_01234567_1_1 (id text)`, ['17 stage-table']],
    ['ids of a closed extraction', `create table freshet_stage.seen_0123456789abcdef (id text)`, ['17 stage-table']],
    [
      'a batch of a closed extraction that was never loaded',
      `insert into freshet.batch (key, extraction_id, n, run_id, token, state, file) select 'planted', extraction_id, 99, run_id, 1, 'planned', 'planted.json' from freshet.run_entity where run_id = ${RUN} and entity = 'invoices'`,
      ['17 batch-planned'],
    ],
  ])('names %s', async (_, spoil, expected) => {
    expect(await found(spoil)).toEqual(expected);
  });

  it('names a moving entity of a final run, and a state that does not exist', async () => {
    await copy.db.query('alter table freshet.run_entity disable trigger user');
    expect(await found(`update freshet.run_entity set state = 'loading' where run_id = ${RUN} and entity = 'items'`)).toEqual([
      '7 final-run-moving-entity',
    ]);
    expect(await found(`update freshet.run_entity set state = 'asleep' where run_id = ${RUN} and entity = 'items'`)).toEqual([
      '7 entity-state',
      '7 final-run-moving-entity',
    ]);
  });
});
