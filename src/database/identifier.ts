import { FreshetError } from '../domain/errors';

/** PostgreSQL cuts longer names silently, and two names cut alike are one. */
export const MAX_IDENTIFIER_BYTES = 63;

/**
 * Quotes identifiers and joins them with dots: the one place where a name becomes SQL text. Never concatenate a name elsewhere.
 * Errors: `schema_error` for an empty name, a NUL, or more than 63 bytes.
 */
export function ident(...parts: readonly string[]): string {
  return parts.map(quote).join('.');
}

function quote(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) {
    throw new FreshetError('schema_error', {
      code: 'bad-identifier',
      message: `${JSON.stringify(name.slice(0, 80))} cannot be a name in PostgreSQL`,
      why: 'Names have 1 to 63 bytes and no NUL character.',
      remedy: 'Rename the source key, entity or field in the pipeline file.',
    });
  }
  return `"${name.replace(/"/g, '""')}"`;
}
