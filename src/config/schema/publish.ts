import { z } from 'zod';

import { STRATEGY_NAMES } from '../../domain/strategies/registry';
import { COLUMN_TYPES, columnSchema, constantSchema, entityNameSchema, sourcePathSchema, targetSchema } from './names';
import { nullWord } from './null-word';
import { publishRuleSchema } from './publish-rule';
import { transformSchema } from './publish-transform';

/** `target: source`, or with more to say. */
const mappedSchema = z.union(
  [
    sourcePathSchema(),
    z
      .strictObject({
        from: sourcePathSchema().optional(),
        /** The same for every row. Long numbers as text. */
        value: constantSchema().optional(),
        /** Where the source has no such key, or null in it. */
        default: constantSchema().optional(),
        /** Absent: the raw column's; what comes out of JSON is text, and so is a constant. */
        type: z.enum(COLUMN_TYPES, `one of ${COLUMN_TYPES.join(', ')}`).optional(),
        /** The raw table need not have such a field yet. */
        optional: z.boolean('true or false').optional(),
      })
      .refine(({ from, value }) => (from === undefined) !== (value === undefined), 'a field, or { from: field } or { value: constant }')
      .refine(({ from, optional, default: otherwise }) => from !== undefined || (optional !== true && otherwise === undefined), {
        path: ['value'],
        message: 'alone: a constant needs neither a default nor optional',
      })
      .refine(({ from = '', optional, type }) => optional !== true || type !== undefined || from.includes('.'), {
        path: ['type'],
        message: 'given with optional: the column is there before the field is',
      }),
  ],
  'a field of the source such as Art_Nr or address.city, or { from: field, default: …, type: … } or { value: constant }',
);

const pairs = z.record(targetSchema(), mappedSchema);

/** Frozen settings sort their keys, and the order of the file is the order of the columns: so they hold a list of pairs. */
const fieldMappings = z.codec(z.union([pairs, z.array(pairs)]), pairs, {
  decode: (written) => (Array.isArray(written) ? (Object.assign({}, ...written) as z.output<typeof pairs>) : written),
  encode: (fields) => Object.entries(fields).map(([target, source]) => ({ [target]: source })),
});

const referenceSchema = z.strictObject({
  entity: entityNameSchema(),
  /** A column of that entity's typed table. Absent: its unique_field. */
  field: columnSchema().optional(),
});

/** `entities.<name>.publish`: the typed table made of a raw one. */
export const publishSchema = z.strictObject({
  schema: columnSchema().default('public'),
  table: columnSchema(),
  unique_field: targetSchema(),
  conflict_strategy: z.enum(STRATEGY_NAMES).default('source_wins'),
  /** By target; others follow conflict_strategy. */
  conflict_strategies: z.record(columnSchema(), z.enum(STRATEGY_NAMES)).default({}),
  update_existing: z.boolean('true or false').default(true),
  deletes: z.enum(['flag', 'delete', 'keep']).default('flag'),
  missing: nullWord(['keep', 'null', 'reject'], 'keep'),
  field_mappings: fieldMappings,
  /** By target: the parent whose row it names. */
  references: z.record(columnSchema(), referenceSchema).default({}),
  transforms: z.array(transformSchema).default([]),
  validation_rules: z.array(publishRuleSchema).default([]),
});

export type PublishSettings = z.output<typeof publishSchema>;
export type MappedField = PublishSettings['field_mappings'][string];
