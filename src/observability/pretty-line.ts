import { catalogue, entryOf, type LogId } from './catalogue';
import type { LogLevel } from './catalogue/entry';

const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: '\u001b[2m',
  info: '\u001b[36m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
};
const HIDDEN = new Set(['time', 'level', 'id', 'component', 'text']);

interface Line {
  readonly time: string;
  readonly level: LogLevel;
  readonly id: LogId;
  readonly text: string;
  readonly [fact: string]: unknown;
}

function shortFacts(line: Line): string {
  const template = entryOf(line.id).text;
  const shown = Object.entries(line).filter(
    ([name, value]) => !HIDDEN.has(name) && typeof value !== 'object' && !template.includes(`{${name}}`),
  );
  return shown.map(([name, value]) => ` ${name}=${String(value)}`).join('');
}

/** One JSON log line as one line for people: clock, level, text, remaining facts, and the remedy of warnings and errors. */
export function prettyLine(json: string, colour: boolean): string {
  const line = JSON.parse(json) as Line;
  const known = Object.hasOwn(catalogue, line.id) ? entryOf(line.id).remedy : undefined;
  const remedy = known !== undefined && (line.level === 'warn' || line.level === 'error') ? ` → ${known}` : '';
  const level = line.level.padEnd(5);
  const painted = colour ? `${COLOURS[line.level]}${level}\u001b[0m` : level;
  return `${line.time.slice(11, 19)} ${painted} ${line.id} ${line.text}${shortFacts(line)}${remedy}\n`;
}
