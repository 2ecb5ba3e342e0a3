/** Longest text that one value may bring into a log line, a table cell of the terminal or an error. */
export const PRINTABLE_LIMIT = 2_000;

/* C0, DEL and C1 controls, line and paragraph separators, bidirectional marks and overrides, invisible joiners, BOM, lone surrogates. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const SHORT: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escaped(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Text that cannot leave its line or steer a terminal: control and direction characters written as escapes, cut at `limit` characters. */
export function printable(text: string, limit: number = PRINTABLE_LIMIT): string {
  if (text.length <= limit) return text.replace(UNPRINTABLE, escaped);
  return `${text.slice(0, limit).replace(UNPRINTABLE, escaped)}… (${text.length} characters)`;
}
