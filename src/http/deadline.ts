import { setMaxListeners } from 'node:events';

/** Why an exchange was stopped from outside. */
export type StopReason = 'cancelled' | 'too-slow';

/** One time limit and one cancel signal over several awaits. */
export interface Deadline {
  /** For those who can listen; fires on cancel and at the limit. */
  readonly signal: AbortSignal;
  /** What stopped it, while it is stopped. */
  reason(): StopReason | null;
  /** The work's result, or a rejection the moment the deadline fires, even when the work cannot be interrupted (a connect under way). */
  race<T>(work: Promise<T>): Promise<T>;
  /** Takes timer and listener away. Always call it. */
  end(): void;
}

export function startDeadline(outer: AbortSignal, totalMs: number): Deadline {
  const controller = new AbortController();
  let reason: StopReason | null = null;
  const stop = (why: StopReason): void => {
    reason ??= why;
    controller.abort(new Error(why));
  };
  const cancel = (): void => stop('cancelled');
  const timer = setTimeout(() => stop('too-slow'), totalMs);
  const stopped = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  });
  // The race may be over before the deadline fires: its rejection then has no other listener.
  stopped.catch(() => undefined);
  // A source may allow more exchanges at once than Node takes for a leak; each takes its listener away.
  setMaxListeners(0, outer);
  if (outer.aborted) cancel();
  else outer.addEventListener('abort', cancel, { once: true });
  return {
    signal: controller.signal,
    reason: () => reason,
    race: (work) => Promise.race([work, stopped]),
    end: () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', cancel);
    },
  };
}
