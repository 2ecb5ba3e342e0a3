import { z } from 'zod';

/** A text of a form, with what is allowed in words: "must be …". */
export const formed = (pattern: RegExp, allowed: string) => z.string(allowed).regex(pattern, allowed);

export const entityNameSchema = () => formed(/^[a-z][a-z0-9_-]{0,47}$/, 'an entity name: lower-case letters, digits, _ and -, at most 48');
export const sourceFieldSchema = () => formed(/^[^\s.\0]{1,200}$/, 'the name of a field of the source');
export const columnSchema = () => formed(/^[a-z_][a-z0-9_]{0,62}$/, 'a column: lower-case letters, digits and _, at most 63');

/** PostgreSQL types that a column can have. */
export const COLUMN_TYPES = ['boolean', 'bigint', 'numeric', 'date', 'timestamptz', 'text', 'jsonb'] as const;

/** Columns that publish itself keeps in every typed table. */
const RESERVED = new Set(['source_id', 'created_at', 'updated_at', 'edited_at', 'deleted_at']);

/** A column of a typed table that a pipeline file fills. */
export const targetSchema = () =>
  columnSchema().refine((name) => !RESERVED.has(name) && !name.startsWith('freshet_'), {
    error: ({ input }) => `another name, such as source_${String(input)}: ${String(input)} is kept by freshet itself`,
  });

/** A field of the source, or `Zusatz.num`: what stands inside a JSON value of it. Counts from 0 in arrays. */
export const sourcePathSchema = () =>
  formed(/^[^\s.\0]{1,200}(\.[^\s.\0]{1,200}){0,9}$/, 'a field of the source, or a path into its JSON such as address.city');

/** What PostgreSQL cannot store in a text: U+0000 and halves of surrogate pairs. */
const UNSTORABLE = /\0|\p{Surrogate}/u;
export const storableTextSchema = () =>
  z.string('a text').refine((text) => !UNSTORABLE.test(text), 'a text that PostgreSQL can store: without U+0000 and half surrogate pairs');

/** A value of the file itself. Numbers that a double cannot hold as text. */
export const constantSchema = () => z.union([storableTextSchema(), z.number(), z.boolean()], 'text, a number, true or false');
export type Constant = string | number | boolean;

export const dateFormatSchema = () =>
  formed(/^(?=.*YYYY)(?=.*MM)(?=.*DD).{8,60}$/, `a format that has YYYY, MM and DD, such as YYYY-MM-DD or DD.MM.YYYY HH:mm:ss`);
