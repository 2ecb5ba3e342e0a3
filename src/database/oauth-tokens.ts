import type { StageContext } from '../observability/stage-context';
import type { Database, Tx } from './database';
import { derived, seal, unseal } from './sealed';

/** Whose token it is. */
export interface TokenAccount {
  /** Type of the source and host of its accounts, for people who look into the table. */
  readonly source: string;
  readonly account: string;
  /** All credentials as one text: they name the row and open it. */
  readonly credentials: { reveal(): string };
}

/** What is stored, as of the database's clock (ms since 1970). */
export interface KeptToken {
  /** `null`: nothing, or nothing that opens. */
  readonly text: string | null;
  readonly now: number;
}

export interface TokenDecision<T> {
  /** What is stored from now on; `null` leaves what is there. */
  readonly text: string | null;
  readonly result: T;
}

export interface OAuthTokensOptions {
  /** Without it the credentials alone open a row. */
  readonly secretKey?: { reveal(): string } | undefined;
  /** How long one may stand still with the lock before the server cuts it off; ms, longer than a refresh may take. */
  readonly holdMs?: number;
}

const HOLD_MS = 45_000;
/** For the one before, cut off at the latest then. */
const WAIT_BEYOND_MS = 15_000;

/** Access tokens in `freshet.oauth_token`, sealed and shared by all processes that use the same credentials (decision 0005). */
export class OAuthTokens {
  readonly #holdMs: number;

  constructor(
    private readonly db: Database,
    private readonly options: OAuthTokensOptions = {},
  ) {
    this.#holdMs = options.holdMs ?? HOLD_MS;
  }

  /**
   * Alone among all processes with these credentials: reads what is stored, lets `decide` say what becomes of it, and stores that before it
   * resolves. Called again where the connection broke meanwhile: it must know what it did. What it throws goes up and nothing is stored. Errors of its own: database_error, `cancelled`.
   */
  exclusive<T>(account: TokenAccount, decide: (kept: KeptToken) => Promise<TokenDecision<T>>, ctx: StageContext): Promise<T> {
    const row = this.#row(account);
    return this.db.transaction({ site: 'token.renew', ctx, lockTimeoutMs: this.#holdMs + WAIT_BEYOND_MS, repeatable: true }, async (tx) => {
      const { text, result } = await decide(await this.#kept(tx, row, ctx));
      if (text !== null) {
        await tx.query(
          `insert into freshet.oauth_token (id, source, account, sealed) values ($1, $2, $3, $4)
           on conflict (id) do update set sealed = excluded.sealed, stored_at = now()`,
          [row.id, row.source, row.account, seal(text, row.key, row.place)],
        );
      }
      return result;
    });
  }

  #row({ source, account, credentials }: TokenAccount): Row {
    const secret = credentials.reveal();
    const id = derived(secret, '', 'freshet oauth_token id').toString('hex');
    const key = derived(secret, this.options.secretKey?.reveal() ?? '', 'freshet oauth_token key');
    return { id, key, source, account, place: JSON.stringify([source, account, id]) };
  }

  async #kept(tx: Tx, { id, key, source, account, place }: Row, ctx: StageContext): Promise<KeptToken> {
    await tx.query(
      `select set_config('idle_in_transaction_session_timeout', $2, true), pg_advisory_xact_lock(hashtextextended('freshet.oauth_token:' || $1, 0))`,
      [id, String(this.#holdMs)],
    );
    const [found] = await tx.query<{ sealed: Buffer | null; now: string }>(
      `select (select sealed from freshet.oauth_token where id = $1) as sealed, trunc(extract(epoch from clock_timestamp()) * 1000) as now`,
      [id],
    );
    const sealed = found?.sealed ?? null;
    const text = sealed === null ? null : unseal(sealed, key, place);
    if (sealed !== null && text === null) ctx.log('DB-003', { source, account });
    return { text, now: Number(found?.now) };
  }
}

interface Row {
  readonly id: string;
  readonly key: Buffer;
  readonly source: string;
  readonly account: string;
  /** What the sealed text is bound to. */
  readonly place: string;
}
