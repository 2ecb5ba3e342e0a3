import { connectTemporal, type TemporalLink } from '../client/temporal/connect-temporal';
import type { Settings } from '../config/schema/settings';

const ANSWER_WITHIN_MS = 5_000;

/** A link to Temporal that is made again whenever it broke. Nothing here throws: that Temporal is gone is news, not an error. */
export class TemporalWatch {
  #link: TemporalLink | null = null;

  /** `settings` is asked each time: the embedded server may come back at another address. */
  constructor(private readonly settings: () => Settings['temporal']) {}

  /** `null`: Temporal does not answer now, or nobody says where it is. */
  async look(): Promise<TemporalLink | null> {
    try {
      this.#link ??= await connectTemporal(this.settings());
      const { client, namespace } = this.#link;
      await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => client.workflowService.describeNamespace({ namespace }));
      return this.#link;
    } catch {
      await this.close();
      return null;
    }
  }

  async close(): Promise<void> {
    const link = this.#link;
    this.#link = null;
    await link?.close().catch(() => undefined);
  }
}
