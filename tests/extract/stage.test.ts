import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cancelledError } from '../../src/domain/errors';
import { sourceClients, type SourceClients } from '../../src/run/source-clients';
import { Steps } from '../../src/run/steps';
import { sources } from '../../src/sources';
import type { SourceClient } from '../../src/sources/source';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

const database = testDatabase();
let at: Installation;

beforeEach(async () => {
  at = await install({
    databaseUrl: database.url,
    sandbox: { counts: { contacts: 3, items: 2, invoices: 60 } },
    variables: { FRESHET_SYNC_PIPELINE_BATCH_DETAIL_CALLS: '50' },
  });
});
afterEach(async () => {
  await at.db.query('truncate freshet.config, freshet.pipeline_entity, freshet.table_owner, freshet.raw_column, freshet.watermark cascade');
  await at.db.query('drop schema if exists zoho_books cascade');
  await at.close();
});

interface Row {
  readonly [name: string]: unknown;
}

async function entity(runId: string, name = 'invoices'): Promise<Row> {
  const [row] = await at.db.query<Row>('select * from freshet.run_entity where run_id = $1 and entity = $2', [runId, name]);
  return row ?? {};
}

const requests = (kind: string): number =>
  at.sandbox.control.requestLog().filter((request) => request.kind === kind && request.entity === 'invoices').length;

describe('an extraction', () => {
  it('lands what the API said, byte for byte, in the contract’s layout', async () => {
    const { runId, state } = await at.run();
    expect(state).toBe('completed');
    const [{ session_id: session } = {}] = await at.db.query<{ session_id: string }>('select session_id from freshet.run where id = $1', [
      runId,
    ]);
    const folder = join(at.folder, 'landing', 'sync_sessions', String(session));
    const metadata = JSON.parse(readFileSync(join(folder, 'sync_metadata_invoices.json'), 'utf8')) as {
      complete: boolean;
      records: number;
      batches: { file: string }[];
    };
    expect(metadata).toMatchObject({ complete: true, records: 60 });
    expect(metadata.batches).toHaveLength(2);
    const landed = metadata.batches.flatMap(
      ({ file }) => JSON.parse(readFileSync(join(at.folder, 'landing', file), 'utf8')) as { invoice_id: string }[],
    );
    const text = metadata.batches.map(({ file }) => readFileSync(join(at.folder, 'landing', file), 'utf8')).join('');
    for (const record of at.sandbox.control.truth('invoices')) expect(text).toContain(record.detail);
    expect(landed).toHaveLength(60);
    expect(existsSync(join(at.folder, 'landing', 'work'))).toBe(true);
    expect(await at.landing.list('work')).toEqual([]);
  });

  it('continued by the next run repeats no finished detail call', async () => {
    const abort = new AbortController();
    at.sandbox.control.onRequest({ kind: 'detail', entity: 'invoices', nth: 40 }, () => abort.abort());
    const first = await at.run({}, { ...at.ctx, signal: abort.signal });
    expect((await entity(first.runId))['state']).toBe('cancelled');
    const finished = Number((await entity(first.runId))['fetched']);
    expect(finished).toBe(25);
    at.sandbox.control.clearRequestLog();
    const second = await at.run();
    expect(second.state).toBe('completed');
    expect(requests('detail')).toBe(60 - finished);
    expect(await entity(second.runId)).toMatchObject({ resumed: '35', unloaded_before: '25', fetched: '35', landed: '60', inserted: '60' });
  });

  it('counts a record that is gone between list and detail as vanished', async () => {
    at.sandbox.control.onRequest({ kind: 'list', entity: 'invoices', nth: 1 }, () => void at.sandbox.control.remove('invoices', 7));
    const { runId, state } = await at.run();
    expect(state).toBe('completed');
    expect(await entity(runId)).toMatchObject({ listed: '60', vanished: '1', fetched: '59', inserted: '59' });
  });

  it('sets a record aside that cannot be had, and gets it with the next read', async () => {
    const id = at.sandbox.control.idOf('invoices', 5);
    const rule = at.sandbox.control.addFault({ match: { kind: 'detail', recordId: id }, fault: 'codeNonZero200' });
    const first = await at.run();
    expect(await entity(first.runId)).toMatchObject({ undetailed: '1', fetched: '59' });
    const open = await at.db.query<Row>('select record_id, stage, closed_by_run from freshet.reject');
    expect(open).toEqual([{ record_id: id, stage: 'extract', closed_by_run: null }]);
    at.sandbox.control.clearFaults(rule);
    const second = await at.run();
    expect(second.state).toBe('completed');
    expect(await entity(second.runId)).toMatchObject({ resumed: '1', inserted: '1' });
    expect(await at.db.query<Row>('select closed_by_run from freshet.reject')).toEqual([{ closed_by_run: second.runId }]);
  });

  it('sets several records aside that cannot be had, wherever they stand, and has one open reject of each afterwards', async () => {
    const ids = [3, 4, 5].map((index) => at.sandbox.control.idOf('invoices', index));
    for (const recordId of ids) at.sandbox.control.addFault({ match: { kind: 'detail', recordId }, fault: 'codeNonZero200' });
    const first = await at.run();
    expect(await entity(first.runId)).toMatchObject({ state: 'completed', undetailed: '3', fetched: '57', inserted: '57' });
    const second = await at.run();
    expect(await entity(second.runId)).toMatchObject({ state: 'completed', resumed: '3', undetailed: '3' });
    const open = await at.db.query<Row>('select record_id from freshet.reject where closed_by_run is null order by record_id');
    expect(open.map((row) => row['record_id'])).toEqual([...ids].sort());
  });

  it('fails, and rejects nothing, when no detail at all can be had', async () => {
    at.sandbox.control.addFault({ match: { kind: 'detail', entity: 'invoices' }, fault: 'codeNonZero200' });
    const { runId, state } = await at.run();
    expect(state).toBe('partial');
    expect(await entity(runId)).toMatchObject({ state: 'failed', error_type: 'source_error', undetailed: '0', remaining: '60' });
    expect(await at.db.query('select from freshet.reject')).toEqual([]);
  });

  it('of an empty source closes with zero records, makes the table, and moves as_of', async () => {
    for (const record of [...at.sandbox.control.truth('contacts')]) at.sandbox.control.remove('contacts', record.id);
    const { runId, state } = await at.run({ entities: ['contacts'] });
    expect(state).toBe('completed');
    expect(await entity(runId, 'contacts')).toMatchObject({ listed: '0', live_after: '0', read_complete: true });
    expect(await at.db.query('select from zoho_books.json_contacts')).toEqual([]);
    const [{ as_of: asOf } = {}] = await at.db.query<{ as_of: string | null }>(`select as_of from freshet.as_of where entity = 'contacts'`);
    expect(asOf).not.toBeNull();
  });

  it('that finds nothing where the table has rows is doubtful, and deletes nothing', async () => {
    await at.run({ entities: ['contacts'] });
    for (const record of [...at.sandbox.control.truth('contacts')]) at.sandbox.control.remove('contacts', record.id);
    const { runId, state } = await at.run({ entities: ['contacts'] });
    expect(state).toBe('doubtful');
    expect((await entity(runId, 'contacts'))['doubts']).toEqual([expect.objectContaining({ kind: 'empty' })]);
    expect(await at.db.query('select from zoho_books.json_contacts where deleted_at is null')).toHaveLength(3);
  });

  it('doubts a read whose watermark carrier is left out of the list, and not one whose carrier is deleted', async () => {
    await at.run();
    const [{ carrier_id: carrier } = {}] = await at.db.query<{ carrier_id: string }>(
      `select carrier_id from freshet.watermark where entity = 'invoices'`,
    );
    at.sandbox.control.remove('invoices', String(carrier));
    expect((await at.run()).state).toBe('completed');
    await at.db.query(`update freshet.watermark set carrier_id = $1 where entity = 'invoices'`, [at.sandbox.control.idOf('invoices', 0)]);
    const { runId, state } = await at.run();
    expect(state).toBe('doubtful');
    expect((await entity(runId))['doubts']).toEqual([expect.objectContaining({ kind: 'carrier-missing' })]);
  });

  it('gives a half-done read up whose landed files are gone, and reads anew', async () => {
    const abort = new AbortController();
    at.sandbox.control.onRequest({ kind: 'detail', entity: 'invoices', nth: 40 }, () => abort.abort());
    const first = await at.run({}, { ...at.ctx, signal: abort.signal });
    await at.landing.remove('work');
    const second = await at.run();
    expect(second.state).toBe('completed');
    expect(await entity(second.runId)).toMatchObject({ resumed: '0', unloaded_before: '0', fetched: '60', inserted: '60' });
    const [abandoned] = await at.db.query<Row>(`select state, abandoned_reason from freshet.extraction where id = $1`, [
      (await entity(first.runId))['extraction_id'],
    ]);
    expect(abandoned).toMatchObject({ state: 'abandoned', abandoned_reason: expect.stringContaining('is missing') as string });
  });

  it('takes no page whose file was edited before it was loaded; the next run reads the entity anew', async () => {
    const edit = async (site: string): Promise<void> => {
      if (site !== 'extract.before-batch-file') return;
      const [page, draft] = await at.landing.list('work');
      // As an attempt meets it whose predecessor landed the page.
      await at.landing.remove(String(draft));
      const path = join(at.folder, 'landing', String(page));
      writeFileSync(path, readFileSync(path, 'utf8').replace('contact_name', 'contact_game'));
    };
    const first = await at.run({ entities: ['contacts'] }, { ...at.ctx, fault: edit });
    expect(first.state).toBe('failed');
    expect(await entity(first.runId, 'contacts')).toMatchObject({
      error_type: 'file_error',
      error_code: 'page-file-changed',
      error_remedy: expect.stringContaining('Run the pipeline again') as string,
      landed: '0',
    });
    const second = await at.run({ entities: ['contacts'] });
    expect(second.state).toBe('completed');
    expect(await entity(second.runId, 'contacts')).toMatchObject({ inserted: '3' });
  });

  it('of a source that never turns its pages ends, instead of reading on for ever', async () => {
    const clients = sourceClients(at.db, at.loaded);
    const stuck = (client: SourceClient): SourceClient => ({
      list: async (request, ctx) => ({ ...(await client.list({ ...request, position: null }, ctx)), next: { page: 2 } }),
      detail: (request, ctx) => client.detail(request, ctx),
      close: () => client.close(),
    });
    const steps = new Steps({
      db: at.db,
      landing: at.landing,
      sources,
      clients: { of: (config) => stuck(clients.of(config)) } as SourceClients,
      reportsFolder: at.folder,
    });
    const runId = await at.claim({ entities: ['contacts'] });
    await steps.prepareRun({ runId }, at.ctx);
    await expect(steps.extract({ runId, entity: 'contacts' }, at.ctx)).rejects.toMatchObject({
      type: 'source_error',
      code: 'pages-do-not-turn',
      message: expect.stringContaining('of contacts with the same records as the 3 pages before') as string,
    });
    await clients.close();
  });

  it('is not closed before all of it is loaded; the watermark does not move until then', async () => {
    const step = { runId: await at.claim({ entities: ['contacts'] }), entity: 'contacts' };
    await at.steps.prepareRun(step, at.ctx);
    expect(await at.steps.extract(step, at.ctx)).toEqual({ outcome: 'done' });
    // What is published would be loaded now: one that passes for unpublished cannot be.
    const batchIs = (state: string): Promise<unknown> =>
      at.db.query(`update freshet.batch set state = $2 where run_id = $1`, [step.runId, state]);
    await batchIs('planned');
    await expect(at.steps.close(step, at.ctx)).rejects.toMatchObject({
      type: 'reconcile_error',
      code: 'extraction-unfinished',
      message: expect.stringContaining('pages not loaded yet: 1') as string,
    });
    expect(await at.db.query('select from freshet.watermark')).toEqual([]);
    await batchIs('published');
    await at.steps.load(step, at.ctx);
    expect(await at.steps.close(step, at.ctx)).toEqual({ doubts: 0, publishes: false });
    expect(await at.db.query('select from freshet.watermark')).toHaveLength(1);
  });

  it('taken over carries a token above every one that wrote into it', async () => {
    const abort = new AbortController();
    at.sandbox.control.onRequest({ kind: 'detail', entity: 'invoices', nth: 40 }, () => abort.abort());
    const first = await at.run({}, { ...at.ctx, signal: abort.signal });
    const { runId } = await at.run();
    expect(Number((await entity(runId))['token'])).toBeGreaterThan(Number((await entity(first.runId))['token']));
    const sessions = await at.db.query<Row>(
      `select count(distinct split_part(file, '/', 2)) as n from freshet.batch b join freshet.run_entity re
      on re.extraction_id = b.extraction_id and re.run_id = $1 where re.entity = 'invoices'`,
      [runId],
    );
    expect(sessions).toEqual([{ n: '1' }]);
  });

  it('closes although the carrier of the watermark cannot be looked up, and is doubtful', async () => {
    await at.run();
    const [{ carrier_id: carrier } = {}] = await at.db.query<{ carrier_id: string }>(
      `select carrier_id from freshet.watermark where entity = 'invoices'`,
    );
    at.sandbox.control.remove('invoices', String(carrier));
    at.sandbox.control.addFault({ match: { kind: 'detail', recordId: String(carrier) }, fault: 'codeNonZero200' });
    const { runId, state } = await at.run();
    expect(state).toBe('doubtful');
    expect((await entity(runId))['doubts']).toEqual([
      expect.objectContaining({ kind: 'carrier-missing', message: expect.stringContaining('cannot be looked up') as string }),
    ]);
  });

  it('of a table that somebody emptied by hand fails once, and --full brings everything back', async () => {
    await at.run();
    await at.db.query(`delete from zoho_books.json_invoices where id = $1`, [at.sandbox.control.idOf('invoices', 9)]);
    await at.db.query(`delete from zoho_books.json_invoices_line_items where parent_id = $1`, [at.sandbox.control.idOf('invoices', 9)]);
    const failed = await at.run();
    expect(failed.state).toBe('partial');
    expect(await entity(failed.runId)).toMatchObject({
      error_code: 'ledger-does-not-add-up',
      error_remedy: expect.stringContaining('--full'),
    });
    const full = await at.run({ full: true });
    expect(full.state).toBe('completed');
    expect(await entity(full.runId)).toMatchObject({ inserted: '1', live_after: '60' });
  });

  it('of a table that somebody dropped reads the entity whole again', async () => {
    await at.run();
    await at.db.query('drop table zoho_books.json_invoices, zoho_books.json_invoices_line_items');
    const { runId, state } = await at.run();
    expect(state).toBe('completed');
    expect(await entity(runId)).toMatchObject({
      read_kind: 'complete',
      full_reason: 'the table is gone',
      inserted: '60',
      live_after: '60',
    });
  });

  it('leaves a run that another attempt has superseded without a trace of the older one', async () => {
    const runId = await at.claim({ entities: ['contacts'] });
    await at.steps.prepareRun({ runId }, at.ctx);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    at.sandbox.control.onRequest({ kind: 'list', entity: 'contacts', nth: 1 }, () => held);
    const zombie = at.steps.extract({ runId, entity: 'contacts' }, at.ctx);
    const outcome = expect(zombie).rejects.toMatchObject({ code: 'attempt-superseded' });
    while (at.sandbox.control.requestLog().length === 0 && at.sandbox.control.stats().inFlight === 0) await new Promise(setImmediate);
    expect(await at.steps.extract({ runId, entity: 'contacts' }, at.ctx)).toEqual({ outcome: 'done' });
    release();
    await outcome;
    const pages = await at.db.query<Row>('select seq, records from freshet.page');
    expect(pages).toEqual([{ seq: 1, records: 3 }]);
    expect(await at.landing.list('work')).toEqual([]);
  });
});

test('the error of a cancelled stage says that nothing needs repair', () => {
  expect(cancelledError('load')).toMatchObject({ type: 'cancelled', retryable: false });
});
