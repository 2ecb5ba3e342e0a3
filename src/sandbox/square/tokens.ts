import { randomBytes } from 'node:crypto';
import type { SandboxClock } from '../clock';
import { EXPIRED, REVOKED, UNAUTHORIZED } from './errors';
import type { SquareAnswer } from './errors';

/** Access tokens: one works at a time; older ones are remembered with the reason why they do not. */
export class Tokens {
  readonly #dead = new Map<string, SquareAnswer>();
  #token: string;
  #until: number;

  constructor(
    private readonly clock: SandboxClock,
    token: string,
    private readonly lifetimeSeconds: number,
  ) {
    this.#token = token;
    this.#until = clock.now() + lifetimeSeconds * 1000;
  }

  get current(): string {
    return this.#token;
  }

  /** Why a request with this `Authorization` header is refused, if it is. */
  refusal(header: string | undefined): SquareAnswer | undefined {
    const token = /^Bearer (\S+)$/i.exec(header ?? '')?.[1];
    if (token === undefined) return UNAUTHORIZED;
    const dead = this.#dead.get(token);
    if (dead !== undefined) return dead;
    if (token !== this.#token) return UNAUTHORIZED;
    return this.clock.now() < this.#until ? undefined : EXPIRED;
  }

  /** The present token stops working. */
  end(how: 'expired' | 'revoked'): void {
    this.#dead.set(this.#token, how === 'expired' ? EXPIRED : REVOKED);
  }

  /** A new token, alive at once; the one before it is expired. */
  renew(token = newToken()): string {
    this.end('expired');
    this.#dead.delete(token);
    this.#token = token;
    this.#until = this.clock.now() + this.lifetimeSeconds * 1000;
    return token;
  }
}

export function newToken(): string {
  return `EAAA${randomBytes(30).toString('base64url')}`;
}
