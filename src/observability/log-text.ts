import type { SafeValue } from './safe-facts';

function shown(value: SafeValue | undefined): string {
  if (value === undefined || value === null) return '?';
  if (typeof value !== 'object') return String(value);
  const message = Array.isArray(value) ? undefined : value['message'];
  return typeof message === 'string' ? message : JSON.stringify(value);
}

/** A catalogue text with its `{names}` filled from the facts; a missing one shows as `?`. */
export function logText(text: string, facts: Readonly<Record<string, SafeValue>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => shown(Object.hasOwn(facts, name) ? facts[name] : undefined));
}
