import { endRun, requestCancel } from '../../src/database/run-store';
import type { ListAnswer, Source, SourceClient, SourceConnection } from '../../src/sources/source';
import { sources } from '../../src/sources';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { aftermath } from '../chaos/aftermath';

/** Zoho's deletions leave no trace in any list: a complete read that lacks a row is believed only when the row cannot be had by itself either. */
const database = testDatabase();
const hidden = new Set<string>();
let at: Installation;

/** Zoho Books whose lists leave out what is hidden, as a list that slides does. */
const forgetful: Source = {
  ...sources['zoho-books'],
  open: (connection: SourceConnection): SourceClient => {
    const client = sources['zoho-books'].open(connection);
    const list: SourceClient['list'] = async (request, ctx) => without(await client.list(request, ctx));
    return { list, detail: (request, ctx) => client.detail(request, ctx), close: () => client.close() };
  },
};

function without(answer: ListAnswer): ListAnswer {
  const body = JSON.parse(answer.body.toString()) as Record<string, unknown>;
  const kept = Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? value.filter(isShown) : value] as const);
  return hidden.size === 0 ? answer : { ...answer, body: Buffer.from(JSON.stringify(Object.fromEntries(kept))) };
}

const isShown = (row: unknown): boolean => !hidden.has(String((row as Record<string, unknown>)['contact_id']));

beforeAll(async () => {
  at = await install({
    databaseUrl: database.url,
    sandbox: { seed: 3, freeze: true, counts: { contacts: 30, items: 12, invoices: 20 } },
    sources: { 'zoho-books': forgetful },
    variables: { FRESHET_LOAD_DELETES_MAX_COUNT: '4', FRESHET_LOAD_DELETES_MAX_PERCENT: '10' },
  });
  expect((await at.run()).state).toBe('completed');
});
beforeEach(() => at.sandbox.control.advanceClock(3_600_000));
afterEach(() => hidden.clear());
afterAll(() => at.close());

interface Ended {
  readonly state: string;
  readonly deleted: string;
  readonly revived: string;
  readonly doubts: readonly { readonly kind: string; readonly message: string }[];
  readonly held_reason: string | null;
}

async function ended(runId: string, entity: string): Promise<Ended> {
  const [row] = await at.db.query<Ended>(
    `select state, deleted, revived, doubts, held_reason from freshet.run_entity where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return row!;
}

/** How many details of contacts were asked for since the last look. */
function askedFor(): number {
  const details = at.sandbox.control.requestLog().filter(({ kind, entity }) => kind === 'detail' && entity === 'contacts');
  at.sandbox.control.clearRequestLog();
  return details.length;
}

it('rows that the source has no more are softly deleted, with their line items, once it does not have them by themselves either', async () => {
  const { control } = at.sandbox;
  const invoice = control.idOf('invoices', 4);
  control.remove('contacts', 3);
  control.remove('contacts', 7);
  control.remove('invoices', 4);
  control.clearRequestLog();
  const { runId, state } = await at.run({ full: true });
  expect(state).toBe('completed');
  expect(await ended(runId, 'contacts')).toMatchObject({ deleted: '2' });
  expect(await ended(runId, 'invoices')).toMatchObject({ deleted: '1' });
  expect(askedFor()).toBe(2);
  const lines = await at.db.query(`select from zoho_books.json_invoices_line_items where parent_id = $1 and deleted_at is null`, [invoice]);
  expect(lines).toEqual([]);
  expect(await aftermath(at, runId)).toEqual([]);
});

it('a row that a list leaves out although it exists stays, and the run is doubtful', async () => {
  const id = at.sandbox.control.idOf('contacts', 11);
  hidden.add(id);
  at.sandbox.control.remove('contacts', 12);
  const { runId, state } = await at.run({ full: true });
  expect(state).toBe('doubtful');
  const contacts = await ended(runId, 'contacts');
  expect(contacts).toMatchObject({ deleted: '0', doubts: [{ kind: 'left-out', message: expect.stringContaining(id) as string }] });
  hidden.clear();
  at.sandbox.control.advanceClock(3_600_000);
  const next = await at.run({ full: true });
  expect(await ended(next.runId, 'contacts')).toMatchObject({ deleted: '1', doubts: [] });
});

it('more than may go without a person is held without a call for any of them, and done when it is approved', async () => {
  const { control } = at.sandbox;
  for (const index of [13, 14, 15, 16, 17]) control.remove('contacts', index);
  control.clearRequestLog();
  const held = await at.run({ full: true });
  expect(held.state).toBe('partial');
  expect(await ended(held.runId, 'contacts')).toMatchObject({
    state: 'held',
    held_reason: expect.stringContaining('5 rows of 27 rows') as string,
  });
  expect(askedFor()).toBe(0);
  // What is held holds nothing else up.
  control.advanceClock(60_000);
  const made = control.create('contacts', {});
  expect((await at.run()).state).toBe('partial');
  expect(await at.db.query(`select from zoho_books.json_contacts where id = $1`, [made])).toHaveLength(1);
  control.clearRequestLog();
  const approved = await at.run({ full: true, approveDeletes: true });
  expect(approved.state).toBe('completed');
  // The person judged the number; each row is asked for all the same.
  expect(askedFor()).toBe(5);
  expect(await ended(approved.runId, 'contacts')).toMatchObject({ deleted: '5' });
  // The read that was held at first; the one after it took its place.
  expect(await aftermath(at, approved.runId)).toEqual(['the extraction of contacts abandoned']);
});

it('what --full holds stays held in plain runs, whatever came between, until it is approved', async () => {
  const { control } = at.sandbox;
  for (const index of [8, 9, 10, 11, 12]) control.remove('invoices', index);
  const held = await at.run({ full: true, entities: ['invoices'] });
  expect(await ended(held.runId, 'invoices')).toMatchObject({ state: 'held' });
  // A read that begins after it and comes to nothing does not let the hold go.
  const cancelled = await at.claim({ entities: ['invoices'] });
  await at.steps.prepareRun({ runId: cancelled }, at.ctx);
  await at.steps.extract({ runId: cancelled, entity: 'invoices' }, at.ctx);
  await requestCancel(at.db, cancelled);
  await endRun(at.db, { runId: cancelled, state: 'cancelled' }, at.ctx);
  control.advanceClock(3_600_000);
  const plain = await at.run({ entities: ['invoices'] });
  expect(plain.state).toBe('partial');
  expect(await ended(plain.runId, 'invoices')).toMatchObject({ state: 'held', held_reason: expect.stringContaining('5 rows') as string });
  const approved = await at.run({ entities: ['invoices'], approveDeletes: true });
  expect(await ended(approved.runId, 'invoices')).toMatchObject({ state: 'completed', deleted: '5' });
  const [after] = await at.db.query<{ read_kind: string }>(`select read_kind from freshet.run_entity where run_id = $1`, [
    (await at.run({ entities: ['invoices'] })).runId,
  ]);
  expect(after).toEqual({ read_kind: 'incremental' });
});

it('of a list that could not be asked for every row, nothing is deleted that was not confirmed', async () => {
  const { control } = at.sandbox;
  const id = control.idOf('contacts', 20);
  control.remove('contacts', 20);
  control.addFault({ match: { kind: 'detail', entity: 'contacts' }, fault: 'codeNonZero200' });
  const { runId, state } = await at.run({ full: true, entities: ['contacts'] });
  expect(state).toBe('doubtful');
  expect(await ended(runId, 'contacts')).toMatchObject({ deleted: '0', doubts: [{ kind: 'left-out' }] });
  control.clearFaults();
  const [row] = await at.db.query<{ deleted_at: string | null }>(`select deleted_at from zoho_books.json_contacts where id = $1`, [id]);
  expect(row?.deleted_at).toBeNull();
});

it('a row that comes under a complete read, after it asked for what it lacks, stays: nobody asked for it', async () => {
  expect((await at.run({ full: true, entities: ['contacts'] })).state).toBe('completed');
  at.sandbox.control.advanceClock(3_600_000);
  const runId = await at.claim({ full: true, entities: ['contacts'] });
  await at.steps.prepareRun({ runId }, at.ctx);
  const input = { runId, entity: 'contacts' };
  while ((await at.steps.extract(input, at.ctx)).outcome !== 'done') await at.steps.load(input, at.ctx);
  const columns = `string_agg(quote_ident(attname), ', ') filter (where attname not in ('id', 'fetched_at'))`;
  const [table] = await at.db.query<{ names: string }>(
    `select ${columns} as names from pg_attribute where attrelid = 'zoho_books.json_contacts'::regclass and attnum > 0 and not attisdropped`,
  );
  await at.db.query(
    `insert into zoho_books.json_contacts (id, fetched_at, ${table!.names})
     select 'of an older session', '2020-01-01', ${table!.names} from zoho_books.json_contacts where deleted_at is null limit 1`,
  );
  await at.db.query(`update freshet.table_owner set live = live + 1 where schema = 'zoho_books' and "table" = 'json_contacts'`);
  await at.steps.load(input, at.ctx);
  await at.steps.close(input, at.ctx);
  await at.steps.verify(input, at.ctx);
  await at.steps.endRun({ runId }, at.ctx);
  expect(await ended(runId, 'contacts')).toMatchObject({ state: 'completed', deleted: '0' });
  expect(await at.db.query(`select from zoho_books.json_contacts where id = 'of an older session' and deleted_at is null`)).toHaveLength(1);
});
