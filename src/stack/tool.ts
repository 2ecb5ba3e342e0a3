import { spawn } from 'node:child_process';
import { keep } from './keeper';
import { signalGroup } from './process-identity';

/** How a tool ended; `output` is the end of what it wrote on both channels. */
export interface ToolOutcome {
  readonly ok: boolean;
  readonly output: string;
}

export interface ToolRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

const KEPT_CHARACTERS = 2_000;

/** Runs a tool to its end; killed with all of its children when the signal fires or when this process dies. Never rejects. */
export function runTool({ command, args, cwd, env, signal }: ToolRun): Promise<ToolOutcome> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const { pid } = child;
    const keeper = pid === undefined ? undefined : keep(pid, { signal: 'SIGKILL', withinMs: 0 });
    const kill = (): void => {
      if (pid !== undefined) signalGroup(pid, 'SIGKILL');
    };
    const settle = (ok: boolean, more = ''): void => {
      signal.removeEventListener('abort', kill);
      keeper?.dismiss();
      resolve({ ok, output: (output + more).trim().slice(-KEPT_CHARACTERS) });
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output = (output + chunk).slice(-KEPT_CHARACTERS);
      });
    }
    child.once('error', (error) => {
      settle(false, error.message);
    });
    child.once('close', (code) => {
      settle(code === 0);
    });
    if (signal.aborted) kill();
    else signal.addEventListener('abort', kill, { once: true });
  });
}
