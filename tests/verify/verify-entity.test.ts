import { FileStore } from '../../src/landing/file-store';
import { sources } from '../../src/sources';
import { verifyEntity, type Verification, type VerifyEntityInput } from '../../src/verify/verify-entity';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { testContext } from '../support/test-context';
import { trueCopy, type TrueCopy } from './true-copy';

const database = testDatabase();
let at: Installation;
let copy: TrueCopy;
let runId: string;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 3, items: 2, invoices: 6 } } });
  runId = (await at.run()).runId;
});
afterAll(() => at.close());
beforeEach(async () => {
  copy = await trueCopy(database.url, at.landing.root);
});
afterEach(() => copy.close());

const INVOICES = 'zoho_books.json_invoices';
const LINES = 'zoho_books.json_invoices_line_items';
const FULL = `(select min(parent_id) from ${LINES} where line_no = 2)`;

function verify(change: Partial<VerifyEntityInput> = {}): Promise<Verification> {
  const input = {
    runId,
    pipeline: 'zoho-books',
    entity: 'invoices',
    target: { schema: 'zoho_books', table: 'json_invoices' },
    definition: sources['zoho-books'].entities.invoices,
    ...change,
  };
  return verifyEntity({ db: copy.db, landing: new FileStore(copy.folder) }, input, testContext());
}

const failed = ({ checks }: Verification): string[] => checks.filter(({ ok }) => !ok).map(({ name }) => name);

describe('the verification of an entity', () => {
  it('is good after a good run, and says what it looked at', async () => {
    const result = await verify();
    expect(result.faults).toEqual([]);
    expect(result.ok).toBe(true);
    expect(result.checks.map(({ name }) => name)).toEqual(
      'ledger rejects undetailed pages batches outcomes rows lines line-sets line-counts orphans lines-of-deleted'.split(' '),
    );
  });

  it.each([
    ['an equation of the ledger', `update freshet.run_entity set listed = listed + 1`, ['ledger']],
    ['something left although the extraction is complete', `update freshet.run_entity set remaining = 1, known = known - 1`, ['ledger']],
    [
      'a reject without its row',
      `update freshet.run_entity set rejected = rejected + 1, inserted = inserted - 1, live_after = live_after - 1`,
      ['rejects'],
    ],
    [
      'an undetailed record without its reject',
      `update freshet.run_entity set undetailed = undetailed + 1, listed = listed + 1`,
      ['undetailed'],
    ],
    ['pages that hold other records', `update freshet.page set records = records + 1 where entity = 'invoices'`, ['pages']],
    ['batches that hold other records', `update freshet.batch set records = records + 1`, ['batches']],
    ['batches with other outcomes', `update freshet.batch set counts = counts || '{"stale": 7}'`, ['outcomes']],
    ['a counter of rows', `update freshet.table_owner set live = live + 1`, ['rows']],
    ['a counter of line items', `update freshet.table_owner set lines = lines + 1`, ['lines']],
    ['a gap in the line items', `update ${LINES} set line_no = line_no + 100 where parent_id = ${FULL} and line_no = 2`, ['line-sets']],
    [
      'the last line item of a document',
      [
        `update freshet.table_owner set lines = lines - 1 where "table" = 'json_invoices'`,
        `delete from ${LINES} l where parent_id = ${FULL} and line_no = (select max(line_no) from ${LINES} where parent_id = l.parent_id)`,
      ],
      ['line-counts'],
    ],
    ['a line item without its document', `update ${LINES} set parent_id = 'nobody' where parent_id = ${FULL}`, ['line-counts', 'orphans']],
    [
      'living line items of a deleted document',
      `update ${INVOICES} set deleted_at = now() where id = ${FULL}`,
      ['rows', 'lines-of-deleted'],
    ],
  ])('finds %s', async (_, spoil, expected) => {
    for (const statement of typeof spoil === 'string' ? [spoil] : spoil) await copy.db.query(statement);
    const result = await verify();
    expect(failed(result)).toEqual(expected);
    expect(result.ok).toBe(false);
    expect(result.faults).toHaveLength(expected.length);
  });

  it('gives both figures where two do not agree', async () => {
    await copy.db.query(`update freshet.table_owner set live = 99 where "table" = 'json_invoices'`);
    expect((await verify()).faults).toEqual(['rows: table_owner.live is 99, but the count of "zoho_books"."json_invoices" is 6']);
  });

  it('does not count tables over the limit, and says so', async () => {
    await copy.db.query(`update freshet.table_owner set live = 99 where "table" = 'json_invoices'`);
    const result = await verify({ countLimit: 98 });
    expect(result.ok).toBe(true);
    expect(result.checks.find(({ name }) => name === 'rows')?.detail).toBe('not counted: 99 is over 98; verify --deep counts them');
  });

  it('is bad for a run that does not know the entity', async () => {
    expect((await verify({ runId: 'no-such-run' })).faults).toEqual(['ledger: run no-such-run has no entity invoices']);
  });
});
