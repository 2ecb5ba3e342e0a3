import { testDatabase } from '../support/database';
import { openBench, type Bench } from './bench';

const database = testDatabase();
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url });
  await bench.worker();
});
afterAll(() => bench.close());

describe('a run through Temporal', () => {
  it('ends completed, with every row of the source in its table', async () => {
    const { kind, runId } = await bench.start();
    expect(kind).toBe('claimed');
    expect(await bench.ended(runId)).toBe('completed');
    const entities = await bench.entities(runId);
    expect([...entities.values()].map(({ entity, state }) => [entity, state])).toEqual([
      ['contacts', 'completed'],
      ['invoices', 'completed'],
      ['items', 'completed'],
    ]);
    const [counts] = await bench.installation.db.query<{ contacts: number; items: number; invoices: number }>(
      `select (select count(*)::int from zoho_books.json_contacts) as contacts, (select count(*)::int from zoho_books.json_items) as items,
              (select count(*)::int from zoho_books.json_invoices) as invoices`,
    );
    expect(counts).toEqual({ contacts: 12, items: 12, invoices: 30 });
  });
});
