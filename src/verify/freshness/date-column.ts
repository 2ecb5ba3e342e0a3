/** Entities whose rows describe things and people, not events: they have no business date. docs/freshness.md lists them. */
export const MASTER_ENTITIES: ReadonlySet<string> = new Set([
  'accounts',
  'categories',
  'chartofaccounts',
  'contacts',
  'currencies',
  'customers',
  'items',
  'locations',
  'organizations',
  'pricebooks',
  'products',
  'taxes',
  'users',
  'vendors',
  'warehouses',
]);

/** Days that a business writes on its documents, then the times at which a system kept them. The first field that a table has is taken. */
export const DATE_FIELDS: readonly string[] = [
  'date',
  'invoice_date',
  'bill_date',
  'order_date',
  'payment_date',
  'transaction_date',
  'document_date',
  'posting_date',
  'last_modified_time',
  'last_modified',
  'modified_time',
  'modified_at',
  'modified',
  'updated_time',
  'updated_at',
  'updated',
  'created_time',
  'created_at',
  'created',
];

export interface DateField {
  /** As the source calls it. */
  readonly field: string;
  readonly column: string;
  /** PostgreSQL's name of it, such as `timestamp with time zone`. */
  readonly type: string;
}

export type DateChoice =
  /** By nature without a business date. */
  | { readonly kind: 'master' }
  /** `wished`: a field that the pipeline file names and the table does not have. */
  | { readonly kind: 'none'; readonly wished: string | null }
  | ({ readonly kind: 'column'; readonly by: 'pipeline file' | 'order' } & DateField);

export interface DateQuestion {
  readonly entity: string;
  /** The columns that hold fields of the source; freshet's own are none. */
  readonly fields: readonly DateField[];
  readonly dateField: string | null;
  readonly master: boolean | null;
}

/** Which column holds the business date of an entity: what the pipeline file says, else none for master data, else the first of DATE_FIELDS. */
export function chooseDateColumn({ entity, fields, dateField, master }: DateQuestion): DateChoice {
  if (dateField !== null) {
    const wished = fields.find(({ field, column }) => field === dateField || column === dateField);
    return wished === undefined ? { kind: 'none', wished: dateField } : { kind: 'column', by: 'pipeline file', ...wished };
  }
  if (master ?? MASTER_ENTITIES.has(plain(entity))) return { kind: 'master' };
  const named = new Map([...fields].reverse().map((field) => [snake(field.field), field]));
  const order = ['date', `${singular(entity)}_date`, ...DATE_FIELDS];
  const [first] = order.flatMap((name) => named.get(name) ?? []);
  return first === undefined ? { kind: 'none', wished: null } : { kind: 'column', by: 'order', ...first };
}

/** `chart_of_accounts` and `chartOfAccounts` are `chartofaccounts`. */
function plain(entity: string): string {
  return snake(entity).replaceAll('_', '');
}

/** `InvoiceDate` and `invoice-date` are `invoice_date`. */
function snake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();
}

function singular(entity: string): string {
  const name = snake(entity);
  return name.endsWith('ies') ? `${name.slice(0, -3)}y` : name.replace(/s$/, '');
}
