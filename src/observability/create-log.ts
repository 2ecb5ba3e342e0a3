import pino from 'pino';

import { componentOf, entryOf, type Component, type LogId } from './catalogue';
import { LOG_LEVELS, type LogLevel } from './catalogue/entry';
import type { Log } from './log';
import { logText } from './log-text';
import { prettyLine } from './pretty-line';
import { safeFacts, type SafeValue } from './safe-facts';

export type ComponentLevels = Readonly<{
  [name in Component]?: LogLevel | undefined;
}>;

/** Where lines go: the process's stderr, a file that is appended to, or anything with `write`. */
export type LogDestination = 'stderr' | { readonly file: string } | { write(line: string): unknown };

export interface LogOptions {
  /** Lines below it are dropped. */
  readonly level: LogLevel;
  /** Thresholds of single components, instead of `level`. */
  readonly componentLevels?: ComponentLevels;
  readonly destination?: LogDestination;
  /** Short lines for people instead of JSON. */
  readonly pretty?: boolean;
  readonly colour?: boolean;
}

/** The level after so many `-v`: each one goes a step towards `debug`. */
export function lowerLevel(level: LogLevel, steps: number): LogLevel {
  return LOG_LEVELS[Math.max(0, LOG_LEVELS.indexOf(level) - steps)] ?? 'debug';
}

/** JSON for pipes and files, short lines on a terminal; colours only there and never with NO_COLOR. */
export function logStyle(
  pretty: 'auto' | 'always' | 'never',
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): { pretty: boolean; colour: boolean } {
  const terminal = stream.isTTY === true;
  return {
    pretty: pretty === 'auto' ? terminal : pretty === 'always',
    colour: terminal && (env['NO_COLOR'] ?? '') === '',
  };
}

function sink(destination: LogDestination): pino.DestinationStream {
  // Synchronous: the last line before a crash is the one that is needed.
  if (destination === 'stderr') return pino.destination({ dest: 2, sync: true });
  if ('file' in destination)
    return pino.destination({
      dest: destination.file,
      sync: true,
      mkdir: true,
      append: true,
      mode: 0o600,
    });
  return { write: (line) => void destination.write(line) };
}

function stream(options: LogOptions): pino.DestinationStream {
  const out = sink(options.destination ?? 'stderr');
  return options.pretty === true ? { write: (line) => out.write(prettyLine(line, options.colour ?? false)) } : out;
}

/** A log whose lines are first made safe and complete, then given to `write`. */
export function logOver(write: (line: LogRecord) => void, passes: (id: LogId) => boolean = () => true): Log {
  const bound = (bindings: Readonly<Record<string, SafeValue>>): Log => {
    const log = (id: LogId, facts: Readonly<Record<string, unknown>> = {}): void => {
      if (!passes(id)) return;
      const { level, text } = entryOf(id);
      const all = { ...bindings, ...safeFacts(facts) };
      write({
        id,
        level,
        component: componentOf(id),
        text: logText(text, all),
        facts: all,
      });
    };
    return Object.assign(log, {
      child: (more: Readonly<Record<string, unknown>>) => bound({ ...bindings, ...safeFacts(more) }),
    });
  };
  return bound({});
}

export interface LogRecord {
  readonly id: LogId;
  readonly level: LogLevel;
  readonly component: Component;
  readonly text: string;
  readonly facts: Readonly<Record<string, SafeValue>>;
}

/** The logger of a process: one line a statement, level and text from the catalogue, secrets removed. */
export function createLog(options: LogOptions): Log {
  const logger = pino(
    {
      level: 'debug',
      base: null,
      messageKey: 'text',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    stream(options),
  );
  const passes = (id: LogId): boolean => {
    const threshold = options.componentLevels?.[componentOf(id)] ?? options.level;
    return LOG_LEVELS.indexOf(entryOf(id).level) >= LOG_LEVELS.indexOf(threshold);
  };
  return logOver(({ level, id, component, text, facts }) => logger[level]({ id, component, ...facts }, text), passes);
}
