import { rawRow, type RawRow } from './raw-rows';

/** Characters of rows that wait to be mapped, above which they wait no longer for others. */
const MOST_WAITING = 4 * 1024 * 1024;

const sizeOf = ({ cells }: RawRow): number => cells.reduce((sum, cell) => sum + (cell?.length ?? 0), 0);

/** Rows as they came from the raw table, until there are enough of them to be mapped together. */
export class WaitingRows {
  private rows: RawRow[] = [];
  private size = 0;

  get length(): number {
    return this.rows.length;
  }

  get areLarge(): boolean {
    return this.size >= MOST_WAITING;
  }

  add(line: readonly (string | null)[]): void {
    const row = rawRow(line);
    this.rows.push(row);
    this.size += sizeOf(row);
  }

  take(most: number): RawRow[] {
    const taken = this.rows.slice(0, most);
    this.rows = this.rows.slice(most);
    this.size -= taken.reduce((sum, row) => sum + sizeOf(row), 0);
    return taken;
  }
}
