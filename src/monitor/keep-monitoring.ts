import type { StageContext } from '../observability/stage-context';

/**
 * Repeats `round` until it is told to end: the next one begins `everyMs` after the last one began, or at once when that took longer.
 * A failed round is logged, never thrown. The returned function resolves when the round under way is through.
 */
export function keepMonitoring(round: () => Promise<unknown>, everyMs: number, ctx: StageContext): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let running: Promise<void> = Promise.resolve();
  const go = (): void => {
    const began = Date.now();
    running = round()
      .then(
        () => undefined,
        (error: unknown) => ctx.log('MO-005', { error }),
      )
      .then(() => {
        if (!ended) timer = setTimeout(go, Math.max(0, began + everyMs - Date.now()));
      });
  };
  go();
  return () => {
    ended = true;
    clearTimeout(timer);
    return running;
  };
}
