import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Runs one statement; rejects with pg's error. */
export type Ask = <R extends object>(text: string, values: readonly unknown[]) => Promise<R[]>;

/** A dead connection answers no goodbye. */
const END_WITHIN_MS = 1_000;

/**
 * Connections beside the pool, opened for one purpose and closed again: for what must not wait until the pool has a free one, because
 * all of the pool's are held by what it is about.
 */
export class SideConnections {
  private readonly open = new Set<Promise<unknown>>();

  constructor(private readonly config: pg.ClientConfig) {}

  use<T>(body: (ask: Ask) => Promise<T>): Promise<T> {
    const work = this.run(body);
    const watched = work.catch(() => undefined).finally(() => this.open.delete(watched));
    this.open.add(watched);
    return work;
  }

  /** Resolves when everything that was begun has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.open);
  }

  private async run<T>(body: (ask: Ask) => Promise<T>): Promise<T> {
    const client = new pg.Client(this.config);
    // It reports a broken connection here as well; the statement that is under way rejects anyway.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await body(
        async <R extends object>(text: string, values: readonly unknown[]) => (await client.query<R>(text, [...values])).rows,
      );
    } finally {
      await Promise.race([client.end(), sleep(END_WITHIN_MS, undefined, { ref: false })]);
    }
  }
}
