import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A command in a real terminal of a given size. */
export class Terminal {
  private readonly folder = mkdtempSync(join(tmpdir(), 'freshet-tmux-'));

  constructor(
    readonly options: TerminalOptions,
    words: readonly string[],
  ) {
    // The shell stays when Ctrl-C ends the command.
    const command = `trap : INT; ${words.map((word) => `'${word}'`).join(' ')}; echo "[exit $?]"; cat`;
    const { columns, rows, cwd, env } = options;
    execFileSync(
      'tmux',
      [...this.server(), '-f', '/dev/null', 'new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, 'sh', '-c', command],
      {
        cwd,
        env: { ...env, LANG: 'C.UTF-8', TERM: 'xterm-256color' },
      },
    );
  }

  /** What is on the screen, with what scrolled away before it; a line that the terminal had to break is one line. */
  pane(): string {
    return execFileSync('tmux', [...this.server(), 'capture-pane', '-p', '-J', '-S', '-'], { encoding: 'utf8' }).trimEnd();
  }

  press(...keys: readonly string[]): void {
    execFileSync('tmux', [...this.server(), 'send-keys', ...keys]);
  }

  resize(columns: number, rows: number): void {
    execFileSync('tmux', [...this.server(), 'resize-window', '-x', `${columns}`, '-y', `${rows}`]);
  }

  /** The pane once it shows this; fails with the pane when it does not within 40 s. tmux tells nobody when a pane changes, so it is asked. */
  async until(shows: RegExp): Promise<string> {
    const deadline = Date.now() + 40_000;
    for (;;) {
      const pane = this.pane();
      if (shows.test(pane)) return pane;
      if (Date.now() > deadline) throw new Error(`the terminal never showed ${String(shows)}:\n${pane}`);
      await sleep(50);
    }
  }

  close(): void {
    spawnSync('tmux', [...this.server(), 'kill-server']);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private server(): string[] {
    return ['-u', '-S', join(this.folder, 'socket')];
  }
}
