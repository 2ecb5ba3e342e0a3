import fc from 'fast-check';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { entityLookup } from '../../src/run/entity-lookup';
import { sources } from '../../src/sources';
import { readerOf } from '../verify/true-copy';
import { documentOf, freshet, wrong } from '../cli/in-process';
import { withVariables } from '../errors/remedies/remedy';
import { testDatabase } from '../support/database';
import { forgetfulZoho } from '../support/forgetful-zoho';
import { install, type Installation } from '../support/installation';
import { undo } from '../support/undo';

/** What a run deleted comes back by a run of its own, and counters, ledger and tables agree whatever was deleted, undone and revived in between. */
const database = testDatabase();
let at: Installation;
let restore: () => void;

/** Invoices that the source says it does not have, until it has them again. */
const hidden = new Set<string>();

beforeAll(async () => {
  at = await install({
    databaseUrl: database.url,
    sources: { 'zoho-books': forgetfulZoho({ unlisted: hidden, lost: hidden }) },
    sandbox: { seed: 9, freeze: true, counts: { contacts: 12, items: 4, invoices: 14 } },
    variables: { FRESHET_LOAD_DELETES_MAX_COUNT: '1000' },
  });
  restore = withVariables(at.loaded.variables);
  expect((await at.run()).state).toBe('completed');
});
afterAll(async () => {
  restore();
  await at.close();
});
beforeEach(() => at.sandbox.control.advanceClock(3_600_000));

const said = async (...words: string[]) => documentOf(await freshet(...words, '--json'));
const alive = async (table: string, column: string, id: string): Promise<number> =>
  (await at.db.query(`select from zoho_books.${table} where ${column} = $1 and deleted_at is null`, [id])).length;

/** Counters beside what they count, of invoices. */
async function counters(): Promise<readonly [live: string, rows: string, lines: string, lineRows: string]> {
  const [row] = await at.db.query<{ live: string; lines: string; rows: string; line_rows: string }>(
    `select live, lines, (select count(*) from zoho_books.json_invoices where deleted_at is null) as rows,
            (select count(*) from zoho_books.json_invoices_line_items where deleted_at is null) as line_rows
       from freshet.table_owner where "table" = 'json_invoices'`,
  );
  return [row!.live, row!.rows, row!.lines, row!.line_rows];
}

async function agrees(): Promise<void> {
  const [live, rows, lines, lineRows] = await counters();
  expect([live, lines]).toEqual([rows, lineRows]);
  const faults = await at.db.query(
    `select run_id from freshet.run_entity where state = 'completed'
        and (live_after <> live_before + inserted + revived + undone - deleted or lines_after <> lines_before + lines_added - lines_removed)`,
  );
  expect(faults).toEqual([]);
}

it('a deleted invoice comes back with its lines, as a run of its own with a ledger, and the answer says what the next complete read does', async () => {
  const { control } = at.sandbox;
  const id = control.idOf('invoices', 2);
  const lines = await alive('json_invoices_line_items', 'parent_id', id);
  expect(lines).toBeGreaterThan(0);
  control.remove('invoices', 2);
  const { runId } = await at.run({ full: true });
  expect([await alive('json_invoices', 'id', id), await alive('json_invoices_line_items', 'parent_id', id)]).toEqual([0, 0]);
  expect((await said('deletes', 'list')).data.deletes).toMatchObject([{ run_id: runId, entity: 'invoices', deleted: 1, left: 1 }]);
  const dry = await said('deletes', 'undo', runId, '--dry-run');
  expect(dry.data).toMatchObject({ dry_run: true, entities: [{ entity: 'invoices', undone: 1, left_alone: 0 }] });
  expect(await alive('json_invoices', 'id', id)).toBe(0);

  const undone = await said('deletes', 'undo', runId, '--local');
  expect(undone).toMatchObject({
    exit_code: 0,
    data: { kind: 'replay', state: 'completed', undo_of: runId, undone: [{ entity: 'invoices', undone: 1, left_alone: 0 }] },
  });
  expect(undone.data.note).toContain('the next complete read deletes them again');
  expect([await alive('json_invoices', 'id', id), await alive('json_invoices_line_items', 'parent_id', id)]).toEqual([1, lines]);
  expect(undone.data.entities[0].ledger).toMatchObject({ undone: 1, revived: 0, landed: 0, lines_added: lines });
  await agrees();
  const lookup = entityLookup(at.db, sources);
  const deep = await verifyDeep({ db: at.db, landing: at.landing, lookup, readerOf }, { sampleRows: 20 }, at.ctx);
  expect(deep.violations.map(({ name, message }) => `${name}: ${message}`)).toEqual([]);

  // The same again finds nothing: the row bears the run that brought it back.
  expect((await said('deletes', 'undo', runId, '--local')).data.undone).toMatchObject([{ undone: 0, left_alone: 1 }]);
  at.sandbox.control.advanceClock(3_600_000);
  expect((await at.run({ full: true })).state).toBe('completed');
  expect(await alive('json_invoices', 'id', id)).toBe(0);
  await agrees();
});

it('what a run did not delete is not asked for: run, entity and lane are told', async () => {
  const [first] = (await said('deletes', 'list')).data.deletes;
  expect((await wrong('deletes', 'undo', first.run_id, '--entity', 'invoice')).remedy).toContain('Did you mean invoices?');
  const nothing = await at.run({ entities: ['items'] });
  expect(await wrong('deletes', 'undo', nothing.runId)).toMatchObject({ code: 'deletes-none' });
  expect(await wrong('deletes', 'undo', 'nowhere')).toMatchObject({ code: 'run-unknown' });
});

type Move =
  | { readonly kind: 'hide' | 'show'; readonly invoice: number }
  | { readonly kind: 'read' | 'full' }
  | { readonly kind: 'undo'; readonly which: number };

const invoice = fc.integer({ min: 3, max: 13 });
const moves: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constantFrom('hide' as const, 'show' as const), invoice }),
  fc.record({ kind: fc.constantFrom('full' as const, 'full' as const, 'read' as const) }),
  fc.record({ kind: fc.constant('undo' as const), which: fc.nat(4) }),
);

it('whatever is deleted, undone, revived and deleted again: counters, ledgers and count(*) agree after every step', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(moves, { minLength: 3, maxLength: 9 }), async (sequence) => {
      for (const move of sequence) await play(move);
      await play({ kind: 'full' });
      expect((await counters())[1]).toBe(String(at.sandbox.control.count('invoices') - hidden.size));
    }),
    { numRuns: 8, seed: 20_261_123, endOnFailure: true },
  );
}, 120_000);

async function play(move: Move): Promise<void> {
  const { control } = at.sandbox;
  control.advanceClock(3_600_000);
  if (move.kind === 'hide') hidden.add(control.idOf('invoices', move.invoice));
  if (move.kind === 'show') hidden.delete(control.idOf('invoices', move.invoice));
  if (move.kind === 'full' || move.kind === 'read') await at.run({ full: move.kind === 'full', entities: ['invoices'] });
  if (move.kind === 'undo') await undoOne(move.which);
  await agrees();
}

/** Of the runs that deleted invoices, the newest but `which`. */
async function undoOne(which: number): Promise<void> {
  const rows = await at.db.query<{ run_id: string }>(
    `select run_id from freshet.run_entity where entity = 'invoices' and deleted > 0 order by completed_at desc`,
  );
  const runId = rows[Math.min(which, rows.length - 1)]?.run_id;
  if (runId !== undefined) await undo(at, runId, 'invoices');
}
