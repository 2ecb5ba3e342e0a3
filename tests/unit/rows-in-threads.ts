import { INVOICES, invoice } from '../../bench/documents';
import { recordHash } from '../../src/load/batch-file';
import type { Column } from '../../src/load/columns';
import { inlineRenderer, RowThreads } from '../../src/load/row-threads';
import type { DatedRecord } from '../../src/load/render';

/** A process outside jest: renders the same portions in this thread and in others, and says where they differ. */
const column = (field: string, type: Column['type'], ordinal: number): Column => ({ field, name: field, type, ordinal });
const HEADER = Object.keys(JSON.parse(invoice(1, 1).text) as object).filter((field) => field !== 'line_items');
const LINES = ['line_item_id', 'item_id', 'name', 'description', 'quantity', 'unit', 'rate', 'item_total'];
const task = {
  shape: {
    header: HEADER.map((field, n) =>
      column(
        field,
        field === 'billing_address'
          ? 'jsonb'
          : (INVOICES.columns[field] ?? (field === 'is_emailed' ? 'boolean' : field === 'exchange_rate' ? 'numeric' : 'text')),
        n,
      ),
    ),
    lines: LINES.map((field, n) => column(field, INVOICES.lineItemColumns[field] ?? 'text', n)),
  },
  definition: INVOICES,
  zone: 'Europe/Berlin',
  rules: [{ field: 'notes', rule: 'length' as const, max: 100_000 }],
};

const ODD = [
  '{',
  '[]',
  '{"invoice_id":1,"nowhere":2}',
  '{"invoice_id":"\\u0000"}',
  `{"invoice_id":"big","notes":"${'x\\n'.repeat(200_000)}"}`,
  '\ud800',
];

function portions(): DatedRecord[][] {
  const texts = [
    ...Array.from({ length: 900 }, (_, n) => invoice(n, 1).text),
    ...ODD,
    '{"invoice_id":"ü€😀","total":12345678901234567890.10}',
  ];
  const records = texts.map((text, place) => ({
    seq: place + 1,
    offset: place * 10,
    bytes: Buffer.from(text),
    fetchedAt: `2025-07-0${1 + (place % 9)} 00:00:00+00`,
    hash: recordHash(Buffer.from(text)),
  }));
  const cut: DatedRecord[][] = [];
  for (let from = 0, size = 0; from < records.length; from += size) cut.push(records.slice(from, from + (size = 1 + (from % 97))));
  return [...cut, []];
}

async function main(): Promise<void> {
  const [inline, threads] = [inlineRenderer(task), new RowThreads(task, 2)];
  let [rows, rejects] = [0, 0];
  try {
    const answers = portions().map((portion) => [inline.render(portion), threads.render(portion)] as const);
    for (const [here, there] of answers) {
      const [a, b] = [await here, await there];
      const shown = (one: typeof a): string =>
        JSON.stringify({ ...one, header: Buffer.from(one.header).toString(), lines: Buffer.from(one.lines).toString() });
      if (shown(a) !== shown(b)) throw new Error(`${shown(a)}\n${shown(b)}`);
      rows += b.rows;
      rejects += b.rejects.length;
    }
  } finally {
    await threads.close();
  }
  process.stdout.write(JSON.stringify({ rows, rejects }));
}

void main();
