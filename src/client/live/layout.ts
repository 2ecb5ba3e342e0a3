import type { Mark } from './entity-words';
import type { Line, Span, Tone } from './look';
import { plain } from './look';
import { cut, padded, widthOf, wrapped } from './width';

interface FlowOptions {
  readonly columns: number;
  /** Of the second line on. */
  readonly indent: number;
  /** Stands before the first part. */
  readonly first: string;
  readonly sign?: Mark;
}

const SEPARATOR = ' · ';

/** Parts one after the other, ` · ` between them, on as many lines as they need; a part that is wider than a line is cut. */
export function flow(parts: readonly Line[], { columns, indent, first, sign }: FlowOptions): Line[] {
  const start: Span[] = [
    ...(sign === undefined ? [] : [{ text: `${sign.sign} `, tone: sign.tone }]),
    ...(first === '' ? [] : [{ text: first }]),
  ];
  const lines: Line[] = [];
  let line: Line = start;
  let empty = true;
  for (const part of parts) {
    const more = empty ? [...line, ...part] : [...line, { text: SEPARATOR, tone: 'dim' as const }, ...part];
    if (empty || widthOf(plain(more)) <= columns) line = more;
    else {
      lines.push(line);
      line = [{ text: ' '.repeat(indent) }, ...part];
    }
    empty = false;
  }
  return [...lines, line].map((full) => cutLine(full, columns));
}

/** The beginning of a line that fits. */
export function cutLine(line: Line, columns: number): Line {
  if (widthOf(plain(line)) <= columns) return line;
  const kept: Span[] = [];
  let left = columns;
  for (const span of line) {
    const width = widthOf(span.text);
    // More follows, so this span ends with the ellipsis even where it would just fit.
    if (width >= left) return [...kept, { ...span, text: cut(`${span.text} …`, left) }];
    kept.push(span);
    left -= width;
  }
  return kept;
}

interface WrapOptions {
  readonly columns: number;
  readonly indent: number;
  /** Of the second line on; as the first. */
  readonly hanging?: number;
  readonly tone?: Tone;
  /** Most lines; the last one then ends with an ellipsis. */
  readonly most: number;
}

/** A text on its own lines. */
export function wrappedLines(text: string, { columns, indent, hanging = 0, tone, most }: WrapOptions): Line[] {
  const space = Math.min(indent, Math.max(0, columns - 12));
  const hang = Math.min(hanging, Math.max(0, columns - space - 10));
  const all = wrapped(text, columns - space - hang);
  const lines = all.length <= most ? all : [...all.slice(0, most - 1), cut(all.slice(most - 1).join(' '), columns - space - hang)];
  return lines.map((line, index) => [
    { text: ' '.repeat(index === 0 ? space : space + hang) },
    { text: line, ...(tone === undefined ? {} : { tone }) },
  ]);
}

export interface EntityCells {
  readonly mark: Mark;
  readonly name: string;
  readonly step: string;
  readonly numbers: readonly string[];
  readonly note: string;
  readonly noteTone: Tone;
  readonly more: readonly string[];
}

/** Names longer than this do not push the numbers of all others aside. */
const NAME_WIDTH = 24;

/** A block of lines per entity; numbers stand below each other where one line holds them. */
export function cells(rows: readonly EntityCells[], { columns, stepWidth }: { columns: number; stepWidth: number }): Line[][] {
  const nameWidth = Math.min(NAME_WIDTH, Math.max(0, ...rows.map(({ name }) => widthOf(name))));
  const widths = [0, 1, 2, 3].map((index) => Math.max(0, ...rows.map(({ numbers }) => widthOf(numbers[index] ?? ''))));
  const used = 4 + nameWidth + 2 + stepWidth + widths.reduce((sum, width) => sum + (width === 0 ? 0 : width + 2), 0);
  const aligned = used <= columns;
  return rows.map((row) =>
    aligned ? alignedBlock(row, { columns, nameWidth, stepWidth, widths, used }) : stackedBlock(row, { columns, nameWidth }),
  );
}

interface Widths {
  readonly columns: number;
  readonly nameWidth: number;
  readonly stepWidth: number;
  readonly widths: readonly number[];
  /** Columns up to the end of the numbers. */
  readonly used: number;
}

function alignedBlock(row: EntityCells, { columns, nameWidth, stepWidth, widths, used }: Widths): Line[] {
  const { mark, name, step, numbers, note, noteTone } = row;
  const line: Span[] = [
    { text: `  ${mark.sign} `, tone: mark.tone },
    { text: `${padded(cut(name, nameWidth), nameWidth)}  ` },
    { text: padded(step, stepWidth), tone: mark.tone },
    ...widths.flatMap((width, index) => (width === 0 ? [] : [{ text: `  ${padded(numbers[index] ?? '', width, true)}` }])),
  ];
  const head = 4 + nameWidth + 2 + stepWidth;
  const bare = numbers.every((text) => text === '');
  if (bare && note !== '' && head + 2 + widthOf(note) <= columns) {
    return [[...line.slice(0, 3), { text: `  ${note}`, tone: noteTone }], ...moreLines(row, columns)];
  }
  const beside = note !== '' && used + 2 + widthOf(note) <= columns;
  if (beside) return [[...line, { text: `  ${note}`, tone: noteTone }], ...moreLines(row, columns)];
  return [line, ...noteLines(row, columns), ...moreLines(row, columns)];
}

function stackedBlock(row: EntityCells, { columns, nameWidth }: Pick<Widths, 'columns' | 'nameWidth'>): Line[] {
  const { mark, name, step, numbers } = row;
  const head: Line = [
    { text: `  ${mark.sign} `, tone: mark.tone },
    { text: `${padded(cut(name, nameWidth), Math.min(nameWidth, Math.max(4, columns - 18)))}  ` },
    { text: step, tone: mark.tone },
  ];
  const said = numbers.filter((text) => text !== '').map((text): Line => [{ text }]);
  const below = said.length === 0 ? [] : flow(said, { columns, indent: 4, first: '    ' });
  return [cutLine(head, columns), ...below, ...noteLines(row, columns), ...moreLines(row, columns)];
}

function noteLines({ note, noteTone }: EntityCells, columns: number): Line[] {
  return note === '' ? [] : wrappedLines(note, { columns, indent: 4, tone: noteTone, most: 2 });
}

function moreLines({ more }: EntityCells, columns: number): Line[] {
  return more.length === 0
    ? []
    : flow(
        more.map((text): Line => [{ text, tone: 'dim' }]),
        { columns, indent: 4, first: '    ' },
      );
}
