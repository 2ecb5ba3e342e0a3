import { BACKSLASH, COLON, QUOTE } from '../bytes';

/** Names of members in the order of an object, and by key, as canonical text wants them. */
export interface PlainShape {
  readonly keys: readonly string[];
  readonly sorted: readonly PlainKey[];
}

export interface PlainKey {
  readonly key: string;
  /** Place in the object. */
  readonly at: number;
  /** The key as JSON, with its colon. */
  readonly label: Buffer;
}

/** Beyond it keys are rather data than names. */
const MOST_BRANCHES = 64;
const MOST_PATHS = 10_000;
const MOST_KEYS = 500;
const MOST_KEY_BYTES = 200;
/** Of all shapes together; those beyond are not remembered. */
const MOST_SHAPE_KEYS = 200_000;

/**
 * The keys of the objects seen so far, as a tree: each path from its root is the beginning of an object. Most objects have the keys of
 * the one before, so that a key is found by comparing its bytes with those of one branch.
 */
export class KeyPath {
  private readonly branches: KeyPath[] = [];
  private found: PlainShape | null = null;

  private constructor(
    private readonly parent: KeyPath | null,
    private readonly own: PlainKey,
    private readonly count: { paths: number; keys: number },
  ) {}

  static root(): KeyPath {
    return new KeyPath(null, { key: '', at: -1, label: Buffer.of() }, { paths: 0, keys: 0 });
  }

  get key(): string {
    return this.own.key;
  }

  /** Bytes of the key with its quotes. */
  get width(): number {
    return this.own.label.length - 1;
  }

  /** The path that goes on with the key whose opening quote stands at `from`; `null` where it is none that can be remembered, or stands here twice. */
  next(bytes: Buffer, from: number): KeyPath | null {
    const { branches } = this;
    for (let n = 0; n < branches.length; n++) if (branches[n]!.standsAt(bytes, from)) return branches[n]!;
    return this.learn(bytes, from);
  }

  /** Of the object that ends here. */
  get shape(): PlainShape {
    if (this.found !== null) return this.found;
    const keys = this.keys();
    const shape = { keys: keys.map(({ key }) => key), sorted: [...keys].sort((a, b) => (a.key < b.key ? -1 : 1)) };
    this.count.keys += keys.length;
    if (this.count.keys <= MOST_SHAPE_KEYS) this.found = shape;
    return shape;
  }

  private keys(): PlainKey[] {
    const keys = this.parent?.keys() ?? [];
    if (this.parent !== null) keys.push(this.own);
    return keys;
  }

  private standsAt(bytes: Buffer, from: number): boolean {
    const { label } = this.own;
    const width = label.length - 1;
    for (let i = 0; i < width; i++) if (bytes[from + i] !== label[i]) return false;
    return true;
  }

  private learn(bytes: Buffer, from: number): KeyPath | null {
    const full = this.branches.length >= MOST_BRANCHES || this.count.paths >= MOST_PATHS || this.own.at + 1 >= MOST_KEYS;
    if (full || bytes[from] !== QUOTE) return null;
    let end = from + 1;
    while (end < bytes.length && bytes[end] !== QUOTE) if (bytes[end]! < 0x20 || bytes[end++] === BACKSLASH) return null;
    if (end >= bytes.length || end - from > MOST_KEY_BYTES) return null;
    const key = bytes.toString('utf8', from + 1, end);
    if (this.keys().some((before) => before.key === key)) return null;
    const label = Buffer.alloc(end + 2 - from, COLON);
    bytes.copy(label, 0, from, end + 1);
    const path = new KeyPath(this, { key, at: this.own.at + 1, label }, this.count);
    this.branches.push(path);
    this.count.paths++;
    return path;
  }
}
