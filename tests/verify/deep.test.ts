import { HASH_CELLS } from '../../src/verify/deep/loader';
import { LINE_ROW_COLUMNS, ROW_COLUMNS } from '../../src/load/columns';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { sandboxOracle, trueCopy, type TrueCopy } from './true-copy';

const database = testDatabase();
let at: Installation;
let copy: TrueCopy;

beforeAll(async () => {
  at = await install({
    databaseUrl: database.url,
    sandbox: { counts: { contacts: 5, items: 4, invoices: 30 }, startClock: '2026-10-01T08:00:00Z', freeze: true },
    variables: { FRESHET_SYNC_PIPELINE_BATCH_DETAIL_CALLS: '25' },
  });
  const { control } = at.sandbox;
  await at.run();
  control.advanceClock(600_000);
  control.edit('contacts', 1, { company_name: 'Changed' });
  control.edit('invoices', 2, { notes: 'Changed' });
  control.edit('invoices', 3, { notes: 'Changed too' });
  control.create('invoices');
  control.advanceClock(600_000);
  const refused = control.addFault({ match: { kind: 'detail', recordId: control.idOf('invoices', 3) }, fault: 'codeNonZero200' });
  await at.run();
  control.clearFaults(refused);
  control.advanceClock(600_000);
  await at.run();
});
afterAll(() => at.close());
beforeEach(async () => {
  copy = await trueCopy(database.url, at.landing.root);
});
afterEach(() => copy.close());

describe('verify --deep', () => {
  it('finds nothing on a clean installation, and looked at everything', async () => {
    const { violations, checked, unchecked } = await copy.deep({ oracle: sandboxOracle(at.sandbox) });
    expect(violations).toEqual([]);
    expect(unchecked).toEqual([]);
    expect(new Set(checked.map(({ invariant }) => invariant))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 17]));
    const rows = (name: string, entity: string): number | undefined =>
      checked.find((one) => one.name === name && one.entity === `zoho-books.${entity}`)?.rows;
    expect(rows('row-differs', 'invoices')).toBe(31);
    expect(rows('source-differs', 'invoices')).toBe(31);
    expect(rows('source-differs', 'contacts')).toBe(5);
    expect(rows('value-differs', 'invoices')).toBe(31);
    expect(rows('batch-files', 'invoices')).toBeGreaterThanOrEqual(3);
  });

  it('takes records for met that were rejected, vanished or set aside', async () => {
    const { control } = at.sandbox;
    control.advanceClock(600_000);
    control.edit('invoices', 6, { notes: 'a\u0000b' });
    control.onRequest({ kind: 'list', entity: 'invoices', nth: 1 }, () => void control.remove('invoices', 7));
    control.edit('invoices', 7, { notes: 'gone before its detail was asked for' });
    const aside = control.addFault({ match: { kind: 'detail', recordId: control.edit('invoices', 8) }, fault: 'codeNonZero200' });
    const { runId, state } = await at.run();
    control.clearFaults(aside);
    expect(state).toBe('completed');
    const [ledger] = await at.db.query('select rejected, vanished, undetailed from freshet.run_entity where run_id = $1 and entity = $2', [
      runId,
      'invoices',
    ]);
    expect(ledger).toEqual({ rejected: '1', vanished: '1', undetailed: '1' });
    const later = await trueCopy(database.url, at.landing.root);
    const { violations } = await later.deep({ oracle: sandboxOracle(at.sandbox) });
    await later.close();
    expect(violations).toEqual([]);
  });

  it('knows where the loader puts its hashes', () => {
    const names = ROW_COLUMNS.map(({ name }) => name);
    expect(names[HASH_CELLS.sourceHash]).toBe('source_hash');
    expect(names[HASH_CELLS.rowHash]).toBe('row_hash');
    expect(LINE_ROW_COLUMNS[HASH_CELLS.lineHash]?.name).toBe('row_hash');
  });
});
