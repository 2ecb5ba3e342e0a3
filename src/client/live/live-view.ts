import { isFinalRun } from '../../domain/run';
import { shown, type Output } from '../output';
import { frame } from './frame';
import type { LiveRun } from './live-facts';
import { columnsOf, lookOf, rendered, type Environment, type Line, type Look, type TerminalStream } from './look';
import { Painter } from './painter';
import { PlainWriter } from './plain-writer';
import { widthOf } from './width';
import { fitted, wrapLine } from './wrap-line';

/** Where runs are watched. */
export interface LiveView {
  /** It redraws in place: what it showed last stays on the terminal. */
  readonly painted: boolean;
  /** Runs of these pipelines come: where there are several, what is told of one names it. */
  announce(pipelines: readonly string[]): void;
  /** What is known of one run by now. */
  show(run: LiveRun): void;
  /** A line from elsewhere: a warning, a log line. */
  note(text: string): void;
  /** The last picture, whole, stays. */
  close(): void;
}

export interface LiveViewOptions {
  readonly out: Pick<Output, 'json'>;
  /** stderr: stdout carries the result. */
  readonly stream: TerminalStream;
  readonly env: Environment;
  readonly verbose: boolean;
}

/** A picture that is redrawn on a terminal; lines, one a change, for pipes, dumb terminals and `--json`. */
export function liveView({ out, stream, env, verbose }: LiveViewOptions): LiveView {
  const look = lookOf(stream, env);
  const redraws = stream.isTTY === true && env['TERM'] !== 'dumb' && !out.json;
  return redraws ? new PaintedView(stream, look, verbose) : new PlainView(stream, look);
}

/** Only while more than one line fits is a picture of use; a terminal that does not tell its height is taken for a small one. */
const ROWS_UNTOLD = 24;

class PaintedView implements LiveView {
  readonly painted = true;
  private readonly runs = new Map<string, LiveRun>();
  private readonly painter: Painter;

  announce(): void {
    // Every run has a head with its name.
  }

  constructor(
    private readonly stream: TerminalStream,
    look: Look,
    private readonly verbose: boolean,
  ) {
    this.painter = new Painter(stream, look);
  }

  show(run: LiveRun): void {
    this.runs.set(run.id, run);
    this.painter.paint(this.lines((this.stream.rows ?? ROWS_UNTOLD) - 1));
  }

  note(text: string): void {
    this.painter.say(text, this.lines((this.stream.rows ?? ROWS_UNTOLD) - 1));
  }

  close(): void {
    const runs = [...this.runs.values()];
    // What scrolls away on a small terminal can be scrolled back to; what was left out could not.
    if (runs.length > 0 && runs.every(({ state }) => isFinalRun(state))) this.painter.paint(this.lines(Infinity));
  }

  private lines(rows: number): Line[] {
    const size = { columns: columnsOf(this.stream), rows };
    return frame([...this.runs.values()], { size, at: Date.now(), verbose: this.verbose });
  }
}

class PlainView implements LiveView {
  readonly painted = false;
  private readonly writers = new Map<string, PlainWriter>();
  private nameWidth: number | undefined;

  constructor(
    private readonly stream: TerminalStream,
    private readonly look: Look,
  ) {}

  announce(pipelines: readonly string[]): void {
    this.nameWidth = pipelines.length < 2 ? undefined : Math.max(...pipelines.map((name) => widthOf(shown(name))));
  }

  show(run: LiveRun): void {
    const writer = this.writers.get(run.id) ?? new PlainWriter((line) => this.write(line), this.nameWidth);
    this.writers.set(run.id, writer);
    writer.show(run);
  }

  note(text: string): void {
    this.stream.write(`${fitted(text, columnsOf(this.stream))}\n`);
  }

  private write(line: Line): void {
    for (const part of wrapLine(line, columnsOf(this.stream))) this.stream.write(`${rendered(part, this.look)}\n`);
  }

  close(): void {
    // Lines that are written stay.
  }
}
