import { readFileSync, statSync } from 'node:fs';

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml';

import type { Mistake, Origin } from './mistake';

/** What a YAML file says: plain values without prototypes, and where each of them stands. */
export interface YamlContent {
  readonly value: unknown;
  /** The place of a path, or of its nearest parent that the file has. */
  readonly origin: (path: readonly PropertyKey[]) => Origin;
  readonly mistakes: readonly Mistake[];
}

const LARGEST = 1_048_576;
const DEEPEST = 40;
const MOST_LINES = 20_000;
const MOST_NODES = 50_000;
const DUPLICATE = 'this key stands twice; put both parts under one key';
/** Whoever maps one source field to two targets writes the field twice, if the mapping were the other way round. */
const MAPPED_TWICE = 'this key stands twice; mappings read target: source, so one source field may feed several targets';

export const pathKey = (path: readonly PropertyKey[]): string => path.map(String).join('.');

class Reader {
  readonly places = new Map<string, Origin>();
  readonly mistakes: Mistake[] = [];
  #nodes = 0;

  constructor(
    readonly file: string,
    readonly document: Document,
    readonly lines: LineCounter,
  ) {}

  at(offset: number): Origin {
    const { line, col } = this.lines.linePos(offset);
    return { kind: 'file', file: this.file, line, column: col };
  }

  wrong(path: readonly string[], offset: number, problem: string): undefined {
    this.mistakes.push({ key: pathKey(path), problem, origin: this.at(offset) });
    return undefined;
  }

  plain(node: unknown, path: readonly string[]): unknown {
    const start = (node as Node | null)?.range?.[0] ?? 0;
    if (!this.places.has(pathKey(path))) this.places.set(pathKey(path), this.at(start));
    // Aliases may multiply a small file: what is counted is what comes out.
    if (path.length > DEEPEST || ++this.#nodes > MOST_NODES) return this.wrong(path.slice(0, 5), start, 'too deep or too large');
    if (isAlias(node)) return this.plain(node.resolve(this.document), path);
    if (isSeq(node)) return node.items.map((item, index) => this.plain(item, [...path, String(index)]));
    if (isMap(node)) return this.map(node.items, path);
    if (!isScalar(node)) return null;
    // Whole numbers that a double cannot hold stay what they are for the reader: text.
    return typeof node.value === 'bigint'
      ? Number.isSafeInteger(Number(node.value))
        ? Number(node.value)
        : String(node.source)
      : node.value;
  }

  map(pairs: readonly Pair[], path: readonly string[]): object {
    const value = Object.create(null) as Record<string, unknown>;
    for (const { key, value: item } of pairs) {
      const offset = (key as Node | null)?.range?.[0] ?? 0;
      const name = isScalar(key) ? String(typeof key.value === 'string' ? key.value : (key.source ?? key.value)) : '';
      if (!isScalar(key)) this.wrong(path, offset, 'keys are plain words');
      else if (name === '<<') this.wrong([...path, name], offset, 'merge keys are not supported; write the values out');
      else if (name === '__proto__') this.wrong([...path, name], offset, 'this word cannot be a key');
      else if (Object.hasOwn(value, name)) this.wrong([...path, name], offset, path.includes('field_mappings') ? MAPPED_TWICE : DUPLICATE);
      else {
        this.places.set(pathKey([...path, name]), this.at(offset));
        value[name] = this.plain(item, [...path, name]);
      }
    }
    return value;
  }
}

function syntaxMistakes(document: Document, reader: Reader): Mistake[] {
  return [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const problem = code === 'TAG_RESOLVE_FAILED' ? 'tags are not supported' : `not valid YAML: ${message.split('\n')[0]!}`;
    return { key: '', problem, origin: reader.at(pos[0]) };
  });
}

/** Texts on which the parser would spend seconds or overflow its stack are refused unread; no settings file looks like them. */
function unreadable(text: string): string | null {
  if (Buffer.byteLength(text) > LARGEST) return 'larger than 1 MB';
  if (text.split('\n', MOST_LINES + 1).length > MOST_LINES) return `more than ${MOST_LINES} lines`;
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) deepest = Math.max(deepest, (depth += bracket === '[' || bracket === '{' ? 1 : -1));
  return deepest > 10 * DEEPEST || /(?:[-?] ){41}/.test(text) ? 'too deep or too large' : null;
}

/** Parses YAML text; `file` is only named in mistakes. Never throws. An empty text is an empty mapping. */
export function parseYaml(text: string, file: string): YamlContent {
  const start: Origin = { kind: 'file', file, line: 1, column: 1 };
  const broken = (problem: string): YamlContent => ({ value: {}, origin: () => start, mistakes: [{ key: '', problem, origin: start }] });
  const refused = unreadable(text);
  if (refused !== null) return broken(refused);
  try {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true, merge: false, uniqueKeys: false, prettyErrors: false });
    const reader = new Reader(file, document, lines);
    // Keys that stand twice are found by the reader: the parser's own search is quadratic.
    const syntax = syntaxMistakes(document, reader);
    if (syntax.length > 0) return { value: {}, origin: () => start, mistakes: syntax };
    const value = reader.plain(document.contents, []) ?? {};
    const origin = (path: readonly PropertyKey[]): Origin => {
      for (let length = path.length; length > 0; length--) {
        const place = reader.places.get(pathKey(path.slice(0, length)));
        if (place !== undefined) return place;
      }
      return start;
    };
    if (typeof value !== 'object' || Array.isArray(value)) return broken('the file must be a mapping of keys to values');
    return { value, origin, mistakes: reader.mistakes };
  } catch (error) {
    // The parser recurses: what overflows its stack is no settings file.
    return broken(`not valid YAML: ${error instanceof RangeError ? 'nested too deeply' : String(error)}`);
  }
}

/** Reads and parses a YAML file; undefined where there is none. `shown` is its name in mistakes. */
export function readYaml(path: string, shown: string): YamlContent | undefined {
  try {
    const size = statSync(path).size;
    return parseYaml(size > LARGEST ? 'x'.repeat(LARGEST + 1) : readFileSync(path, 'utf8'), shown);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const origin: Origin = { kind: 'file', file: shown, line: 1, column: 1 };
    return { value: {}, origin: () => origin, mistakes: [{ key: '', problem: `the file cannot be read (${code})`, origin }] };
  }
}
