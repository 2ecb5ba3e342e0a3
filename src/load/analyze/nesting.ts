import { LosslessNumber } from 'lossless-json';
import type { JsonValue } from '../../json/decode';
import { classify, type ValueClass } from '../../json/profile';

/** How deep an array or object goes, and the classes of the values directly in it. Without recursion: files nest as deep as they like. */
export function shapeOf(value: JsonValue): { readonly depth: number; readonly inside: ReadonlySet<ValueClass> } {
  const inside = new Set<ValueClass>();
  let level = membersOf(value);
  for (const member of level) inside.add(classify(member).kind);
  let depth = 1;
  for (level = level.filter(isNested); level.length > 0; level = level.flatMap(membersOf).filter(isNested)) depth++;
  return { depth, inside };
}

function membersOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : Object.values(value as Readonly<Record<string, JsonValue>>);
}

function isNested(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof LosslessNumber);
}
