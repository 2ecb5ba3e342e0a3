import type { LoadDefinition } from '../src/load/load-definition';

/** Generated invoices with one to five line items (three on average); the same seed gives the same bytes. */
export interface Documents {
  readonly count: number;
  /** Which edition of them: each one changes every document. */
  readonly edition: number;
}

/** What a table must hold after these documents, from the generator and not from the tables. Amounts in cents. */
export interface Expected {
  readonly documents: number;
  readonly lines: number;
  readonly total: string;
  readonly quantity: string;
}

export const INVOICES: LoadDefinition = {
  key: ['invoice_id'],
  cursor: { field: 'last_modified_time', kind: 'instant', precision: 'second', boundary: 'inclusive' },
  version: null,
  lineItems: { field: 'line_items' },
  volatile: [],
  emptyIsNull: true,
  columns: {
    total: 'numeric',
    balance: 'numeric',
    tax_total: 'numeric',
    date: 'date',
    due_date: 'date',
    last_modified_time: 'timestamptz',
  },
  lineItemColumns: { quantity: 'numeric', rate: 'numeric', item_total: 'numeric' },
  settleMs: 0,
};

const STATES = ['draft', 'sent', 'paid', 'overdue'];
const NOTES = [
  '',
  'Thanks for your business.',
  'Zahlbar innerhalb von 14 Tagen ohne Abzug — bitte Rechnungsnummer angeben.',
  'Deliver to "back door"',
];

const cents = (n: number): string => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`;
/** A number that looks random and depends on its place only. */
const mix = (n: number, salt: number): number => (Math.imul(n ^ (salt * 0x9e3779b9), 0x85ebca6b) >>> 8) & 0xffff;
const linesOf = (n: number): number => 1 + (mix(n, 1) % 5);
const quantityOf = (n: number, line: number): number => 1 + (mix(n * 8 + line, 2) % 20);
const rateOf = (n: number, line: number, edition: number): number => 100 + (mix(n * 8 + line, 3) % 50_000) + edition;
const day = (n: number): string => new Date(Date.UTC(2024, 0, 1 + (n % 540))).toISOString().slice(0, 10);

/** One document's JSON, and what it adds to the sums. */
export function invoice(
  n: number,
  edition: number,
): { readonly text: string; readonly total: number; readonly quantity: number; readonly lines: number } {
  const lines: object[] = [];
  let [total, quantity] = [0, 0];
  for (let line = 0; line < linesOf(n); line++) {
    const [pieces, rate] = [quantityOf(n, line), rateOf(n, line, edition)];
    total += pieces * rate;
    quantity += pieces;
    const item = mix(n * 8 + line, 4);
    lines.push({
      line_item_id: `46000${n}0${line}`,
      item_id: `4600001${item}`,
      name: `Article ${item}`,
      description: `Size ${item % 60}, colour ${item % 12}, packed by ${1 + (item % 24)}`,
      quantity: pieces,
      unit: 'pcs',
      rate: `#${cents(rate)}`,
      item_total: `#${cents(pieces * rate)}`,
    });
  }
  const customer = mix(n, 5);
  const document = {
    invoice_id: `460000${n}`,
    invoice_number: `INV-${String(n).padStart(8, '0')}`,
    customer_id: `4600009${customer}`,
    customer_name: `Customer ${customer} GmbH & Co. KG`,
    status: STATES[n % STATES.length],
    date: day(n),
    due_date: day(n + 14),
    currency_code: 'EUR',
    exchange_rate: 1,
    total: `#${cents(total)}`,
    balance: `#${cents(n % 3 === 0 ? total : 0)}`,
    tax_total: `#${cents(Math.floor(total / 6))}`,
    reference_number: `PO-${mix(n, 6)}`,
    salesperson_name: `Salesperson ${n % 17}`,
    notes: NOTES[n % NOTES.length],
    is_emailed: n % 2 === 0,
    created_time: `${day(n)}T08:00:00+0200`,
    last_modified_time: `2025-07-${String(1 + edition).padStart(2, '0')}T10:00:00+0200`,
    billing_address: { street: `Street ${customer % 300}`, city: 'Berlin', zip: String(10_000 + (customer % 4_000)), country: 'Germany' },
    line_items: lines,
  };
  // Amounts are numbers with two digits after the point, as the API writes them; JSON.stringify would drop a zero.
  return { text: JSON.stringify(document).replace(/"#(\d+\.\d\d)"/g, '$1'), total, quantity, lines: lines.length };
}

/** The file's bytes in portions. `seen` hears of each document. */
export function* invoiceFile(
  { from, to, edition }: { readonly from: number; readonly to: number; readonly edition: number },
  seen: (document: ReturnType<typeof invoice>) => void,
): Generator<Uint8Array> {
  let text = '[';
  for (let n = from; n < to; n++) {
    const document = invoice(n, edition);
    seen(document);
    text += `${n === from ? '' : ',\n'}${document.text}`;
    if (text.length > 256 * 1024) {
      yield Buffer.from(text);
      text = '';
    }
  }
  yield Buffer.from(`${text}]\n`);
}
