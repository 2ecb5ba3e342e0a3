const KEPT = 200_000;

/** The newest 200,000 lines of a log, oldest first; their numbers go on beyond. */
export class KeptLines<L> {
  #lines: L[] = [];
  #total = 0;

  /** Makes a line with its number, from 1, and keeps it. */
  add(make: (n: number) => L): L {
    this.#total += 1;
    const line = make(this.#total);
    this.#lines.push(line);
    // Cut in large pieces, so that a line costs constant time.
    if (this.#lines.length >= KEPT * 1.25) this.#lines = this.#lines.slice(-KEPT);
    return line;
  }

  /** Lines since the start, also the forgotten ones. */
  get total(): number {
    return this.#total;
  }

  read(): L[] {
    return this.#lines.slice(-KEPT);
  }

  clear(): void {
    this.#lines = [];
  }
}
