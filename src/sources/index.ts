import { legacy4d } from './legacy-4d/definition';
import type { Source } from './source';
import { square } from './square/definition';
import { zohoBooks } from './zoho-books/definition';

/** Every source by its type: the one place that names them. */
export const sources = {
  'legacy-4d': legacy4d,
  square,
  'zoho-books': zohoBooks,
} satisfies Record<string, Source>;

export type SourceType = keyof typeof sources;

/** The types in the order of the registry, for settings and help. */
export const sourceTypes = Object.keys(sources) as SourceType[];
