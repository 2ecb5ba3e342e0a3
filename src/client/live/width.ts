import stringWidth from 'string-width';

/** Columns that a text takes on a terminal: wide characters two, combining ones none. Colour codes count nothing. */
export function widthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}

const graphemes = new Intl.Segmenter();

/** The text, or as much of its beginning as fits into so many columns together with the ellipsis. Precondition: no colour codes. */
export function cut(text: string, columns: number, ellipsis = '…'): string {
  if (widthOf(text) <= columns) return text;
  const room = columns - widthOf(ellipsis);
  if (room < 0) return '';
  return `${beginning(text, room)}${ellipsis}`;
}

function beginning(text: string, columns: number): string {
  let [taken, width] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment);
    if (width > columns) break;
    taken += segment;
  }
  return taken;
}

/** The text with blanks up to so many columns; at the right edge when it is a number. */
export function padded(text: string, columns: number, right = false): string {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return right ? blanks + text : text + blanks;
}

/** Lines of at most so many columns (at least 2), broken between words, and within a word only where it is longer than a line. */
export function wrapped(text: string, columns: number): string[] {
  const width = Math.max(2, columns);
  const lines: string[] = [];
  let [line, used] = ['', -1];
  for (const word of text.split(' ').flatMap((whole) => pieces(whole, width))) {
    const needed = widthOf(word);
    if (line !== '' && used + 1 + needed > width) {
      lines.push(line);
      [line, used] = ['', -1];
    }
    line = line === '' ? word : `${line} ${word}`;
    used += 1 + needed;
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  const parts: string[] = [];
  let rest = word;
  while (widthOf(rest) > width) {
    const part = beginning(rest, width);
    if (part === '') return parts;
    parts.push(part);
    rest = rest.slice(part.length);
  }
  return [...parts, rest];
}
