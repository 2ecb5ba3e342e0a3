/** Where a page's records stand in its batch's file, and when the source answered. */
export interface PagePlace {
  readonly offset: number;
  readonly length: number;
  /** Text for PostgreSQL. */
  readonly fetchedAt: string;
}

/** `fetched_at` for records in ascending order of their offset; records outside every page get the batch's own time. */
export class PageClock {
  private current = 0;

  constructor(
    private readonly pages: readonly PagePlace[],
    private readonly otherwise: string,
  ) {}

  at(offset: number): string {
    let page = this.pages[this.current];
    while (page !== undefined && offset >= page.offset + page.length) page = this.pages[++this.current];
    return page !== undefined && offset >= page.offset ? page.fetchedAt : this.otherwise;
  }
}
