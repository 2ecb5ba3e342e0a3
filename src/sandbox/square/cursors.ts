import { createHmac } from 'node:crypto';
import type { SandboxClock } from '../clock';
import { refused } from './errors';
import type { SquareRules } from './rules';
import type { Place } from './walk';

/** What a cursor carries from page to page. */
export interface Position {
  /** The page it leads to, from 2. */
  readonly page: number;
  /** The last record before that page. */
  readonly after: Place;
  /** What the first request of the chain fixed: the end of the range, or the time the catalog was last changed. */
  readonly fixed: number;
}

interface Opened extends Position {
  readonly question: string;
  readonly issued: number;
  readonly generation: number;
  readonly edits: number;
}

/** Cursors that hold no memory: the position is in the text, signed. One of another request, too old or recalled is refused. */
export class Cursors {
  readonly #secret: string;
  #generation = 0;

  constructor(
    seed: number,
    private readonly clock: SandboxClock,
    private readonly rules: SquareRules,
    /** Grows with every change of the data. */
    private readonly edits: () => number,
  ) {
    this.#secret = `square-${seed}`;
  }

  /** Every cursor given so far becomes invalid. */
  recall(): void {
    this.#generation += 1;
  }

  seal(question: string, position: Position): string {
    const opened: Opened = { ...position, question, issued: this.clock.now(), generation: this.#generation, edits: this.edits() };
    const text = Buffer.from(JSON.stringify(opened)).toString('base64url');
    return `${text}.${this.#signature(text)}`;
  }

  /** The position of a cursor that may be used for this question; refuses any other with INVALID_CURSOR. */
  open(cursor: string, question: string): Position {
    const opened = this.peek(cursor);
    if (opened === undefined) throw invalid('The pagination cursor is not one that was given out.');
    if (opened.question !== question) throw invalid('The pagination cursor belongs to another request.');
    if (opened.generation !== this.#generation) throw invalid('The pagination cursor has become stale.');
    if (this.rules.cursorsStaleOnChange && opened.edits !== this.edits()) throw invalid('The pagination cursor has become stale.');
    if (this.clock.now() - opened.issued > this.rules.cursorLifetimeSeconds * 1000) throw invalid('The pagination cursor has expired.');
    return opened;
  }

  /** What a cursor says, whether it may be used or not. */
  peek(cursor: string): Opened | undefined {
    const [text = '', signature] = cursor.split('.');
    if (text === '' || signature !== this.#signature(text)) return undefined;
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Opened;
  }

  #signature(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url').slice(0, 12);
  }
}

function invalid(detail: string): Error {
  return refused('INVALID_CURSOR', detail, 'cursor');
}
