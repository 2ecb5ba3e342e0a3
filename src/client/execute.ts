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
  say(result, command, out);
  return result.exitCode;
}

/** Prints a result in the form that was asked for. */
export function say(result: CommandResult, command: string, out: Output): void {
  if (out.json && result.said !== true) {
    out.data(JSON.stringify(envelope(command, result)));
    return;
  }
  if (result.text !== undefined && result.text !== '') out.data(result.text);
  if (result.error !== undefined) out.note(errorLines(result.error, out.paint));
}
