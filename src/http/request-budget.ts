import type { StageContext } from '../observability/stage-context';

/** Whom a service counts requests for. */
export interface Account {
  /** The same text, the same account, in every process. */
  readonly key: string;
  /** For sentences: `organization 10234695 of www.zohoapis.eu`. */
  readonly name: string;
}

/** How a block stands: whole figures, so that telling twice changes nothing. */
export interface BlockTold {
  readonly block: string;
  /** Requests that have ended. */
  readonly used: number;
  /** Requests that are under way or may still begin. */
  readonly leased: number;
  /** How long ago the last of them ended; ms. */
  readonly ago_ms: number;
}

/** One request that was made, for the audit; `block` and `n` name it. */
export interface CallTold {
  readonly block: string;
  readonly n: number;
  readonly run_id: string | null;
  readonly entity: string | null;
  /** `GET www.zohoapis.eu/books/v3/invoices`. */
  readonly what: string;
  /** How long ago it began; ms. */
  readonly ago_ms: number;
  readonly ms: number;
  /** Of the answer; `null`: none came. */
  readonly status: number | null;
  /** Code of the error instead of an answer. */
  readonly error: string | null;
}

export interface Exchange {
  /** Requests of the account in a minute. */
  readonly limit: number;
  /** Name of the block that is asked for. */
  readonly block: string;
  readonly want: number;
  /** How many requests wait for their turn. */
  readonly queued: number;
  readonly told: readonly BlockTold[];
  readonly calls: readonly CallTold[];
}

export interface Granted {
  readonly granted: number;
  /** When the next of those that others hold comes free at the latest, if none begins anew; ms. */
  readonly retryMs: number;
}

/** What all processes that use one account share: how many requests it lets through in a minute. */
export interface RequestBudget {
  /** Tells how blocks stand and what was called, and leases a block. Rejects with a FreshetError where the budget is out of reach. */
  exchange(account: Account, exchange: Exchange, ctx: Pick<StageContext, 'fault'>): Promise<Granted>;
}
