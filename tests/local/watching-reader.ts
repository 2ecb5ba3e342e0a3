import type { Database } from '../../src/database/database';
import { STATE } from './load-edition';

/** A reader in a tight loop over both tables: what it saw, each state once. */
export class WatchingReader {
  readonly seen = new Set<string>();
  looks = 0;
  private going = true;
  private readonly loop: Promise<void>;
  private waiting: (() => void)[] = [];

  constructor(private readonly db: Database) {
    this.loop = this.look();
  }

  private async look(): Promise<void> {
    while (this.going) {
      const [row] = await this.db.query<{ state: string }>(STATE);
      this.seen.add(row!.state);
      this.looks++;
      this.waiting.splice(0).forEach((heard) => heard());
    }
  }

  /** After a look that began now or later. */
  async hasLooked(): Promise<void> {
    for (const _ of ['the one under way', 'the next']) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Ends the loop. Answers with the states that are none of those allowed. */
  async stop(allowed: readonly string[]): Promise<string[]> {
    this.going = false;
    await this.loop;
    return [...this.seen].filter((state) => !allowed.includes(state));
  }
}
