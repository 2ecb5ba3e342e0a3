import { LosslessNumber } from 'lossless-json';
import type { JsonValue } from '../../json/decode';
import { classify, type ValueClass } from '../../json/profile';

/** How deep an array or object goes, and the classes of the values directly in it. Without recursion: files nest as deep as they like. */
export function shapeOf(value: JsonValue): { readonly depth: number; readonly inside: ReadonlySet<ValueClass> } {
  const inside = new Set<ValueClass>();
  let depth = 0;
  for (let level: readonly JsonValue[] = [value]; level.length > 0; depth++) {
    const deeper: JsonValue[] = [];
    for (const nested of level) {
      for (const member of membersOf(nested)) {
        if (depth === 0) inside.add(classify(member).kind);
        if (isNested(member)) deeper.push(member);
      }
    }
    level = deeper;
  }
  return { depth, inside };
}

function membersOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : Object.values(value as Readonly<Record<string, JsonValue>>);
}

function isNested(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof LosslessNumber);
}
