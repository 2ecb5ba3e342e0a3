import { openDatabase, type Database } from '../../src/database/database';

/** A reader on a connection of its own, in a tight loop: what it saw, each answer once and in the order in which it came first. */
export class TightReader {
  private readonly db: Database;
  private readonly answers = new Set<string>();
  private going = true;
  private looks = 0;
  private readonly loop: Promise<void>;

  /** `question`: one statement with one column `answer`. */
  constructor(
    url: string,
    private readonly question: string,
  ) {
    this.db = openDatabase({ url, poolSize: 1 });
    this.loop = this.look();
  }

  private async look(): Promise<void> {
    while (this.going) {
      const [row] = await this.db.query<{ answer: string }>(this.question);
      this.answers.add(row!.answer);
      this.looks++;
    }
  }

  /** Ends the loop after one more look, which begins now or later. */
  async stop(): Promise<{ readonly answers: readonly string[]; readonly looks: number }> {
    const upto = this.looks + 2;
    while (this.looks < upto) await new Promise((resolve) => setImmediate(resolve));
    this.going = false;
    await this.loop;
    await this.db.close();
    return { answers: [...this.answers], looks: this.looks };
  }
}
