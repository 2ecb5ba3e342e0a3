/**
 * The classes of trouble (contracts §9). A class says who has to act and whether trying again can help;
 * it is the stable `type` that workflows, tables, logs and reports carry. Never class names.
 */
export const ERROR_TYPES = [
  'transient_error',
  'rate_limited',
  'quota_exhausted',
  'auth_error',
  'config_error',
  'source_error',
  'file_error',
  'validation_error',
  'database_error',
  'schema_error',
  'reconcile_error',
  'cancelled',
] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

/** Classes for which the same attempt, made again unchanged, may succeed. */
const RETRYABLE: ReadonlySet<ErrorType> = new Set(['transient_error', 'rate_limited', 'file_error', 'database_error', 'source_error']);

export type NextAction =
  | { kind: 'run-command'; label: string; command: string }
  | { kind: 'open-url'; label: string; url: string }
  | { kind: 'edit-file'; label: string; file: string; line?: number };

export interface FreshetErrorInit {
  /** kebab-case, stable, names a page of docs/errors */
  code: string;
  /** One sentence: what happened, with the names and values that matter. */
  message: string;
  /** One sentence: why, as far as known. */
  why?: string;
  /** What the reader does now. The sentence the 7-in-the-morning person needs. */
  remedy: string;
  /** file:line:column, URL, table: where to look. */
  where?: string;
  next?: readonly NextAction[];
  /** Plain JSON facts; never secrets, never records. */
  facts?: Readonly<Record<string, string | number | boolean | null>>;
  /** Overrides the class's default. */
  retryable?: boolean;
  cause?: unknown;
}

/** The one error class of freshet: a type of the taxonomy, a code, facts, and the remedy. */
export class FreshetError extends Error {
  readonly type: ErrorType;
  readonly code: string;
  readonly why: string | undefined;
  readonly remedy: string;
  readonly where: string | undefined;
  readonly next: readonly NextAction[];
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
  readonly retryable: boolean;

  constructor(type: ErrorType, init: FreshetErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'FreshetError';
    this.type = type;
    this.code = init.code;
    this.why = init.why;
    this.remedy = init.remedy;
    this.where = init.where;
    this.next = init.next ?? [];
    this.facts = init.facts ?? {};
    this.retryable = init.retryable ?? RETRYABLE.has(type);
  }
}

export function isFreshetError(error: unknown): error is FreshetError {
  return error instanceof FreshetError;
}

/** Thrown when the abort signal of a stage fired; its reason decides nothing but the text. */
export function cancelledError(what: string): FreshetError {
  return new FreshetError('cancelled', {
    code: 'cancelled',
    message: `${what} was cancelled`,
    remedy: 'Nothing to repair: what was committed stays, the next run continues from there.',
    retryable: false,
  });
}
