import { LEDGER_COLUMNS, type Ledger } from '../../src/domain/ledger';
import { RUN_STATES, type EntityState, type RunState } from '../../src/domain/run';
import { bindingEquations, ledgerLines } from '../../src/report/ledger-lines';
import type { EntityFacts, RunFacts } from '../../src/report/run-facts';
import { summary } from '../../src/report/summary';
import { nextActions, verdict } from '../../src/report/verdict';
import { duration, listed } from '../../src/report/words';

const EMPTY = Object.fromEntries(LEDGER_COLUMNS.map((column) => [column, 0])) as unknown as Ledger;

function entity(name: string, state: EntityState, more: Partial<EntityFacts> = {}): EntityFacts {
  return {
    entity: name,
    state,
    doubts: [],
    doubts_accepted: null,
    held_reason: null,
    skipped_reason: null,
    error_type: null,
    error_code: null,
    error_message: null,
    error_remedy: null,
    wait_reason: null,
    wait_until: null,
    pages: 1,
    requests: 1,
    read_kind: 'complete',
    read_complete: true,
    full_reason: 'first read',
    read_from: null,
    extraction_id: 'aa',
    extraction_state: 'complete',
    started_at: '2026-11-22T00:00:00.000000Z',
    completed_at: '2026-11-22T00:00:02.000000Z',
    table: 'zoho_books.json_x',
    ledger: EMPTY,
    batches: [],
    rejects: [],
    rejects_total: 0,
    bad_files: [],
    reconciled: null,
    published: null,
    ...more,
  };
}

/** The commands that the run proposes. */
function proposed(state: RunState, entities: readonly EntityFacts[]): string[] {
  return nextActions(facts(state, entities)).flatMap((action) => (action.kind === 'run-command' ? [action.command] : []));
}

function facts(state: RunState, entities: readonly EntityFacts[]): RunFacts {
  return {
    entities,
    run: {
      id: '202611220000-SYNC-00000000',
      pipeline: 'zoho-books',
      lane: 'sync',
      kind: 'sync',
      environment: 'test',
      state,
      config_digest: 'd',
      command: {},
      actor: '',
      retry_of: null,
      session_id: null,
      reason: null,
      error_type: null,
      error_message: null,
      wait_reason: null,
      wait_until: null,
      timezone: 'UTC',
      created_at: '2026-11-22T00:00:00.000000Z',
      started_at: '2026-11-22T00:00:00.000000Z',
      completed_at: '2026-11-22T00:01:05.000000Z',
      cancel_requested_at: null,
      report_path: null,
    },
  };
}

test('a good run says what came in, and that nothing did', () => {
  expect(verdict(facts('completed', [entity('items', 'completed')]))).toBe(
    'Everything adds up: 1 entity complete, 0 records fetched, nothing new.',
  );
  const moved = entity('items', 'completed', { ledger: { ...EMPTY, fetched: 1_290, inserted: 1_280, updated: 10 } });
  expect(verdict(facts('completed', [moved]))).toBe(
    'Everything adds up: 1 entity complete, 1,290 records fetched, 1,280 inserted, 10 updated.',
  );
});

test('a partial run names what did not come through and what is good', () => {
  const run = facts('partial', [entity('contacts', 'completed'), entity('items', 'failed'), entity('invoices', 'skipped')]);
  expect(verdict(run)).toBe('Not everything came through: items failed; invoices skipped. contacts is good.');
});

test('of a partial run nothing is called good that somebody should look at', () => {
  const doubtful = entity('contacts', 'completed', { doubts: [{ kind: 'differences', message: '2 missing' }] });
  const said = (...others: EntityFacts[]): string => verdict(facts('partial', [entity('items', 'failed'), doubtful, ...others]));
  expect(said()).toBe('Not everything came through: items failed. Someone should look at contacts.');
  expect(said(entity('bills', 'completed'))).toMatch(/ bills is good\. Someone should look at contacts\.$/);
});

test('a doubtful run names the entities to look at and offers to check, to read again and to accept the doubt; once accepted it offers nothing', () => {
  const run = facts('doubtful', [entity('items', 'completed', { doubts: [{ kind: 'empty', message: 'nothing listed' }] })]);
  expect(verdict(run)).toContain('someone should look at items');
  expect(nextActions(run).map((action) => (action.kind === 'run-command' ? action.command : ''))).toEqual([
    './freshet verify --deep --pipeline zoho-books',
    './freshet run zoho-books --entity items --full',
    `./freshet doubt accept ${run.run.id} items --because TEXT`,
  ]);
  const accepted = { by: 'ada', at: '2026-11-22T00:00:00.000000Z', because: 'stock-taking' };
  const known = { ...run, entities: run.entities.map((each) => ({ ...each, doubts_accepted: accepted })) };
  expect([verdict(known), nextActions(known)]).toEqual([expect.stringContaining('the doubts about items are accepted'), []]);
});

test.each(RUN_STATES)('a run that is %s has a verdict and a summary', (state) => {
  const run = facts(state, [entity('items', 'failed', { error_message: 'a | b\n# c', error_type: 'auth_error', error_remedy: 'Do it.' })]);
  expect(verdict(run)).toMatch(/\S.*\.$/);
  const text = summary(run);
  expect(text).toContain(`# zoho-books: ${state}`);
  expect(text).toContain('a \\| b\\\\n\\# c');
  expect(text).not.toMatch(/^# c/m);
});

test('a broken equation of a closed ledger is shown as broken, with its numbers', () => {
  const broken = entity('items', 'completed', { ledger: { ...EMPTY, listed: 5, fetched: 4 } });
  expect(ledgerLines(broken)).toContain(
    'NO  listed + resumed = known + vanished + undetailed + fetched + remaining\n    5 + 0 = 0 + 0 + 0 + 4 + 0',
  );
  expect(ledgerLines({ ...broken, state: 'cancelled' })).not.toContain('NO ');
});

test('the closing equation binds only an entity whose extraction is complete', () => {
  const names = (state: EntityState, extraction_state: string): string[] =>
    bindingEquations({ state, extraction_state }).map(({ name }) => name);
  expect(names('completed', 'complete')).toContain('complete');
  expect(names('completed', 'open')).not.toContain('complete');
  expect(names('cancelled', 'complete')).not.toContain('complete');
});

test('durations and lists read like sentences', () => {
  expect(duration('2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.840000Z')).toBe('0.8 s');
  expect(duration('2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:59.900000Z')).toBe('60 s');
  expect(duration('2026-01-01T00:00:00.000000Z', '2026-01-01T00:03:04.000000Z')).toBe('3 min 4 s');
  expect(duration('2026-01-01T00:00:00.000000Z', '2026-01-01T02:05:00.000000Z')).toBe('2 h 5 min');
  expect(duration(null, '2026-01-01T02:05:00.000000Z')).toBe('–');
  expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual(['', 'a', 'a and b', 'a, b and c']);
});

test('where records were refused, the reader is led to them; a replay is begun anew from what is still refused', () => {
  const refused = entity('items', 'completed', { rejects_total: 2 });
  const look = { kind: 'run-command', label: 'See what was refused', command: './freshet rejects list --run 202611220000-SYNC-00000000' };
  expect(nextActions(facts('completed', [refused]))).toEqual([look]);
  expect(nextActions(facts('partial', [refused]))[0]).toEqual(look);
  const replay = facts('failed', [entity('items', 'failed')]);
  expect(nextActions({ ...replay, run: { ...replay.run, kind: 'replay' } })).toMatchObject([
    { command: './freshet rejects list --pipeline zoho-books' },
  ]);
});

describe('what is proposed lets a run come through', () => {
  const gone = entity('invoices', 'held', { held_reason: 'deletes: 5 rows of 9 rows in zoho_books.json_invoices are gone by this read' });
  const changed = entity('orders', 'failed', { error_code: 'ledger-does-not-add-up' });

  it('held for deletes: to look, and to approve; a retry without a word would be held again', () => {
    expect(proposed('partial', [entity('items', 'completed'), gone])).toEqual([
      './freshet reconcile zoho-books --entity invoices',
      './freshet retry 202611220000-SYNC-00000000 --approve-deletes',
    ]);
  });

  it('a table changed by hand: to fetch what is missing, then the rest', () => {
    expect(proposed('partial', [gone, changed])).toEqual([
      './freshet reconcile zoho-books --entity invoices',
      './freshet retry 202611220000-SYNC-00000000 --approve-deletes',
      './freshet reconcile zoho-books --entity orders --fix',
      './freshet retry 202611220000-SYNC-00000000',
    ]);
  });
});
