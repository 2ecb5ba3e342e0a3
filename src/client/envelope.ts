import { isFreshetError, type NextAction } from '../domain/errors';
import { safeText } from '../observability/safe-facts';

/** An error as the outside sees it: every key always there, secrets and control characters gone. */
export interface ErrorView {
  readonly code: string;
  readonly type: string;
  readonly message: string;
  readonly why: string | null;
  readonly where: string | null;
  readonly remedy: string;
  readonly next: readonly NextAction[];
}

/** What `--json` prints: one document for every command, for errors too. `ok` is true with exit code 0 only. */
export interface Envelope {
  readonly ok: boolean;
  readonly command: string;
  readonly data?: unknown;
  readonly error?: ErrorView;
  readonly exit_code: number;
}

/** What a command comes to. `text` is what people see on stdout; `error` is set when it could not do its job, or what it did failed. */
export interface CommandResult {
  readonly exitCode: number;
  readonly data?: unknown;
  readonly text?: string;
  /** The text is for a program or a shell: no line of it is broken on a narrow terminal. */
  readonly verbatim?: boolean;
  readonly error?: ErrorView;
  /** The command said its data itself while it went on (`up`): nothing more goes to stdout. */
  readonly said?: boolean;
}

export function envelope(command: string, { exitCode, data, error }: Omit<CommandResult, 'text' | 'verbatim'>): Envelope {
  return {
    ok: exitCode === 0,
    command,
    ...(data === undefined ? {} : { data }),
    ...(error === undefined ? {} : { error }),
    exit_code: exitCode,
  };
}

/** Any thrown thing as an error for people: those that freshet did not foresee say so. */
export function errorView(error: unknown): ErrorView {
  if (!isFreshetError(error)) return unforeseen(error);
  return {
    code: error.code,
    type: error.type,
    message: lines(error.message),
    why: error.why === undefined ? null : lines(error.why),
    where: error.where === undefined ? null : safeText(error.where),
    remedy: lines(error.remedy),
    next: error.next,
  };
}

function unforeseen(error: unknown): ErrorView {
  return {
    code: 'unforeseen',
    type: 'transient_error',
    message: lines(error instanceof Error ? error.message : String(error)),
    why: 'freshet did not foresee this error.',
    where: null,
    remedy: 'Try again with -v, which also shows where in freshet it happened. If it comes back, report it with that text.',
    next: [],
  };
}

/** Safe text that keeps its line breaks: a list of mistakes has one a line. */
function lines(text: string): string {
  return text.split('\n').map(safeText).join('\n');
}
