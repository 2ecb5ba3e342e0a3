import { counted } from '../../domain/counted';
import type { StreamedRecord } from '../../json/array-stream';

/** Where a page's records stand in the file of its batch. */
export interface PageCut {
  readonly seq: number;
  readonly offset: number;
  readonly length: number;
  readonly records: number;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly fetchedAt: string | null;
}

/** Assigns the records of a file, which come in order of their offset, to the pages that should hold them. */
export class PageCuts {
  private readonly counts: number[];
  private at = 0;
  private readonly misplaced: string[] = [];

  constructor(private readonly pages: readonly PageCut[]) {
    this.counts = pages.map(() => 0);
  }

  /** The page that holds the record wholly; `null` where none does. */
  place(record: StreamedRecord): PageCut | null {
    while (this.at < this.pages.length && record.offset >= end(this.pages[this.at]!)) this.at++;
    const page = this.pages[this.at];
    if (!page || record.offset < page.offset || record.offset + record.bytes.length > end(page)) {
      this.misplaced.push(`record at byte ${record.offset} stands in no page`);
      return null;
    }
    this.counts[this.at] = (this.counts[this.at] ?? 0) + 1;
    return page;
  }

  /** One sentence for each page whose cut does not fit what the file holds. */
  faults(fileBytes: number): string[] {
    const pages = this.pages.flatMap((page, index) => [
      ...(this.counts[index] === page.records
        ? []
        : [`page ${page.seq} holds ${counted(this.counts[index] ?? 0, 'record')}, its row says ${page.records}`]),
      ...(end(page) > fileBytes ? [`page ${page.seq} reaches to byte ${end(page)} of ${fileBytes}`] : []),
      ...(page.length === page.bytes - 2 ? [] : [`page ${page.seq} had ${page.bytes} bytes, its cut has ${page.length}`]),
    ]);
    return [...this.misplaced, ...pages];
  }
}

function end(page: PageCut): number {
  return page.offset + page.length;
}
