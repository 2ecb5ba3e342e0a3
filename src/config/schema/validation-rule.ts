import { z } from 'zod';

import { dateFormatSchema, formed } from './names';

/** A field of the record, or `line_items[].rate`: the field of every object in an array of the record. */
const field = () => formed(/^[^\s.[\]\0]{1,200}(\[\]\.[^\s.[\]\0]{1,200})?$/, 'the name of a field, or array[].field');
const limit = () => z.number('a number');
const size = () => z.int('a whole number from 0').min(0, 'a whole number from 0');

/** What every rule has; an own sentence stands in the reject instead of the rule's. */
const common = { field: field(), error_message: z.string().min(1, 'a sentence').max(500, 'at most 500 characters').optional() };

const bounded = (rule: { min?: number | undefined; max?: number | undefined }): boolean =>
  (rule.min !== undefined || rule.max !== undefined) && (rule.min ?? -Infinity) <= (rule.max ?? Infinity);
const BOUNDED = { path: ['min'], message: 'min, max or both, and min not above max' };

export const VALUE_TYPES = ['text', 'number', 'integer', 'boolean', 'date', 'instant', 'array', 'object'] as const;

const required = z.strictObject({ ...common, rule: z.literal('required') });
const type = z.strictObject({ ...common, rule: z.literal('type'), type: z.enum(VALUE_TYPES) });
const dateFormat = z.strictObject({
  ...common,
  rule: z.literal('date_format'),
  format: dateFormatSchema(),
});
const range = z
  .strictObject({ ...common, rule: z.literal('range'), min: limit().optional(), max: limit().optional() })
  .refine(bounded, BOUNDED);
const length = z
  .strictObject({ ...common, rule: z.literal('length'), min: size().optional(), max: size().optional() })
  .refine(bounded, BOUNDED);
const oneOf = z.strictObject({
  ...common,
  rule: z.literal('enum'),
  values: z.array(z.union([z.string(), z.number(), z.boolean()], 'text, a number, true or false')).min(1, 'at least one value'),
});
const foreignKey = z.strictObject({
  ...common,
  rule: z.literal('foreign_key'),
  entity: z.string('the name of an entity of this pipeline'),
});

/** One rule of `entities.<name>.validation`. */
export const validationRuleSchema = z.discriminatedUnion(
  'rule',
  [required, type, dateFormat, range, length, oneOf, foreignKey],
  'one of required, type, date_format, range, length, enum, foreign_key',
);

export type ValidationRule = z.output<typeof validationRuleSchema>;
export type RuleName = ValidationRule['rule'];
/** Rules that a record alone can break; the others need other tables. */
export type ValueRule = Exclude<ValidationRule, { rule: 'foreign_key' }>;
export type ForeignKeyRule = Extract<ValidationRule, { rule: 'foreign_key' }>;

/** How many records of a batch may be refused; above all that is named here, nothing of it is loaded. */
export const rejectBudgetSchema = z.union(
  [
    z.literal('none'),
    z
      .strictObject({
        count: z.int('a whole number from 0').min(0, 'a whole number from 0').optional(),
        share: z.number('a share from 0 to 1').min(0, 'a share from 0 to 1').max(1, 'a share from 0 to 1').optional(),
      })
      .refine(({ count, share }) => count !== undefined || share !== undefined, 'count, share or both'),
  ],
  'none, or { count, share }',
);

export type RejectBudget = z.output<typeof rejectBudgetSchema>;
