import { printable } from '../observability/printable';
import { columnsOf } from './live/look';

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** Where a command speaks: `data` is what was asked for (stdout), `note` everything else (stderr). */
export interface Output {
  /** One JSON document on stdout, instead of text for people. */
  readonly json: boolean;
  data(text: string): void;
  note(text: string): void;
  /** Columns of the terminal behind each stream; no limit where it is none. */
  readonly columns: { readonly data: number; readonly note: number };
  /** Colour for stdout or stderr; the bare text where the stream is no terminal or NO_COLOR is set. */
  readonly paint: (stream: 'data' | 'note', colour: Colour, text: string) => string;
}

const CODES: Readonly<Record<Colour, string>> = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' };

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The output of a process. Texts get their line break here. */
export function createOutput({ json, stdout, stderr, env }: OutputOptions): Output {
  const colours = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const line = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  return {
    json,
    data: (text) => void stdout.write(line(text)),
    note: (text) => void stderr.write(line(text)),
    columns: { data: columnsOf(stdout), note: columnsOf(stderr) },
    paint: (stream, colour, text) =>
      colours && (stream === 'data' ? stdout : stderr).isTTY === true ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text,
  };
}

/** Text from data on one line of a terminal: control and direction characters become visible escapes. */
export function shown(text: string, limit = 200): string {
  return printable(text, limit);
}
