import { z } from 'zod';
import { parseInstant } from '../../domain/instant';
import { COLUMN_TYPES } from './names';

type Type = (typeof COLUMN_TYPES)[number];

const FITS: Readonly<Record<Type, (text: string) => boolean>> = {
  boolean: (text) => text === 'true' || text === 'false',
  bigint: (text) => /^-?\d{1,18}$/.test(text),
  numeric: (text) => /^-?\d{1,1000}(\.\d{1,1000})?$/.test(text),
  date: (text) => parseInstant(text)?.dateOnly === true,
  timestamptz: (text) => parseInstant(text)?.zoned === true,
  text: (text) => !text.includes('\0'),
  jsonb: isJson,
};

/** A column of a person's own in a raw table: freshet makes it and never writes it. */
export const customColumnSchema = z
  .strictObject({
    type: z.enum(COLUMN_TYPES, `one of ${COLUMN_TYPES.join(', ')}`),
    /** What rows have that nobody filled; absent: NULL. Long numbers as text. */
    default: z.union([z.string(), z.number(), z.boolean()], 'text, a number, true or false').optional(),
  })
  .refine(({ type, default: value }) => value === undefined || FITS[type](String(value)), {
    path: ['default'],
    message: 'a value of the column’s type',
  });

export type CustomColumnSettings = z.output<typeof customColumnSchema>;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
