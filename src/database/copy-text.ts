const SPECIAL = /[\\\n\r\t]/;
const EACH_SPECIAL = /[\\\n\r\t]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** In COPY's text format. */
export const NULL = '\\N';

/** A value in COPY's text format; `null` is NULL. */
export function copyText(value: string | null): string {
  if (value === null) return NULL;
  return SPECIAL.test(value) ? value.replace(EACH_SPECIAL, (character) => ESCAPES[character]!) : value;
}

/** Bytes, given as hex digits, for a bytea column. */
export function copyHex(digits: string): string {
  return `\\\\x${digits}`;
}

/** One line of COPY, from texts that are rendered already. */
export function copyLine(cells: readonly string[]): string {
  return `${cells.join('\t')}\n`;
}
