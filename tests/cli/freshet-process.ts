import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const MAIN = join(ROOT, 'dist', 'client', 'main.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project folder of its own: the shipped config, copied so that a test can break it. */
export interface ProjectFolder {
  readonly path: string;
  /** The compiled program, and the variables it is given here. */
  readonly main: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Runs the compiled command in this folder, with these variables and none of ours but PATH. */
  freshet(words: readonly string[], variables?: Readonly<Record<string, string>>): Promise<Ended>;
  remove(): void;
}

export function projectFolder(always: Readonly<Record<string, string>> = {}): ProjectFolder {
  const path = mkdtempSync(join(tmpdir(), 'freshet-cli-'));
  cpSync(join(ROOT, 'config'), join(path, 'config'), { recursive: true });
  const own = { PATH: process.env['PATH'] ?? '', HOME: path, FRESHET_ENV: 'test', ...always };
  return {
    path,
    main: MAIN,
    variables: own,
    freshet: (words, variables = {}) => runProcess(path, words, { ...own, ...variables }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function runProcess(cwd: string, words: readonly string[], env: Record<string, string>): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code, ...texts }));
  });
}

/** The one document that `--json` prints; fails when there is anything else on stdout. */
export function envelopeOf({ stdout }: Ended): ReturnType<typeof JSON.parse> {
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout);
}
