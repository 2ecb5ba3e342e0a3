import { randomBytes } from 'node:crypto';
import type { SandboxClock } from '../clock';

/** `legacy`: until 18, every session is a licence. `force-login`: from 20 R6, a guest costs none, the login takes one. */
export type Generation = 'legacy' | 'force-login';

export interface SessionSettings {
  readonly generation: Generation;
  readonly cookieName: string;
  licences: number;
  /** Minutes without a request after which a session ends. */
  idleMinutes: number;
}

export interface Session {
  /** Counts from 1; for the request log, which must not show the cookie. */
  readonly n: number;
  readonly cookie: string;
  user: boolean;
  licence: boolean;
  idleMs: number;
  seen: number;
}

const LEAST_MINUTES = 60;

/** Web sessions by their cookie, and the licences they hold. They age by the sandbox's clock. */
export class Sessions {
  readonly #open = new Map<string, Session>();
  #n = 0;

  constructor(
    private readonly clock: SandboxClock,
    readonly settings: SessionSettings,
  ) {}

  /** The session whose cookie was sent, else a new one; undefined when that would need a licence and none is left. */
  enter(cookieHeader: string | undefined): { readonly session: Session; readonly opened: boolean } | undefined {
    this.#sweep();
    const known = this.#open.get(this.#sent(cookieHeader));
    if (known !== undefined) {
      known.seen = this.clock.now();
      return { session: known, opened: false };
    }
    const licence = this.settings.generation === 'legacy';
    if (licence && !this.#free()) return undefined;
    this.#n += 1;
    const cookie = randomBytes(16).toString('hex').toUpperCase();
    const idleMs = this.settings.idleMinutes * 60_000;
    const session: Session = { n: this.#n, cookie, user: false, licence, idleMs, seen: this.clock.now() };
    this.#open.set(cookie, session);
    return { session, opened: true };
  }

  /** Makes a guest a user; false when that needs a licence and none is left. */
  logIn(session: Session, minutes: number | undefined): boolean {
    if (!session.licence && !this.#free()) return false;
    session.licence = true;
    session.user = true;
    if (minutes !== undefined) session.idleMs = Math.max(LEAST_MINUTES, minutes) * 60_000;
    return true;
  }

  /** Ends the session whose cookie was sent, as its age would. */
  expire(cookieHeader: string | undefined): void {
    this.#open.delete(this.#sent(cookieHeader));
  }

  /** Ends a session and gives its licence back. */
  end(session: Session): void {
    this.#open.delete(session.cookie);
  }

  endAll(): void {
    this.#open.clear();
  }

  setCookie(session: Session): string {
    return `${this.settings.cookieName}=${session.cookie}; Path=/; HttpOnly`;
  }

  count(): { readonly sessions: number; readonly users: number; readonly licences: number } {
    this.#sweep();
    const open = [...this.#open.values()];
    return { sessions: open.length, users: open.filter(({ user }) => user).length, licences: open.filter(({ licence }) => licence).length };
  }

  #free(): boolean {
    return this.count().licences < this.settings.licences;
  }

  #sent(header: string | undefined): string {
    for (const part of (header ?? '').split(';')) {
      const [name = '', value = ''] = part.trim().split('=');
      if (name === this.settings.cookieName) return value;
    }
    return '';
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const session of this.#open.values()) if (now - session.seen >= session.idleMs) this.end(session);
  }
}
