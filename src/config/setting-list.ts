import { z } from 'zod';

import { closest } from './closest';
import type { LoadedSettings } from './load-settings';
import type { Origin } from './mistake';
import { leavesOf, schemaTree } from './schema-tree';
import { settingsSchema } from './schema/settings';
import { variableOf } from './variables';

/** One setting as it counts: its value as it would stand in a file, and where that comes from. */
export interface SettingLine {
  /** Dotted path. */
  readonly key: string;
  /** null: not set, and without a default. Secrets are never here: `[secret]`, and of an address what follows the password. */
  readonly value: string | number | boolean | null;
  readonly origin: Origin;
  readonly variable: string;
}

/** Every setting, in the order of the schema; `environment` first. */
export function settingLines({ settings, origins }: LoadedSettings): SettingLine[] {
  const { environment, ...inFile } = settings;
  const written = z.encode(settingsSchema, inFile);
  const first: SettingLine = {
    key: 'environment',
    value: environment,
    origin: origins.get('environment') ?? { kind: 'default' },
    variable: 'FRESHET_ENV',
  };
  const lines = leavesOf(schemaTree(settingsSchema)).map(({ path, node }): SettingLine => {
    const key = path.join('.');
    const value = valueAt(written, path);
    return {
      key,
      value: node.secret === true && typeof value === 'string' ? withoutSecret(value) : value,
      origin: origins.get(key) ?? { kind: 'default' },
      variable: variableOf(path),
    };
  });
  return [first, ...lines];
}

function valueAt(tree: unknown, path: readonly string[]): SettingLine['value'] {
  const found = path.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], tree);
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? found : null;
}

/** Which server and database it is may be seen; who logs in and how may not. */
function withoutSecret(text: string): string {
  if (!/^postgres/i.test(text) || !URL.canParse(text)) return '[secret]';
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//[secret]@${host}${pathname}`;
}

/** The settings at a key: one, or all below it. What was probably meant where there are none. */
export function linesAt(lines: readonly SettingLine[], key: string): { found: SettingLine[]; meant?: string } {
  const found = lines.filter((line) => line.key === key || line.key.startsWith(`${key}.`));
  if (found.length > 0) return { found };
  const keys = lines.flatMap((line) => line.key.split('.').map((_, index, steps) => steps.slice(0, index + 1).join('.')));
  const meant = closest(key, [...new Set(keys)]) ?? lines.find((line) => line.variable === key)?.key;
  return meant === undefined ? { found } : { found, meant };
}
