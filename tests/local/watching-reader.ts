import type { Database } from '../../src/database/database';
import { sqlstate } from '../../src/database/database-error';
import { NO_TABLES, STATE } from './load-edition';

const UNDEFINED_TABLE = '42P01';

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
      this.seen.add(await this.state());
      this.looks++;
      this.waiting.splice(0).forEach((heard) => heard());
    }
  }

  private async state(): Promise<string> {
    try {
      return (await this.db.query<{ state: string }>(STATE))[0]!.state;
    } catch (error) {
      if (sqlstate(error) === UNDEFINED_TABLE) return NO_TABLES;
      throw error;
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
