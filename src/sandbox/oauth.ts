import { randomBytes } from 'node:crypto';
import { plainAnswer } from './answer';
import type { Answer } from './answer';
import type { SandboxClock } from './clock';
import { TOKEN_THROTTLED } from './faults';
import { Window } from './window';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly organizationId: string;
}

/** Both documented for one refresh token. */
export interface TokenLimits {
  /** Access tokens given out in ten minutes; more are refused. */
  tokensPerTenMinutes: number;
  /** Access tokens alive at once; one more makes the oldest die without a word. */
  liveTokens: number;
}

export const TOKEN_LIMITS: TokenLimits = { tokensPerTenMinutes: 10, liveTokens: 30 };

export interface OAuthOptions {
  readonly credentials: Credentials;
  readonly lifetimeSeconds: number;
  readonly limits: TokenLimits;
  /** The clock of the ten minutes; tokens themselves age by the sandbox's. */
  readonly windowNow: () => number;
  /** Told in `api_domain`. */
  readonly apiDomain: () => string;
}

const TEN_MINUTES = 600_000;

/** The accounts host: exchanges the refresh token for access tokens that expire by the sandbox's clock. Asked in parallel, it gives each its own. */
export class OAuth {
  readonly #expiry = new Map<string, number>();
  readonly #used = new Set<string>();
  readonly #given: Window;

  constructor(
    private readonly clock: SandboxClock,
    private readonly options: OAuthOptions,
  ) {
    this.#given = new Window(TEN_MINUTES, options.windowNow);
  }

  get limits(): TokenLimits {
    return this.options.limits;
  }

  /** Errors come with HTTP 200, as Zoho sends them. */
  token(params: URLSearchParams): Answer {
    const { credentials, lifetimeSeconds } = this.options;
    if (params.get('client_id') !== credentials.clientId) return plainAnswer(200, { error: 'invalid_client' });
    if (params.get('client_secret') !== credentials.clientSecret) return plainAnswer(200, { error: 'invalid_client_secret' });
    if (params.get('grant_type') !== 'refresh_token') return plainAnswer(200, { error: 'unsupported_grant_type' });
    if (params.get('refresh_token') !== credentials.refreshToken) return plainAnswer(200, { error: 'invalid_code' });
    if (this.#given.count() >= this.limits.tokensPerTenMinutes) return TOKEN_THROTTLED;
    this.#given.add();
    const token = `1000.${randomBytes(16).toString('hex')}.${randomBytes(16).toString('hex')}`;
    this.#sweep();
    this.#expiry.set(token, this.clock.now() + lifetimeSeconds * 1000);
    this.#bury();
    return plainAnswer(200, {
      access_token: token,
      scope: 'ZohoBooks.contacts.READ ZohoBooks.settings.READ ZohoBooks.invoices.READ',
      api_domain: this.options.apiDomain(),
      token_type: 'Bearer',
      expires_in: lifetimeSeconds,
    });
  }

  /** Whether an `Authorization` header carries a live token under Zoho's own scheme. */
  accepts(header: string | undefined): boolean {
    const token = /^Zoho-oauthtoken (\S+)$/.exec(header ?? '')?.[1];
    const expiry = token === undefined ? undefined : this.#expiry.get(token);
    const accepted = expiry !== undefined && this.clock.now() < expiry;
    if (accepted) this.#used.add(token!);
    return accepted;
  }

  get live(): number {
    return this.#expiry.size;
  }

  /** Every token that was used: one that was just given out lives, as its age says. */
  expireUsed(): void {
    for (const token of this.#used) this.#expiry.delete(token);
    this.#used.clear();
  }

  /** Forgets the tokens given in the last ten minutes; they live on. */
  resetWindow(): void {
    this.#given.reset();
  }

  /** The oldest tokens beyond the limit of living ones; a map keeps the order in which they were given. */
  #bury(): void {
    for (const token of this.#expiry.keys()) {
      if (this.#expiry.size <= this.limits.liveTokens) return;
      this.#expiry.delete(token);
    }
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const [token, expiry] of this.#expiry) if (expiry <= now) this.#expiry.delete(token);
  }
}
