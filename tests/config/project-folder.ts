import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { FreshetError } from '../../src/domain/errors';
import { loadSettings, type LoadedSettings, type SettingsRequest } from '../../src/config/load-settings';

/** A project folder with these files, by path. */
export function projectFolder(files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'freshet-config-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

/** Loads the settings of a project made of these files. */
export function load(files: Readonly<Record<string, string>>, request: Partial<Omit<SettingsRequest, 'cwd'>> = {}): LoadedSettings {
  return loadSettings({ cwd: projectFolder(files), env: {}, sourceTypes: ['zoho-books', 'square'], ...request });
}

/** The FreshetError that an action ends with; fails where there is none. */
export function refusal(action: () => unknown): FreshetError {
  try {
    action();
  } catch (error) {
    if (error instanceof FreshetError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
