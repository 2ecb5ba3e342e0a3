import type { JsonObject } from './decode';

export interface Member {
  readonly key: string;
  /** Place of the key in the record. */
  readonly at: number;
  /** The key as JSON, with its colon. */
  readonly label: string;
}

/** The names of an object's members. Objects with the same names in the same order share one, so that what follows from names is found once. */
export interface ObjectShape {
  readonly keys: readonly string[];
  /** By key, as canonical text wants them. */
  readonly sorted: readonly Member[];
}

/** Records of an entity mostly have few shapes; in bags by their first key. */
const SHAPES = new Map<string, ObjectShape[]>();
const MAX_SHAPES = 256;
let count = 0;

export function shapeOf(record: JsonObject): ObjectShape {
  const keys = Object.keys(record);
  const bag = SHAPES.get(keys[0] ?? '');
  if (bag !== undefined) for (const shape of bag) if (sameKeys(shape.keys, keys)) return shape;
  return remember(keys);
}

function remember(keys: readonly string[]): ObjectShape {
  const sorted = keys.map((key, at) => ({ key, at, label: `${JSON.stringify(key)}:` })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const shape = { keys, sorted };
  if (count++ >= MAX_SHAPES) {
    SHAPES.clear();
    count = 1;
  }
  const first = keys[0] ?? '';
  SHAPES.set(first, [...(SHAPES.get(first) ?? []), shape]);
  return shape;
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
