import { unreadable } from './rest-error';

export type Comparator = '=' | '!=' | '>' | '>=' | '<' | '<=' | 'begin';
export type Wanted = string | number | boolean | null;

export interface Comparison {
  readonly kind: 'comparison';
  readonly path: string;
  readonly comparator: Comparator;
  readonly wanted: Wanted;
  /** Written between the words of the filter, so a number is text still and `null` is the value null. */
  readonly bare: boolean;
}

export type Filter = Comparison | { readonly kind: 'AND' | 'OR' | 'EXCEPT'; readonly left: Filter; readonly right: Filter };

/**
 * Reads `$filter` with its `$params` as they come, the quotes around them included. A quote inside must be written as a
 * character code, since the documentation asks for it; anything else that is not documented is an error here.
 */
export function parsedFilter(text: string, params: string | undefined): Filter {
  return new FilterReader(unquoted(text, '$filter'), paramsOf(params)).whole();
}

/** A parameter without the quotes around it. */
export function unquoted(text: string, name: string): string {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text;
  if (text.length < 2 || !text.endsWith(quote)) throw unreadable(`${name}: the quote ${quote} is not closed`);
  const inside = text.slice(1, -1);
  if (inside.includes(quote)) throw unreadable(`${name}: the quote ${quote} inside it must be written as a character code`);
  return inside;
}

function paramsOf(text: string | undefined): readonly Wanted[] {
  if (text === undefined) return [];
  try {
    const values = JSON.parse(unquoted(text, '$params')) as unknown;
    if (Array.isArray(values) && values.every((value) => value === null || typeof value !== 'object')) return values as Wanted[];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw unreadable('$params is no JSON array of plain values');
}

const PATH = /[\p{L}_][\p{L}\p{N}_.]*/uy;
const COMPARATOR = /!=|>=|<=|=|>|<|begin(?=\s)/iy;
const BARE = /[^)]*?(?=\s+(?:AND|OR|EXCEPT)\s|\s*\)|\s*$)/iy;

class FilterReader {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly params: readonly Wanted[],
  ) {}

  whole(): Filter {
    const filter = this.#either();
    if (this.#at < this.text.length) throw this.#wrong('expected AND, OR, EXCEPT or the end');
    return filter;
  }

  #either(): Filter {
    let left = this.#both();
    while (this.#taken(/OR(?=[\s(])/iy)) left = { kind: 'OR', left, right: this.#both() };
    return left;
  }

  #both(): Filter {
    let left = this.#single();
    for (;;) {
      const word = this.#taken(/(?:AND|EXCEPT)(?=[\s(])/iy)?.toUpperCase();
      if (word !== 'AND' && word !== 'EXCEPT') return left;
      left = { kind: word, left, right: this.#single() };
    }
  }

  #single(): Filter {
    if (this.#taken(/\(/y) === undefined) return this.#comparison();
    const inside = this.#either();
    if (this.#taken(/\)/y) === undefined) throw this.#wrong('expected )');
    return inside;
  }

  #comparison(): Comparison {
    const path = this.#taken(PATH);
    if (path === undefined) throw this.#wrong('expected an attribute');
    const comparator = this.#taken(COMPARATOR)?.toLowerCase() as Comparator | undefined;
    if (comparator === undefined || this.text[this.#at] === '=') throw this.#wrong('expected one of = != > >= < <= begin');
    return { kind: 'comparison', path, comparator, ...this.#value() };
  }

  #value(): { wanted: Wanted; bare: boolean } {
    const placeholder = this.#taken(/:\d+/y);
    if (placeholder !== undefined) {
      const wanted = this.params[Number(placeholder.slice(1)) - 1];
      if (wanted === undefined) throw this.#wrong(`$params has no value for ${placeholder}`);
      return { wanted, bare: false };
    }
    const quoted = this.#taken(/'[^']*'|"[^"]*"/y);
    if (quoted !== undefined) return { wanted: decoded(quoted.slice(1, -1)), bare: false };
    const bare = this.#taken(BARE);
    if (bare === undefined || bare === '') throw this.#wrong('expected a value');
    return { wanted: decoded(bare), bare: true };
  }

  /** What the pattern finds right here, after blanks. */
  #taken(pattern: RegExp): string | undefined {
    while (this.text[this.#at] === ' ') this.#at += 1;
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #wrong(what: string): Error {
    return unreadable(`$filter, character ${this.#at + 1}: ${what}`);
  }
}

/** `\u0027` is how a quote inside a value is written. */
function decoded(text: string): string {
  return text.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
