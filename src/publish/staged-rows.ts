import { cellsOfLine } from './copy-out';
import type { Finding } from './mapping/mapping';
import { heals, idOfLine, isGoneLine, refusedLine, stageLine, verdictOf, type RowVerdict, type StagedRow } from './staged-row';

/** A record that a rule found something wrong with. */
export interface Flawed {
  readonly id: string;
  readonly verdict: RowVerdict;
  /** It may become good without changing. */
  readonly heals: boolean;
  readonly findings: readonly Finding[];
}

/** Whole lines of the stage. */
interface Portion {
  readonly bytes: Buffer;
  readonly lines: number;
}

/** Whether any record lacks a key of its source; whether any has a pinned field. */
interface Marks {
  readonly absent: boolean;
  readonly pinned: boolean;
}

const NEWLINE = 10;
const seqOf = (line: string): number => Number(line.slice(0, line.indexOf('\t')));

/** Records of one chunk as bytes that COPY takes, so that of each only its line stays in memory. */
export class StagedRows {
  constructor(
    readonly portions: readonly Portion[],
    readonly length: number,
    /** By the number in the line (`seq`). */
    readonly flawed: ReadonlyMap<number, Flawed>,
    readonly marks: Marks,
  ) {}

  /** Of the last record. */
  get lastId(): string {
    return cellsOfLine(idOfLine(this.lines().at(-1)!))[0]!;
  }

  /** Both hold whole records; for chunks of two or more. */
  halves(): [StagedRows, StagedRows] {
    const bytes = Buffer.concat(this.portions.map((portion) => portion.bytes));
    const first = this.length >> 1;
    let end = 0;
    for (let n = 0; n < first; n++) end = bytes.indexOf(NEWLINE, end) + 1;
    const [before, after] = [bytes.subarray(0, end), bytes.subarray(end)];
    const middle = seqOf(after.toString('utf8', 0, 16));
    const part = (half: Buffer, length: number, isIn: (seq: number) => boolean): StagedRows =>
      new StagedRows([{ bytes: half, lines: length }], length, new Map([...this.flawed].filter(([seq]) => isIn(seq))), this.marks);
    return [part(before, first, (seq) => seq < middle), part(after, this.length - first, (seq) => seq >= middle)];
  }

  /** Of one record: whether it is a deletion. */
  get isGone(): boolean {
    return isGoneLine(this.lines()[0]!);
  }

  /** Of one record: its cells are not to be stored, so they are not staged either. */
  refused(reason: Finding): StagedRows {
    const [line = ''] = this.lines();
    const seq = seqOf(line);
    const findings = [...(this.flawed.get(seq)?.findings ?? []), reason];
    const flawed = new Map([[seq, { id: cellsOfLine(idOfLine(line))[0]!, verdict: 'rejected' as const, heals: false, findings }]]);
    return new StagedRows([{ bytes: Buffer.from(`${refusedLine(line)}\n`), lines: 1 }], 1, flawed, this.marks);
  }

  /** Those of the last portion. */
  private lines(): string[] {
    return this.portions.at(-1)!.bytes.toString('utf8').slice(0, -1).split('\n');
  }
}

/** Renders records while others are merged. */
export class Staging {
  private portions: Portion[] = [];
  private flawed = new Map<number, Flawed>();
  private marks = { absent: false, pinned: false };
  private count = 0;
  private size = 0;

  get length(): number {
    return this.count;
  }

  /** Bytes of their lines. */
  get bytes(): number {
    return this.size;
  }

  add(rows: readonly StagedRow[]): void {
    if (rows.length === 0) return;
    const lines = rows.map((row) => this.line(row));
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    this.portions.push({ bytes, lines: lines.length });
    this.size += bytes.length;
  }

  /** What was added; the next records are another chunk's. */
  take(): StagedRows {
    const taken = new StagedRows(this.portions, this.count, this.flawed, this.marks);
    this.portions = [];
    this.flawed = new Map();
    this.marks = { absent: false, pinned: false };
    this.count = 0;
    this.size = 0;
    return taken;
  }

  private line(row: StagedRow): string {
    const { raw, cells, findings, pinned } = row;
    const seq = this.count++;
    const verdict = verdictOf(row);
    if (findings.length > 0 && !raw.gone) this.flawed.set(seq, { id: raw.id, verdict, heals: heals(row), findings });
    if (pinned !== null) this.marks.pinned = true;
    if (!this.marks.absent && cells.includes(undefined)) this.marks.absent = true;
    return stageLine(row, seq, verdict);
  }
}
