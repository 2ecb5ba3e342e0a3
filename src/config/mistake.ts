import { FreshetError, type NextAction } from '../domain/errors';
import { safeText } from '../observability/safe-facts';

/** Where a value comes from. Lines and columns count from 1. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'variable'; readonly name: string; readonly file?: string }
  | { readonly kind: 'flag'; readonly name: string };

/** One thing wrong in the settings. */
export interface Mistake {
  /** Dotted path of the key; empty for a whole file. */
  readonly key: string;
  /** The value as it may be shown; absent for secrets and for what is missing. */
  readonly value?: string;
  /** What is wrong, what is allowed. */
  readonly problem: string;
  readonly origin: Origin;
}

/** An origin in words: `config/freshet.yaml:3:5`, `variable DATABASE_URL`, `flag --database-url`. */
export function originText(origin: Origin): string {
  if (origin.kind === 'file') return `${origin.file}:${origin.line}:${origin.column}`;
  if (origin.kind === 'variable') return `variable ${origin.name}${origin.file === undefined ? '' : ` in ${origin.file}`}`;
  if (origin.kind === 'flag') return `flag ${origin.name}`;
  return origin.kind === 'profile' ? `profile ${origin.name}` : 'default';
}

/** One mistake on one line. */
export function mistakeText(mistake: Mistake): string {
  const subject = [mistake.key, mistake.value === undefined ? '' : `= ${mistake.value}`].filter((part) => part !== '').join(' ');
  return safeText(`${originText(mistake.origin)}: ${subject === '' ? '' : `${subject}: `}${mistake.problem}`);
}

function edits(mistakes: readonly Mistake[]): NextAction[] {
  const files = new Map<string, NextAction>();
  for (const { origin } of mistakes) {
    if (origin.kind !== 'file' || files.has(origin.file)) continue;
    files.set(origin.file, { kind: 'edit-file', label: `Correct ${origin.file}`, file: origin.file, line: origin.line });
  }
  return [...files.values()];
}

/** More than anybody reads: a file of this many mistakes is another file. */
const MOST_TOLD = 100;

/** All mistakes as one error. Precondition: there is at least one. */
export function settingsError(mistakes: readonly Mistake[]): FreshetError {
  const lines = [...new Set(mistakes.slice(0, MOST_TOLD).map(mistakeText))];
  const untold = mistakes.length - MOST_TOLD;
  if (untold > 0) lines.push(`and ${untold} more`);
  const head = mistakes.length === 1 ? 'One mistake in the settings' : `${mistakes.length} mistakes in the settings`;
  return new FreshetError('config_error', {
    code: 'settings-invalid',
    message: `${head}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    remedy: 'Correct each of them at the place named; nothing was started.',
    where: originText(mistakes[0]!.origin),
    next: edits(mistakes),
    facts: { mistakes: mistakes.length },
  });
}
