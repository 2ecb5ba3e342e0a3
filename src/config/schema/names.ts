import { z } from 'zod';

/** A text of a form, with what is allowed in words: "must be …". */
export const formed = (pattern: RegExp, allowed: string) => z.string(allowed).regex(pattern, allowed);

export const entityNameSchema = () => formed(/^[a-z][a-z0-9_-]{0,47}$/, 'an entity name: lower-case letters, digits, _ and -, at most 48');
export const sourceFieldSchema = () => formed(/^[^\s.\0]{1,200}$/, 'the name of a field of the source');
export const columnSchema = () => formed(/^[a-z_][a-z0-9_]{0,62}$/, 'a column: lower-case letters, digits and _, at most 63');

/** PostgreSQL types that a column can have. */
export const COLUMN_TYPES = ['boolean', 'bigint', 'numeric', 'date', 'timestamptz', 'text', 'jsonb'] as const;
