import type { StageContext } from '../observability/stage-context';

/** Whose token it is. */
export interface TokenAccount {
  /** Type of the source. */
  readonly source: string;
  /** Host of its accounts. */
  readonly account: string;
  /** All credentials as one text: other credentials, another token. */
  readonly credentials: { reveal(): string };
}

/** What is stored, and what time it is for the store (ms since some fixed point that all its users share). */
export interface KeptToken {
  readonly text: string | null;
  readonly now: number;
}

export interface TokenDecision<T> {
  /** What is stored from now on; `null` leaves what is there. */
  readonly text: string | null;
  readonly result: T;
}

/** Where a source keeps the access token that all users of the same credentials share. */
export interface TokenStore {
  /**
   * Alone among all users of these credentials: `decide` sees what is stored and says what becomes of it. Resolves with its result once that
   * is stored for good. Where the store lost its hold meanwhile, `decide` is called again: it must know what it did. What `decide` throws goes up and nothing is stored; a store that is out of reach rejects with its own FreshetError.
   */
  exclusive<T>(account: TokenAccount, decide: (kept: KeptToken) => Promise<TokenDecision<T>>, ctx: StageContext): Promise<T>;
}

/** A store for one process: others do not see it, and it ends with the process. */
export function memoryTokenStore(clock: { monotonic(): number }): TokenStore {
  const texts = new Map<string, string>();
  let turn: Promise<unknown> = Promise.resolve();
  return {
    exclusive<T>({ credentials }: TokenAccount, decide: (kept: KeptToken) => Promise<TokenDecision<T>>): Promise<T> {
      const key = credentials.reveal();
      const mine = turn.then(async () => {
        const { text, result } = await decide({ text: texts.get(key) ?? null, now: clock.monotonic() });
        if (text !== null) texts.set(key, text);
        return result;
      });
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** A store for one process that begins with what is stored and stores nothing: a token that had to be renewed ends with the process. */
export function unstoredTokens(stored: TokenStore): TokenStore {
  const texts = new Map<string, string>();
  return {
    exclusive: <T>(account: TokenAccount, decide: (kept: KeptToken) => Promise<TokenDecision<T>>, ctx: StageContext): Promise<T> => {
      const key = account.credentials.reveal();
      const instead = async (kept: KeptToken): Promise<TokenDecision<T>> => {
        const { text, result } = await decide({ ...kept, text: texts.get(key) ?? kept.text });
        if (text !== null) texts.set(key, text);
        return { text: null, result };
      };
      return stored.exclusive(account, instead, ctx);
    },
  };
}
