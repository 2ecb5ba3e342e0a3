import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Editions of one table with line items: each rewrites every record of the one before and brings a few more, in two files. */
const ROWS = 40;
const MORE = 4;

const day = (edition: number): string => new Date(Date.UTC(2025, 0, edition)).toISOString().slice(0, 10);
const rowsOf = (edition: number): number[] => Array.from({ length: ROWS + MORE * edition }, (_, i) => i);

interface Invoice {
  readonly invoice_id: string;
  readonly edition: number;
  readonly last_modified_time: string;
  readonly line_items: readonly { readonly line_item_id: string; readonly edition: number }[];
}

function invoice(i: number, edition: number): Invoice {
  const line_items = Array.from({ length: 1 + ((i + edition) % 3) }, (_, n) => ({ line_item_id: `${i}-${n}`, edition }));
  return { invoice_id: `I${i}`, edition, last_modified_time: `${day(edition)}T10:00:00+0200`, line_items };
}

/** The first file has the even records, the second the odd ones. */
export function writeEdition(folder: string, edition: number): void {
  rmSync(folder, { recursive: true, force: true });
  for (const rest of [0, 1]) {
    const path = join(folder, `${day(edition)}_10-00-0${rest}`, 'invoices.json');
    mkdirSync(dirname(path), { recursive: true });
    const records = rowsOf(edition).filter((i) => i % 2 === rest);
    writeFileSync(path, JSON.stringify(records.map((i) => invoice(i, edition))));
  }
}

/** Both tables in one sentence; one statement, so one snapshot. */
export const STATE = `select (select count(*) || ' rows, editions ' || sum(edition) from public.json_invoices) || ', '
                          || (select count(*) || ' lines, editions ' || sum(edition) from public.json_invoices_line_items) as state`;

/** What is seen of tables that do not exist. */
export const NO_TABLES = 'no tables';

/** Where an edition is loaded into: tables that hold the one before, or none. */
export type Into = 'held' | 'new';

/** What STATE may be while an edition is loaded: the tables before it, after its first file, after its second. */
export function allowedStates(edition: number, into: Into): string[] {
  const held = (i: number): number => (into === 'held' && i < ROWS + MORE * (edition - 1) ? edition - 1 : 0);
  return [held, (i: number) => (i % 2 === 0 ? edition : held(i)), () => edition].map((of) => {
    const records = rowsOf(edition).flatMap((i) => (of(i) === 0 ? [] : [invoice(i, of(i))]));
    if (records.length === 0) return NO_TABLES;
    const lines = records.flatMap(({ line_items }) => line_items);
    return `${records.length} rows, editions ${sum(records)}, ${lines.length} lines, editions ${sum(lines)}`;
  });
}

const sum = (list: readonly { readonly edition: number }[]): number => list.reduce((total, one) => total + one.edition, 0);
