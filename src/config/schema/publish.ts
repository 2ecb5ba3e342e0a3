import { z } from 'zod';

import { COLUMN_TYPES, columnSchema, entityNameSchema, formed } from './names';

/** What is done where source and target changed a field differently. */
export const STRATEGY_NAMES = ['source_wins', 'target_wins', 'newest_wins', 'manual'] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** Columns that publish itself keeps in every typed table. */
export const RESERVED_TARGETS = ['source_id', 'created_at', 'updated_at', 'deleted_at'] as const;
const RESERVED = new Set<string>(RESERVED_TARGETS);

/** A column of the typed table that a pipeline file fills. */
export const targetSchema = () =>
  columnSchema().refine((name) => !RESERVED.has(name) && !name.startsWith('freshet_'), {
    error: ({ input }) => `another name, such as source_${String(input)}: ${String(input)} is kept by freshet itself`,
  });

/** A field of the source, or `Zusatz.num`: what stands inside a JSON value of it. Counts from 0 in arrays. */
export const sourcePathSchema = () =>
  formed(/^[^\s.\0]{1,200}(\.[^\s.\0]{1,200}){0,9}$/, 'a field of the source, or a path into its JSON such as address.city');

const constantSchema = () => z.union([z.string(), z.number(), z.boolean()], 'text, a number, true or false');

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
        optional: z.boolean('true or false').default(false),
      })
      .refine(({ from, value }) => (from === undefined) !== (value === undefined), 'a field, or { from: field } or { value: constant }')
      .refine(({ from, optional, default: otherwise }) => from !== undefined || (!optional && otherwise === undefined), {
        path: ['value'],
        message: 'alone: a constant needs neither a default nor optional',
      }),
  ],
  'a field of the source such as Art_Nr or address.city, or { from: field, default: …, type: … } or { value: constant }',
);

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
  missing: z.enum(['keep', 'null', 'reject']).default('keep'),
  field_mappings: z.record(targetSchema(), mappedSchema),
  /** By target: the parent whose row it names. */
  references: z.record(columnSchema(), referenceSchema).default({}),
  transforms: z.array(columnSchema()).default([]),
  validation_rules: z
    .array(z.strictObject({ field: columnSchema(), rule: columnSchema(), error_message: z.string().min(1).optional() }))
    .default([]),
});

export type PublishSettings = z.output<typeof publishSchema>;
export type MappedField = PublishSettings['field_mappings'][string];
