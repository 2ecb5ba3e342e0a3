import { plain, type Line, type Span } from './look';
import { widthOf } from './width';

/** What is not broken: spans without blanks between them, with the blanks before them. */
interface Word {
  readonly gap: string;
  readonly spans: Span[];
}

/**
 * A line on as many lines as it needs, broken between words; the second on hang below its first words. A word that is wider than a line stays
 * whole: a path or an address is there to be copied.
 */
export function wrapLine(line: Line, columns: number): Line[] {
  const text = line.map((span) => span.text).join('');
  if (widthOf(text) <= columns) return [line];
  const hanging = ' '.repeat(hangingOf(text, columns));
  const lines: Line[] = [];
  let [spans, used]: [Span[], number] = [[], 0];
  for (const { gap, spans: word } of wordsOf(line)) {
    const width = word.reduce((sum, span) => sum + widthOf(span.text), 0);
    if (used + gap.length + width > columns && word.length > 0 && plain(spans) !== '') {
      lines.push(spans);
      [spans, used] = [[{ text: hanging }, ...word], hanging.length + width];
    } else {
      spans = [...spans, { text: gap }, ...word];
      used += gap.length + width;
    }
  }
  return [...lines, spans];
}

/** Text for people, its lines broken between words where the terminal is narrower. */
export function fitted(text: string, columns: number): string {
  if (columns === Infinity) return text;
  return text
    .split('\n')
    .flatMap((line) => wrapLine([{ text: line }], columns))
    .map((line) => line.map((span) => span.text).join(''))
    .join('\n');
}

/** Below what stands behind a heading (`  why    …`), else two columns further in; never so far that little room is left. */
function hangingOf(text: string, columns: number): number {
  const [heading = ''] = /^ *(?:[✓⚠✗ℹ·→] )?\S+ {2,}(?=\S)/.exec(text) ?? [];
  const [indent = ''] = /^ */.exec(text) ?? [];
  const wished = heading === '' ? indent.length + 2 : widthOf(heading);
  return wished <= columns / 3 ? wished : Math.min(indent.length + 2, Math.floor(columns / 3));
}

function wordsOf(line: Line): Word[] {
  const first: Word = { gap: '', spans: [] };
  const words = [first];
  for (const span of line) {
    for (const text of span.text.match(/ +|[^ ]+/g) ?? []) {
      if (text.startsWith(' ')) words.push({ gap: text, spans: [] });
      else (words[words.length - 1] ?? first).spans.push({ ...span, text });
    }
  }
  return words;
}
