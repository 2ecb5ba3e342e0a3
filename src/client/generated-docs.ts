import { readSources } from '../config/sources';
import { envExample, settingsMarkdown } from '../config/settings-doc';
import { sourceTypes } from '../sources/index';

/** Files of the checkout that are made from the code, by path: `node scripts/docs.mjs` writes them, a test compares them. */
export function generatedDocs(root: string): Readonly<Record<string, string>> {
  return {
    'docs/settings.md': settingsMarkdown(),
    '.env.example': envExample(readSources({ root, types: sourceTypes }).sources),
  };
}
