import { spawn } from 'node:child_process';

/**
 * Waits for the end of its stdin, which only the supervisor holds open: also a supervisor killed by SIGKILL lets go of it.
 * Then asks the part's process group to stop and kills it when it does not. A shell, because a second Node costs 40 MB a part.
 */
const SCRIPT = `
trap '' INT TERM HUP
cat >/dev/null
kill -s "$1" -- "-$2" 2>/dev/null
tenths=0
while kill -s 0 -- "-$2" 2>/dev/null && [ "$tenths" -lt "$3" ]; do sleep 0.1; tenths=$((tenths + 1)); done
kill -s KILL -- "-$2" 2>/dev/null
exit 0
`;

/** Guards a part against the sudden death of this process. */
export interface Keeper {
  /** Call when the part has ended: its pid may soon belong to someone else. */
  dismiss(): void;
}

/** Starts a keeper for the process group led by `pid`. Linux and macOS; needs only /bin/sh. */
export function keep(pid: number, stop: { signal: NodeJS.Signals; withinMs: number }): Keeper {
  const args = ['-c', SCRIPT, 'freshet-keeper', stop.signal.replace('SIG', ''), String(pid), String(Math.ceil(stop.withinMs / 100))];
  const shell = spawn('/bin/sh', args, { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  // The pipe must not keep our event loop alive; `unref` exists on the socket behind it, not on the Writable type.
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  return {
    dismiss: () => {
      shell.kill('SIGKILL');
    },
  };
}
