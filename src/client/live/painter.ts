import { plain, rendered, type Line, type Look, type TerminalStream } from './look';
import { widthOf } from './width';

/** Draws lines on a terminal and draws them anew in the same place; what is said in between goes above them. */
export class Painter {
  /** Widths of the lines that stand on the screen, the cursor being below them. */
  private standing: readonly number[] = [];

  constructor(
    private readonly stream: TerminalStream,
    private readonly look: Look,
  ) {}

  /** Precondition: no line is wider than the terminal, and not more of them than it has rows. */
  paint(lines: readonly Line[]): void {
    this.stream.write(`${this.back()}${lines.map((line) => `\u001b[2K${rendered(line, this.look)}\n`).join('')}\u001b[J`);
    this.standing = lines.map((line) => widthOf(plain(line)));
  }

  /** Says a line above the picture. */
  say(text: string, lines: readonly Line[]): void {
    this.stream.write(`${this.back()}\u001b[J${text}${text.endsWith('\n') ? '' : '\n'}`);
    this.standing = [];
    this.paint(lines);
  }

  /** To the first column of the first standing line. A terminal that became narrower since has broken lines in two. */
  private back(): string {
    const columns = this.stream.columns ?? 80;
    const rows = this.standing.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows === 0 ? '\r' : `\r\u001b[${rows}A`;
  }
}
