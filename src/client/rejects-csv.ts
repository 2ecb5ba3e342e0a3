import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify';
import type { StoredReason } from './rejects-facts';

export interface ExportedReject {
  readonly id: string;
  readonly pipeline: string;
  readonly entity: string;
  readonly record_id: string | null;
  readonly reasons: readonly StoredReason[];
  /** The record as it was landed; `null` where there is none, or it is no text. */
  readonly record: string | null;
}

const COLUMNS = ['reject_id', 'pipeline', 'entity', 'record_id', 'reasons', 'record', 'fix'] as const;

/** A table for a spreadsheet, the last column empty: what is written there is what `rejects import` reads. */
export function rejectsCsv(rejects: readonly ExportedReject[]): Promise<string> {
  const rows = rejects.map(({ id, pipeline, entity, record_id, reasons, record }) => [
    ...[id, pipeline, entity, record_id ?? ''],
    ...[reasons.map(({ message }) => message).join('; '), record ?? '', ''],
  ]);
  return new Promise((resolve, reject) => {
    // A cell that begins like a formula would be one; and without the mark at the beginning Excel takes UTF-8 for something else.
    stringify([[...COLUMNS], ...rows], { bom: true, escape_formulas: true }, (error, text) => (error ? reject(error) : resolve(text)));
  });
}

/** A line of an import that says how a record is to be mended. */
export interface FixLine {
  /** In the file, from 1. */
  readonly line: number;
  readonly rejectId: string;
  readonly fix: string;
}

export interface ReadFixes {
  readonly fixes: readonly FixLine[];
  /** Lines whose fix is empty. */
  readonly untouched: number;
  readonly mistakes: readonly string[];
}

/** Reads an export that somebody filled in, whatever separator their spreadsheet saved it with. */
export async function readFixes(text: string): Promise<ReadFixes> {
  const delimiter = /^\uFEFF?"?reject_id"?([;\t])/.exec(text)?.[1] ?? ',';
  let rows: readonly { readonly line: number; readonly cells: readonly string[] }[];
  try {
    rows = await cellsOf(text, delimiter);
  } catch (error) {
    return { fixes: [], untouched: 0, mistakes: [`no table of comma-separated values: ${(error as Error).message}`] };
  }
  const [head, ...body] = rows;
  const [id, fix] = [head?.cells.indexOf('reject_id') ?? -1, head?.cells.indexOf('fix') ?? -1];
  if (id === -1 || fix === -1) return { fixes: [], untouched: 0, mistakes: ['line 1: the columns reject_id and fix are not both there'] };
  const lines = body.map(({ line, cells }) => ({ line, rejectId: (cells[id] ?? '').trim(), fix: (cells[fix] ?? '').trim() }));
  const fixes = lines.filter((each) => each.fix !== '');
  return { fixes, untouched: lines.length - fixes.length, mistakes: [] };
}

interface ParsedRow {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

function cellsOf(text: string, delimiter: string): Promise<{ line: number; cells: string[] }[]> {
  return new Promise((resolve, reject) => {
    parse(text, { bom: true, delimiter, info: true, relax_column_count: true, skip_empty_lines: true }, (error, rows: unknown) => {
      if (error) reject(error);
      // A row is where it begins: behind the end of the one before.
      else
        resolve(
          (rows as ParsedRow[]).map(({ record }, index, all) => ({
            cells: record,
            line: index === 0 ? 1 : all[index - 1]!.info.lines + 1,
          })),
        );
    });
  });
}
