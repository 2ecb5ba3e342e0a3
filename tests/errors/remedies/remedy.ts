import { isFreshetError, type NextAction } from '../../../src/domain/errors';
import { commandsIn, fits } from './told-commands';

/** An error as a test meets it: thrown, in the envelope of a command, or in the row of an entity. */
export interface Told {
  readonly code: string;
  readonly remedy: string;
  readonly next?: readonly NextAction[];
}

/** Finds the command in what the error says, and types it: words of the command line, and the line itself. */
export type Follow = <T>(error: Told, type: (words: readonly string[], line: string) => Promise<T>) => Promise<T>;

/**
 * A test of one remedy: `body` provokes the error and follows it, and shows that the command keeps what the remedy promises.
 * `command` is as src/ writes it, `…` for what only the error knows. tests/unit/remedies-run.test.ts looks for calls of this function:
 * write code and command as literals.
 */
export function remedy(code: string, command: string, promise: string, body: (follow: Follow) => Promise<void>, withinMs?: number): void {
  const sentence = `${code}: \`${command}\` ${promise}`;
  it(
    sentence,
    async () => {
      let followed = 0;
      await body(async (error, type) => {
        expect(error.code).toBe(code);
        const line = commandOf(error, command);
        followed += 1;
        return type(wordsOf(line), line);
      });
      if (followed === 0) throw new Error(`nothing was typed: ${sentence}`);
    },
    withinMs,
  );
}

function commandOf({ remedy: text, next = [] }: Told, command: string): string {
  const actions = next.flatMap((action) => (action.kind === 'run-command' ? [action.command] : []));
  const lines = [text, ...actions].flatMap(commandsIn);
  const found = lines.find((line) => fits(command, line));
  if (found === undefined) throw new Error(`the error does not tell ${command}, but: ${lines.join(', ')}\n${text}`);
  return found;
}

const wordsOf = (line: string): string[] => line.replace(/^\.\/freshet /, '').split(' ');

/** The FreshetError that an action ends with. */
export async function refusal(action: () => unknown): Promise<Told> {
  const error: unknown = await Promise.resolve()
    .then(action)
    .catch((thrown: unknown) => thrown);
  if (!isFreshetError(error)) throw new Error(`no FreshetError: ${String(error)}`);
  return error;
}

/** This process’s variables become these (and those that every program has, or our tests) for the commands that run in it; the answer puts back what was. */
export function withVariables(variables: Readonly<Record<string, string>>): () => void {
  const before = process.env;
  const kept = Object.entries(before).filter(([name]) => /^(PATH|HOME|TEST_.*)$/.test(name));
  process.env = { ...Object.fromEntries(kept), ...variables };
  return () => void (process.env = before);
}
