import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

  it('makes typed tables of those that publish, in their order', async () => {
    const { db, folder } = bench.installation;
    const file = join(folder, 'published.yaml');
    writeFileSync(
      file,
      `name: published
source: zoho-books
entities:
  contacts: { publish: { table: customers, unique_field: contact_id, field_mappings: { contact_id: contact_id, name: contact_name } } }
  invoices:
    depends_on: [contacts]
    publish:
      table: bills
      unique_field: number
      field_mappings: { number: invoice_number, customer: customer_id, total: total }
      references: { customer: { entity: contacts } }
`,
    );
    await db.query('delete from freshet.table_owner; drop schema zoho_books cascade; delete from freshet.watermark');
    const { runId } = await bench.start({ pipeline: file });
    expect(await bench.ended(runId)).toBe('completed');
    const ledger = await db.query(
      `select entity, changed, created, rejected from freshet.publish_ledger where run_id = $1 order by entity`,
      [runId],
    );
    expect(ledger).toEqual([
      { entity: 'contacts', changed: '12', created: '12', rejected: '0' },
      { entity: 'invoices', changed: '30', created: '30', rejected: '0' },
    ]);
    expect(await db.query(`select from bills b join customers c on c.contact_id = b.customer`)).toHaveLength(30);
  });
});
