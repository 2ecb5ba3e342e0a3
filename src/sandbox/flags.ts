/** Values that `parseArgs` found. */
export type Values = Record<string, string | boolean | string[] | undefined>;

export const TEXT = { type: 'string' } as const;
export const SWITCH = { type: 'boolean' } as const;
/** Once for each. */
export const TEXTS = { type: 'string', multiple: true } as const;

/** Credentials as JSON, stronger than flags: an environment is not shown to other users, a command line is. */
export const CREDENTIALS = 'SANDBOX_CREDENTIALS';

export function whole(values: Values, flag: string): number | undefined {
  const text = values[flag];
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !/^\d{1,12}$/.test(text)) throw new RangeError(`--${flag} takes a whole number, not ${String(text)}`);
  return Number(text);
}

export function text(values: Values, flag: string): string | undefined {
  const value = values[flag];
  return typeof value === 'string' ? value : undefined;
}

export function texts(values: Values, flag: string): string[] | undefined {
  const value = values[flag];
  return Array.isArray(value) ? value : undefined;
}

export function startClock(values: Values): Date | undefined {
  const value = text(values, 'start-clock');
  if (value === undefined) return undefined;
  const instant = value === 'now' ? new Date() : new Date(value);
  if (Number.isNaN(instant.getTime()))
    throw new RangeError(`--start-clock takes "now" or an instant such as 2026-10-01T08:00:00Z, not ${value}`);
  return instant;
}

/** The options that were given, without those that were not. */
export function present<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
