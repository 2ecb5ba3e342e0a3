import { z } from 'zod';

import { patternFault } from '../pattern';
import { columnSchema, constantSchema, dateFormatSchema, entityNameSchema, storableTextSchema } from './names';

/** The form of an SKU where the file names none: 1 to 64 letters, digits and `. _ / -`, of which the latter neither begin nor end it. */
export const SKU_PATTERN = '[A-Za-z0-9]([A-Za-z0-9._/-]{0,62}[A-Za-z0-9])?';

const pattern = () =>
  z.string('a pattern in quotes').superRefine((text, issues) => {
    const fault = patternFault(text);
    if (fault !== null) issues.addIssue({ code: 'custom', message: `a pattern that RE2 understands: ${fault}` });
  });

const common = {
  field: columnSchema(),
  severity: z.enum(['error', 'warning']).default('error'),
  error_message: storableTextSchema().min(1, 'a sentence').max(500, 'at most 500 characters').optional(),
};

const ofRows = {
  /** Only rows in which that target has one of these values are asked. */
  when: z.strictObject({ field: columnSchema(), is: z.array(constantSchema()).min(1, 'at least one value') }).optional(),
};

const rule = <Name extends string>(name: Name) => z.strictObject({ ...common, ...ofRows, rule: z.literal(name) });
/** Of rules that need other rows, and so ask them all. */
const ofTables = <Name extends string>(name: Name) => z.strictObject({ ...common, rule: z.literal(name) });
const size = () => z.int('a whole number from 0').min(0, 'a whole number from 0').optional();
const bound = () => z.union([z.number(), z.string()], 'a number, or a day or instant in quotes').optional();
const BOUNDED = { path: ['min'], message: 'given, or max, or both' };

export const COMPARISONS = ['<', '<=', '=', '!=', '>=', '>'] as const;

const VARIANTS = [
  rule('not_empty'),
  rule('format').extend({ pattern: pattern() }),
  rule('sku_format').extend({ pattern: pattern().default(SKU_PATTERN) }),
  rule('range')
    .extend({ min: bound(), max: bound() })
    .refine(({ min, max }) => min !== undefined || max !== undefined, BOUNDED),
  rule('length')
    .extend({ min: size(), max: size() })
    .refine(({ min, max }) => (min ?? max) !== undefined && (min ?? 0) <= (max ?? Infinity), {
      path: ['min'],
      message: 'given, or max, or both, and min not above max',
    }),
  rule('enum').extend({ values: z.array(constantSchema()).min(1, 'at least one value') }),
  ofTables('unique'),
  rule('date').extend({ format: dateFormatSchema().optional() }),
  ofTables('foreign_key').extend({ entity: entityNameSchema(), to: columnSchema().optional() }),
  rule('cross_field').extend({ compare: z.enum(COMPARISONS), other: columnSchema() }),
] as const;

export const PUBLISH_RULE_NAMES = VARIANTS.map(({ shape }) => shape.rule.value);

/** One rule of `publish.validation_rules`. */
export const publishRuleSchema = z.discriminatedUnion('rule', VARIANTS, `one of ${PUBLISH_RULE_NAMES.join(', ')}`);

export type PublishRule = z.output<typeof publishRuleSchema>;
export type PublishRuleName = PublishRule['rule'];
export type PublishRuleOf<Name extends PublishRuleName> = Extract<PublishRule, { rule: Name }>;
