import type { NextAction } from '../domain/errors';
import type { ErrorView } from './envelope';
import type { Output } from './output';

/** An error for people: code and what happened, why, where, what to do, and the next actions as `→`. */
export function errorLines(error: ErrorView, paint: Output['paint']): string {
  const named = (name: string, text: string | null): string[] =>
    text === null || text === '' ? [] : [`  ${name.padEnd(7)}${indented(text)}`];
  return [
    `${paint('note', 'red', 'error')} ${error.code}: ${error.message}`,
    ...named('why', error.why),
    ...named('where', error.where),
    ...named('do', error.remedy),
    ...error.next.map(nextLine),
  ].join('\n');
}

/** `→ ./freshet up   Start the embedded stack`. */
export function nextLine(action: NextAction): string {
  const what = action.kind === 'run-command' ? action.command : action.kind === 'open-url' ? action.url : place(action);
  return `  → ${what}   ${action.label}`;
}

function place({ file, line }: { readonly file: string; readonly line?: number }): string {
  return line === undefined ? file : `${file}:${line}`;
}

function indented(text: string): string {
  return text.split('\n').join(`\n${' '.repeat(9)}`);
}
