/** Fires on the first SIGINT or SIGTERM; a second one ends the process at once. Call `release` when nothing needs it any more. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The signal that came, once one has. */
  readonly received: () => NodeJS.Signals | null;
  release(): void;
}

export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let received: NodeJS.Signals | null = null;
  const listen = (name: NodeJS.Signals): void => {
    if (received !== null) process.exit(exitCodeOfSignal(name));
    received = name;
    controller.abort();
  };
  process.on('SIGINT', listen);
  process.on('SIGTERM', listen);
  return {
    signal: controller.signal,
    received: () => received,
    release: () => {
      process.off('SIGINT', listen);
      process.off('SIGTERM', listen);
    },
  };
}

export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return signal === 'SIGINT' ? 130 : 143;
}
