import type { LogId } from './catalogue';

/** A logger whose every statement is an entry of the catalogue: text, level, meaning and remedy stand there, facts come here. */
export interface Log {
  (id: LogId, facts?: Readonly<Record<string, unknown>>): void;
  /** The same logger with facts on every line: run, entity, workflow. */
  child(bindings: Readonly<Record<string, unknown>>): Log;
}
