import spec from '../fixtures/specs/zoho-books-fields.json';
import type { Json } from './independent-client';
import { closeSandboxes, reader, sandbox } from './sandboxes';

afterAll(closeSandboxes);

type Shape = string | Shape[] | { [key: string]: Shape };

/** What the wire carries where the extracted file is wrong (apis.md §1.7: ids are texts, amounts numbers) or §1.8 shows another type. */
const CORRECTED: Readonly<Record<string, Shape>> = {
  customfield_id: 'string',
  total: 'number',
  balance: 'number',
  shipping_charge: 'number',
  tax_percentage: 'number',
  outstanding_receivable_amount: 'number',
  unused_credits_receivable_amount: 'number',
};

const CUSTOM_FIELD: Shape = { customfield_id: 'string', index: 'integer', label: 'string', value: 'string' };

/** Fields the file does not know but the examples of §1.8 and the notes of §1.7 show. */
const EXTRA: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  contacts: { customer_sub_type: 'string', outstanding_payable_amount: 'number', website: 'string', has_attachment: 'boolean' },
  items: {
    item_name: 'string',
    purchase_rate: 'number',
    item_type: 'string',
    stock_on_hand: 'number',
    available_stock: 'number',
    actual_available_stock: 'number',
    reorder_level: 'string',
    account_id: 'string',
    image_name: 'string',
    created_time: 'string',
    last_modified_time: 'string',
  },
  invoices: { color_code: 'string', current_sub_status: 'string', current_sub_status_id: 'string' },
  organizations: {},
};

const ENVELOPE_CONTEXT = {
  page: 'integer',
  per_page: 'integer',
  has_more_page: 'boolean',
  report_name: 'string',
  applied_filter: 'string',
  sort_column: 'string',
  sort_order: 'string',
};

function mismatches(value: unknown, shape: Shape | undefined, path: string): string[] {
  if (shape === undefined) return [`${path} is not documented`];
  if (shape === 'integer') return Number.isInteger(value) ? [] : [`${path} is not an integer: ${JSON.stringify(value)}`];
  if (typeof shape === 'string') return typeof value === shape ? [] : [`${path} is not a ${shape}: ${JSON.stringify(value)}`];
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${path} is not an array`];
    return value.flatMap((one, n) => mismatches(one, shape[0], `${path}[${n}]`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is not an object`];
  return Object.entries(value).flatMap(([key, inner]) => mismatches(inner, documented(key, shape), `${path}.${key}`));
}

function documented(key: string, shape: { [key: string]: Shape }): Shape | undefined {
  if (key.startsWith('cf_') || key.endsWith('_formatted')) return 'string';
  if (key === 'custom_fields') return [CUSTOM_FIELD];
  if (key === 'custom_field_hash') return {};
  return key in shape ? (CORRECTED[key] ?? shape[key]) : undefined;
}

function shapesOf(entity: 'contacts' | 'items' | 'invoices' | 'organizations', detailKey: string): { row: Shape; detail: Shape } {
  const known = spec[entity] as unknown as { list: { response: Json }; detail: { response: Json } };
  const row = { ...known.list.response[entity][0], ...EXTRA[entity] };
  return { row, detail: { ...row, ...known.detail.response[detailKey] } };
}

describe.each([
  ['contacts', 'contact'],
  ['items', 'item'],
  ['invoices', 'invoice'],
] as const)('every field of %s', (entity, detailKey) => {
  const shapes = shapesOf(entity, detailKey);

  it('in list rows is in the official field list, with the corrected type', async () => {
    const { get } = await reader(await sandbox({ counts: { contacts: 200, items: 200, invoices: 200 } }));
    const body = await get(entity, { filter_by: 'Status.All' });
    expect(Object.keys(body)).toEqual(['code', 'message', entity, 'page_context']);
    expect(Object.keys(body.page_context)).toEqual(Object.keys(ENVELOPE_CONTEXT));
    expect(mismatches(body.page_context, ENVELOPE_CONTEXT, 'page_context')).toEqual([]);
    expect(body[entity]).toHaveLength(200);
    expect(mismatches(body[entity], [shapes.row], entity)).toEqual([]);
  });

  it('in details is in the official field list, with the corrected type', async () => {
    const account = await sandbox({ counts: { contacts: 200, items: 200, invoices: 200 } });
    const { get } = await reader(account);
    for (const { id } of [...account.control.truth(entity)].slice(0, 80)) {
      const body = await get(`${entity}/${id}`);
      expect(Object.keys(body)).toEqual(['code', 'message', detailKey]);
      expect(mismatches(body[detailKey], shapes.detail, detailKey)).toEqual([]);
    }
  });

  it('is of the same value in the list and in the detail, where both have it', async () => {
    const account = await sandbox();
    for (const { row, detail } of account.control.truth(entity)) {
      const full = JSON.parse(detail) as Json;
      for (const [key, value] of Object.entries(JSON.parse(row) as Json)) if (key in full) expect(full[key]).toEqual(value);
    }
  });
});

it('organizations are documented field by field, as list and as detail', async () => {
  const account = await sandbox();
  const { get } = await reader(account);
  const shapes = shapesOf('organizations', 'organization');
  const list = await get('organizations');
  expect(mismatches(list.organizations, [shapes.row], 'organizations')).toEqual([]);
  const { organization } = await get(`organizations/${account.credentials.organizationId}`);
  expect(mismatches(organization, shapes.detail, 'organization')).toEqual([]);
});

it('the check itself names an unknown field and a wrong type', () => {
  const { row } = shapesOf('invoices', 'invoice');
  expect(mismatches({ unicorn: 1, invoice_id: 5 }, row, 'row')).toEqual([
    'row.unicorn is not documented',
    'row.invoice_id is not a string: 5',
  ]);
});

it('list rows of invoices carry no line items, addresses or terms', async () => {
  const { get } = await reader(await sandbox());
  for (const row of (await get('invoices')).invoices) {
    for (const key of ['line_items', 'billing_address', 'terms', 'sub_total']) expect(row).not.toHaveProperty(key);
  }
});
