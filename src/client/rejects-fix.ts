import { isJsonObject, parseExact, type JsonObject, type JsonValue } from '../json/decode';
import { stringify } from 'lossless-json';

/** Stands for the whole record, where a patch will not do. */
const WHOLE = '$record';

export type Fixed =
  { readonly ok: true; readonly text: string; readonly record: JsonObject } | { readonly ok: false; readonly problem: string };

/**
 * The record that a fix makes: a JSON merge patch (RFC 7396: members replace, `null` removes), or `{"$record": {…}}` for the whole record.
 * Numbers stay as they were written. `landed` is `null` where the record is no JSON object: then the fix is the whole record.
 */
export function fixRecord(fix: string, landed: JsonObject | null): Fixed {
  const patch = parsed(fix);
  if (patch === undefined) return { ok: false, problem: 'fix is no JSON' };
  if (!isJsonObject(patch)) return { ok: false, problem: 'fix is no JSON object' };
  const whole = Object.keys(patch).length === 1 && Object.hasOwn(patch, WHOLE) ? patch[WHOLE] : undefined;
  if (whole !== undefined && !isJsonObject(whole)) return { ok: false, problem: `${WHOLE} is no JSON object` };
  const record = whole ?? (landed === null ? patch : (merged(landed, patch) as JsonObject));
  return { ok: true, record, text: stringify(record) ?? '{}' };
}

/** Entries, never assignments: a member may be called `__proto__`. */
function merged(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const before = isJsonObject(target) ? target : {};
  const kept = Object.entries(before).filter(([name]) => !Object.hasOwn(patch, name) || patch[name] !== null);
  const names = new Set([...kept.map(([name]) => name), ...Object.keys(patch).filter((name) => patch[name] !== null)]);
  const held = (name: string): JsonValue | undefined => (Object.hasOwn(before, name) ? before[name] : undefined);
  return Object.fromEntries(
    [...names].map((name): [string, JsonValue] => [name, Object.hasOwn(patch, name) ? merged(held(name), patch[name]!) : before[name]!]),
  );
}

/** `undefined`: no JSON. */
export function parsed(text: string): JsonValue | undefined {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}
