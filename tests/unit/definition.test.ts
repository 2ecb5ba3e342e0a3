import { EntityAnalyzer } from '../../src/load/analyze/entity-analyzer';
import { definitionOf } from '../../src/load/analyze/definition';
import type { LoadDefinition } from '../../src/load/load-definition';

function infer(entity: string, records: readonly unknown[]): ReturnType<typeof definitionOf> {
  const analyzer = new EntityAnalyzer();
  for (const record of records) analyzer.add(Buffer.from(JSON.stringify(record)));
  return definitionOf(entity, analyzer.result());
}

interface Expected {
  readonly key: string;
  readonly cursor: string | null;
  readonly lines: string | null;
}

function shortly(definition: LoadDefinition): Expected {
  return { key: definition.key.join('|'), cursor: definition.cursor?.field ?? null, lines: definition.lineItems?.field ?? null };
}

function definitionFor(entity: string, records: readonly unknown[]): LoadDefinition {
  const answer = infer(entity, records);
  if ('problem' in answer) throw new Error(answer.problem);
  return answer.definition;
}

const at = '2024-08-05T12:06:10+0530';

/** The ten business entities by Zoho Books' own names. */
const BUSINESS: [string, Expected][] = [
  ['contacts', { key: 'contact_id', cursor: 'last_modified_time', lines: null }],
  ['items', { key: 'item_id', cursor: 'last_modified_time', lines: null }],
  ['organizations', { key: 'organization_id', cursor: null, lines: null }],
  ['customerpayments', { key: 'payment_id', cursor: 'last_modified_time', lines: 'invoices' }],
  ['vendorpayments', { key: 'payment_id', cursor: 'last_modified_time', lines: 'bills' }],
  ['invoices', { key: 'invoice_id', cursor: 'last_modified_time', lines: 'line_items' }],
  ['bills', { key: 'bill_id', cursor: 'last_modified_time', lines: 'line_items' }],
  ['salesorders', { key: 'salesorder_id', cursor: 'last_modified_time', lines: 'line_items' }],
  ['purchaseorders', { key: 'purchaseorder_id', cursor: 'last_modified_time', lines: 'line_items' }],
  ['creditnotes', { key: 'creditnote_id', cursor: 'last_modified_time', lines: 'line_items' }],
];

test.each(BUSINESS)('%s is known, with records and without', (entity, expected) => {
  expect(shortly(definitionFor(entity, [{ [expected.key]: '460000000026049', custom_fields: [{ label: 'a' }] }]))).toEqual(expected);
  expect(shortly(definitionFor(entity, []))).toEqual(expected);
});

test('a known entity has the types of Zoho Books for the fields that came, and empty texts are no values', () => {
  const definition = definitionFor('invoices', [
    {
      invoice_id: '1',
      total: 100,
      due_date: '',
      created_time: '',
      status: 'paid',
      line_items: [{ line_item_id: '2', rate: 3, name: 'x' }],
    },
  ]);
  expect(definition.columns).toEqual({ total: 'numeric', due_date: 'date', created_time: 'timestamptz' });
  expect(definition.lineItemColumns).toEqual({ rate: 'numeric' });
  expect(definition.emptyIsNull).toBe(true);
});

/** Entities that nobody declared. */
const ANY: [string, string, readonly unknown[], Expected][] = [
  ['<singular>_id before id', 'orders', [{ id: 1, order_id: 'a', modified: at }], { key: 'order_id', cursor: 'modified', lines: null }],
  ['the singular of -ies', 'categories', [{ category_id: 1 }], { key: 'category_id', cursor: null, lines: null }],
  ['the singular of -es', 'boxes', [{ boxId: 1 }], { key: 'boxId', cursor: null, lines: null }],
  ['signs and capitals in names', 'sales-orders', [{ SalesOrderID: 1 }], { key: 'SalesOrderID', cursor: null, lines: null }],
  ['id before uuid', 'things', [{ uuid: 'u', id: 5 }], { key: 'id', cursor: null, lines: null }],
  ['ID before __KEY, as a 4D server sends both', 'Artikel', [{ __KEY: '1', ID: 1 }], { key: 'ID', cursor: null, lines: null }],
  [
    'id although it comes twice: the newest wins',
    'things',
    [
      { id: 5, n: 1 },
      { id: 5, n: 2 },
    ],
    { key: 'id', cursor: null, lines: null },
  ],
  ['huge ids as numbers', 'things', [{ id: 1e30 }, { id: 2e30 }], { key: 'id', cursor: null, lines: null }],
  [
    'another unique field, by its name',
    'shops',
    [
      { name: 'a', street: 'x', shop_no: 1, total: 7 },
      { name: 'b', street: 'y', shop_no: 2, total: 8 },
    ],
    { key: 'shop_no', cursor: null, lines: null },
  ],
  [
    'a unique text before a unique number',
    'currencies',
    [
      { amount: 1, label: 'EUR' },
      { amount: 2, label: 'USD' },
    ],
    { key: 'label', cursor: null, lines: null },
  ],
  [
    'an id that is a fraction is none',
    'rates',
    [
      { id: 0.5, code: 'a' },
      { id: 0.7, code: 'b' },
    ],
    { key: 'code', cursor: null, lines: null },
  ],
  ['an id that most records lack is none', 'rates', [{ id: 1, code: 'a' }, { code: 'b' }], { key: 'code', cursor: null, lines: null }],
  ['the documented order of cursors', 'things', [{ id: 1, updated: at, updated_at: at }], { key: 'id', cursor: 'updated_at', lines: null }],
  [
    'a cursor must be a time',
    'things',
    [{ id: 1, updated_at: 'yesterday', modified: '2024-01-01' }],
    { key: 'id', cursor: 'modified', lines: null },
  ],
  ['a time that no record has is no cursor', 'things', [{ id: 1, updated_at: null }], { key: 'id', cursor: null, lines: null }],
  ['when it was made is no cursor', 'things', [{ id: 1, created_at: at }], { key: 'id', cursor: null, lines: null }],
  ['line items by name', 'things', [{ id: 1, lines: [{}], notes: [{}] }], { key: 'id', cursor: null, lines: 'lines' }],
  ['the only array of objects', 'things', [{ id: 1, parts: [{}], tags: [{}], words: ['a'] }], { key: 'id', cursor: null, lines: 'parts' }],
  ['none of two arrays', 'things', [{ id: 1, parts: [{}], notes: [{}] }], { key: 'id', cursor: null, lines: null }],
  ['no array with other things inside', 'things', [{ id: 1, lines: [{}, 1] }], { key: 'id', cursor: null, lines: null }],
  ['a known name without its key is any entity', 'invoices', [{ id: 1, total: 2 }], { key: 'id', cursor: null, lines: null }],
];

test.each(ANY)('%s', (_, entity, records, expected) => {
  expect(shortly(definitionFor(entity, records))).toEqual(expected);
});

test('a key that a person named is taken as it is, several fields too', () => {
  const analyzer = new EntityAnalyzer();
  analyzer.add(Buffer.from('{"shop":1,"day":"2024-01-01","invoice_id":5}'));
  const analysis = analyzer.result();
  for (const entity of ['tills', 'invoices']) {
    expect(definitionOf(entity, analysis, ['shop', 'day'])).toMatchObject({
      definition: { key: ['shop', 'day'] },
      why: expect.arrayContaining(['key shop, day: named by you']) as string[],
    });
  }
  expect(definitionOf('tills', new EntityAnalyzer().result(), ['shop'])).toMatchObject({ definition: { key: ['shop'] } });
});

test('each choice has a reason, and a key that some records lack says what becomes of them', () => {
  const answer = infer('things', [{ id: 1, rows: [{}] }, { id: 2 }, { n: 3 }]);
  expect(answer).toMatchObject({
    why: [
      'key id: by its name; records without one, which become rejects: 1',
      'no cursor: no field says when a record last changed, so the one read last wins',
      'line items rows: the only array of objects',
    ],
  });
});

test('without a key it says so and names what could be one', () => {
  const answer = infer('moves', [
    { batch_no: 7, amount: 1.5, day: '2024-01-01' },
    { batch_no: 7, amount: 2.5, day: '2024-01-02' },
  ]);
  expect(answer).toEqual({
    problem: 'moves has no key: no field has a value of its own in each of the 2 records',
    candidates: [
      { field: 'day', records: 2, unique: true },
      { field: 'amount', records: 2, unique: true },
      { field: 'batch_no', records: 2, unique: false },
    ],
  });
});

test('without a record nothing is known of an unknown entity', () => {
  expect(infer('moves', [])).toEqual({ problem: 'moves has no record that could tell its key', candidates: [] });
  expect(infer('moves', [5])).toMatchObject({ problem: 'moves has no record that could tell its key' });
});
