import { envelope, errorView, type CommandResult } from './envelope';
import { errorLines } from './error-lines';
import { exitCodeOfError } from './exit-code';
import type { Output } from './output';

export interface Execution {
  readonly command: string;
  readonly out: Output;
  /** How often -v was given; with it, errors that freshet did not foresee show their stack. */
  readonly verbose: number;
}

/** Runs a command and says its result: with `--json` one document on stdout, else text on stdout and the error on stderr. Returns the exit code. */
export async function execute({ command, out, verbose }: Execution, body: () => Promise<CommandResult>): Promise<number> {
  const result = await body().catch((error: unknown): CommandResult => {
    const view = errorView(error);
    if (view.code === 'unforeseen' && verbose > 0 && error instanceof Error) out.note(error.stack ?? '');
    return { exitCode: exitCodeOfError(error), error: view };
  });
  await say(result, command, out);
  return result.exitCode;
}

/** Prints a result in the form that was asked for; text for people fits the terminal. */
export async function say(result: CommandResult, command: string, out: Output): Promise<void> {
  if (out.json && result.said !== true) {
    out.data(JSON.stringify(envelope(command, result)));
    return;
  }
  const { text = '', error } = result;
  if (text !== '') out.data(result.verbatim === true ? text : await onTerminal(text, out.columns.data));
  if (error !== undefined) out.note(await onTerminal(errorLines(error, out.paint), out.columns.note));
}

/** What measures text takes a while to load: only where a line may be too wide. */
async function onTerminal(text: string, columns: number): Promise<string> {
  if (text.split('\n').every((line) => line.length * 2 <= columns)) return text;
  return (await import('./live/wrap-line')).fitted(text, columns);
}
