import type { StageContext } from '../observability/stage-context';
import type { Database } from './database';

interface Exchanged {
  readonly granted: number;
  readonly retryMs: number;
}

/** `freshet.api_budget`: what processes lease of an account's requests, and the audit of those that were made (decision 0017). */
export class ApiBudget {
  constructor(private readonly db: Database) {}

  /**
   * One round trip, one transaction. An answer that was lost may have granted: who asked tells that block as given back. Errors: database_error.
   */
  async exchange(
    account: { readonly key: string; readonly name: string },
    exchange: object,
    ctx: Pick<StageContext, 'fault'>,
  ): Promise<Exchanged> {
    await ctx.fault('budget.before-lease');
    const asked = JSON.stringify({ ...exchange, account: account.key, name: account.name });
    const [row] = await this.db.query<{ granted: number; retry_ms: string }>(
      `select granted, retry_ms from freshet.lease_requests($1::jsonb)`,
      [asked],
    );
    await ctx.fault('budget.after-lease');
    return { granted: row!.granted, retryMs: Number(row!.retry_ms) };
  }
}
