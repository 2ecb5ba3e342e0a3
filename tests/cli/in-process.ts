import { createOutput } from '../../src/client/output';
import { createProgram } from '../../src/client/program';

export interface Said {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line without a process of its own: the same program, its streams collected. Settings come from the folder and variables of this process. */
export async function freshet(...words: readonly string[]): Promise<Said> {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({ write: (text: string) => void (texts[name] += text) });
  const out = createOutput({ json: words.includes('--json'), stdout: stream('stdout'), stderr: stream('stderr'), env: {} });
  let code: number | undefined;
  await createProgram(out, (exitCode) => (code = exitCode)).parseAsync([...words], { from: 'user' });
  return { code, ...texts };
}

/** The one document that `--json` prints. */
export function documentOf({ stdout }: Said): ReturnType<typeof JSON.parse> {
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout);
}

/** What a command says with `--json`. */
export const typed = async (words: readonly string[]): Promise<ReturnType<typeof documentOf>> =>
  documentOf(await freshet(...words, '--json'));

/** The error that a command ends with. */
export const wrong = async (...words: string[]): Promise<ReturnType<typeof documentOf>> => (await typed(words)).error;
