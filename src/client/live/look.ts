/** What a text means; a terminal with colours shows it. */
export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'dim' | 'strong';

export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

/** One line of a view; its width is that of its texts. */
export type Line = readonly Span[];

/** What the terminal behind a stream can show. */
export interface Look {
  readonly colour: boolean;
  /** Without it, our own signs are written in ASCII, each as wide as before. */
  readonly unicode: boolean;
}

export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const CODES: Readonly<Record<Tone, string>> = { good: '32', warn: '33', bad: '31', info: '36', dim: '2', strong: '1' };

const IN_ASCII: Readonly<Record<string, string>> = { '✓': '+', '⚠': '!', '✗': 'x', ℹ: 'i', '·': '-', '–': '-', '…': '~', '→': '>' };
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const SPINNER_IN_ASCII = '|/-\\';
const OUR_SIGNS = /[✓⚠✗ℹ·–…→⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/gu;

/** NO_COLOR wins over FORCE_COLOR, which wins over what the stream is (https://no-color.org, https://force-color.org). */
export function lookOf(stream: TerminalStream, env: Environment): Look {
  return { colour: hasColour(stream, env), unicode: hasUnicode(env) };
}

function hasColour(stream: TerminalStream, env: Environment): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** A locale that was never set says nothing; one that was set to something else than UTF-8 does. */
function hasUnicode(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '') ?? 'UTF-8';
  return env['TERM'] !== 'dumb' && env['TERM'] !== 'linux' && /utf-?8/i.test(locale);
}

/** Columns of the terminal behind a stream; no limit where it is none. */
export function columnsOf(stream: Pick<TerminalStream, 'isTTY' | 'columns'>): number {
  return stream.isTTY === true && (stream.columns ?? 0) > 0 ? (stream.columns as number) : stream.isTTY === true ? 80 : Infinity;
}

/** The sign of something going on; `at` in milliseconds turns it. */
export function spinner(at: number): string {
  return SPINNER[Math.floor(at / 100) % SPINNER.length] ?? '';
}

/** A line as it is written: coloured, or in ASCII, or neither; without blanks at its end. */
export function rendered(line: Line, look: Look): string {
  return trimmed(line)
    .map((span) => coloured(look.unicode ? span.text : inAscii(span.text), span.tone, look))
    .join('');
}

function trimmed(line: Line): Line {
  const last = line[line.length - 1];
  if (last === undefined) return line;
  const text = last.text.trimEnd();
  return text === '' ? trimmed(line.slice(0, -1)) : [...line.slice(0, -1), { ...last, text }];
}

/** A line without its tones, and without blanks at its end. */
export function plain(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

function coloured(text: string, tone: Tone | undefined, { colour }: Look): string {
  return tone === undefined || !colour || text === '' ? text : `\u001b[${CODES[tone]}m${text}\u001b[0m`;
}

/** Our signs in ASCII; what data brings stays. */
export function inAscii(text: string): string {
  return text.replace(OUR_SIGNS, (sign) => IN_ASCII[sign] ?? SPINNER_IN_ASCII[SPINNER.indexOf(sign) % SPINNER_IN_ASCII.length] ?? '?');
}
