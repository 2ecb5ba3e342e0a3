export interface HookTiming {
  /** Only the n-th matching request, from 1, counted from the moment the hook was set. */
  readonly nth?: number;
  /** `before` the answer is computed, or `after` (default): computed, but not yet sent. */
  readonly when?: 'before' | 'after';
  /** How often it runs; default once. */
  readonly times?: number;
}

interface Hook<M, R> {
  readonly match: M & HookTiming;
  readonly action: (request: R) => void | Promise<void>;
  seen: number;
  ran: number;
}

/** Actions that change the data in the middle of somebody's read. */
export class HookBoard<M, R> {
  readonly #hooks = new Set<Hook<M, R>>();

  constructor(private readonly matches: (match: M, request: R) => boolean) {}

  /** Sets a hook; call the returned function to take it away. */
  add(match: M & HookTiming, action: (request: R) => void | Promise<void>): () => void {
    const hook: Hook<M, R> = { match, action, seen: 0, ran: 0 };
    this.#hooks.add(hook);
    return () => this.#hooks.delete(hook);
  }

  clear(): void {
    this.#hooks.clear();
  }

  async run(when: 'before' | 'after', request: R): Promise<void> {
    for (const hook of [...this.#hooks]) {
      const { match } = hook;
      if ((match.when ?? 'after') !== when || !this.matches(match, request)) continue;
      hook.seen += 1;
      if (match.nth !== undefined && hook.seen !== match.nth) continue;
      hook.ran += 1;
      if (hook.ran >= (match.times ?? 1)) this.#hooks.delete(hook);
      await hook.action(request);
    }
  }
}
