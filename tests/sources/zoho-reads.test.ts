import { testContext } from '../http/test-context';
import { failureOf } from '../http/answer-server';
import { listOf, sandboxBench, type SandboxBench } from './zoho-bench';

let bench: SandboxBench;

afterEach(() => bench.close());

async function pages(entity: string): Promise<unknown[][]> {
  const read: unknown[][] = [];
  for (let position = null, n = 0; n < 9; n += 1) {
    const answer = await bench.client.list(listOf(entity, { position }), testContext());
    read.push((JSON.parse(answer.body.toString()) as Record<string, unknown[]>)[entity] ?? []);
    if (answer.next === null) return read;
    position = answer.next as never;
  }
  throw new Error('the list does not end');
}

const sizes = (read: unknown[][]): number[] => read.map((page) => page.length);

describe('a list of Zoho Books', () => {
  it('is read page by page to its end', async () => {
    bench = await sandboxBench();
    const read = await pages('contacts');
    expect(sizes(read)).toEqual([200, 30]);
    const ids = read.flat().map((record) => (record as { contact_id: string }).contact_id);
    const truth = [...bench.sandbox.control.truth('contacts')].map((record) => record.id);
    expect(ids.sort()).toEqual(truth.sort());
  });

  it('asks once more behind a full last page, and takes an empty list for what it is', async () => {
    bench = await sandboxBench({ counts: { contacts: 400, items: 0, invoices: 0 } });
    expect(sizes(await pages('contacts'))).toEqual([200, 200, 0]);
    expect(sizes(await pages('items'))).toEqual([0]);
  });

  it('asks for hidden states too, sorted by what Zoho documents', async () => {
    bench = await sandboxBench();
    for (const entity of ['contacts', 'items', 'invoices']) await bench.client.list(listOf(entity), testContext());
    const queries = bench.sandbox.control.requestLog().filter((line) => line.kind === 'list');
    expect(queries.map((line) => line.query)).toEqual([
      { filter_by: 'Status.All', sort_column: 'created_time', sort_order: 'A', page: '1', per_page: '200', organization_id: '10234695' },
      { filter_by: 'Status.All', sort_column: 'name', sort_order: 'A', page: '1', per_page: '200', organization_id: '10234695' },
      { sort_column: 'created_time', sort_order: 'A', page: '1', per_page: '200', organization_id: '10234695' },
    ]);
  });

  it.each([true, false])(
    'from a time holds the record of exactly that time, whether Zoho filters exclusively (%s) or not',
    async (exclusive) => {
      bench = await sandboxBench();
      const { control } = bench.sandbox;
      control.setModifiedFilterExclusive(exclusive);
      const edited = control.edit('invoices', 3, { notes: 'x' }, { lastModifiedTime: '2026-10-01T07:30:05+0000' });
      control.edit('invoices', 4, { notes: 'x' }, { lastModifiedTime: '2026-10-01T07:30:03+0000' });
      const answer = await bench.client.list(listOf('invoices', { from: '2026-10-01T07:30:05.000000Z' }), testContext());
      const { invoices } = JSON.parse(answer.body.toString()) as { invoices: { invoice_id: string }[] };
      expect(invoices.map((invoice) => invoice.invoice_id)).toEqual([edited]);
    },
  );

  it('tells the source clock, not ours, and the same digest for the same question only', async () => {
    bench = await sandboxBench({ startClock: '2031-01-01T00:00:00Z', freeze: true });
    const ask = (overrides = {}) => bench.client.list(listOf('invoices', overrides), testContext());
    const [one, same, page2, bounded, filtered] = [
      await ask(),
      await ask(),
      await ask({ position: { page: 2 } }),
      await ask({ from: '2026-01-01T00:00:00Z' }),
      await ask({ filters: { status: 'paid' } }),
    ];
    expect(one.clock).toBe('2031-01-01T00:00:00.000000Z');
    expect(same.requestDigest).toBe(one.requestDigest);
    expect(new Set([one, page2, bounded, filtered].map((answer) => answer.requestDigest)).size).toBe(4);
    expect(one.requestDigest).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['an upper bound', listOf('invoices', { to: '2026-01-01T00:00:00Z' }), 'bound-unsupported'],
    ['a lower bound where there is no filter', listOf('contacts', { from: '2026-01-01T00:00:00Z' }), 'bound-unsupported'],
    ['a bound that is no time', listOf('invoices', { from: 'yesterday' }), 'bound-unreadable'],
    ['a filter that would change the question itself', listOf('invoices', { filters: { per_page: 5 } }), 'filter-reserved'],
    ['an entity it does not know', listOf('__proto__'), 'entity-unknown'],
  ])('refuses %s without asking', async (_, request, code) => {
    bench = await sandboxBench();
    expect(await failureOf(bench.client.list(request, testContext()))).toMatchObject({ type: 'config_error', code });
    expect(bench.sandbox.control.requestLog()).toEqual([]);
  });
});

describe('a detail of Zoho Books', () => {
  it('is the record with its lines, its id of 19 digits unharmed', async () => {
    bench = await sandboxBench();
    const ids = [...bench.sandbox.control.truth('invoices')].map((record) => record.id);
    expect(ids.some((id) => !Number.isSafeInteger(Number(id)))).toBe(true);
    for (const id of ids) {
      const answer = await bench.client.detail({ entity: 'invoices', id }, testContext());
      expect(answer.found && answer.body.toString()).toContain(`"invoice_id":"${id}"`);
    }
  });

  it.each(['contacts', 'items', 'invoices'] as const)('of a deleted record of %s is not found, of a living one it is', async (entity) => {
    bench = await sandboxBench();
    const { control } = bench.sandbox;
    const [gone, alive] = [control.idOf(entity, 1), control.idOf(entity, 2)];
    control.remove(entity, gone);
    expect(await bench.client.detail({ entity, id: gone }, testContext())).toMatchObject({
      found: false,
      clock: expect.stringMatching(/Z$/) as string,
    });
    expect(await bench.client.detail({ entity, id: alive }, testContext())).toMatchObject({ found: true });
  });

  it.each(['', '..', '../contacts', '1?x=2', '%2e%2e'])('is not asked for with the id "%s"', async (id) => {
    bench = await sandboxBench();
    expect(await failureOf(bench.client.detail({ entity: 'invoices', id }, testContext()))).toMatchObject({
      type: 'source_error',
      code: 'id-unusable',
    });
    expect(bench.sandbox.control.requestLog()).toEqual([]);
  });
});
