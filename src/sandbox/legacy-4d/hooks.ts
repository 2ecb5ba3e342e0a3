import { matches } from './faults';
import type { RequestMatch } from './faults';
import type { RestRequest } from './request';

export interface HookMatch extends RequestMatch {
  /** Only the n-th matching request, from 1, counted from the moment the hook was set. */
  readonly nth?: number;
  /** `before` the answer is computed, or `after` (default): computed, but not yet sent. */
  readonly when?: 'before' | 'after';
  /** How often it runs; default once. */
  readonly times?: number;
}

export type HookAction = (request: RestRequest) => void | Promise<void>;

interface Hook {
  readonly match: HookMatch;
  readonly action: HookAction;
  seen: number;
  ran: number;
}

/** Actions that change the data in the middle of somebody's read. */
export class Hooks {
  readonly #hooks = new Set<Hook>();

  /** Sets a hook; call the returned function to take it away. */
  add(match: HookMatch, action: HookAction): () => void {
    const hook: Hook = { match, action, seen: 0, ran: 0 };
    this.#hooks.add(hook);
    return () => this.#hooks.delete(hook);
  }

  clear(): void {
    this.#hooks.clear();
  }

  async run(when: 'before' | 'after', request: RestRequest): Promise<void> {
    for (const hook of [...this.#hooks]) {
      const { match } = hook;
      if ((match.when ?? 'after') !== when || !matches(match, request)) continue;
      hook.seen += 1;
      if (match.nth !== undefined && hook.seen !== match.nth) continue;
      hook.ran += 1;
      if (hook.ran >= (match.times ?? 1)) this.#hooks.delete(hook);
      await hook.action(request);
    }
  }
}
