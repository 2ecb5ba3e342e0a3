import { z } from 'zod';

import { scheduleSchema } from './schedule';
import { durationSchema } from './units';
import { rejectBudgetSchema, validationRuleSchema } from './validation-rule';

const name = (pattern: RegExp, allowed: string) => z.string(allowed).regex(pattern, allowed);
const entityName = () => name(/^[a-z][a-z0-9_-]{0,47}$/, 'an entity name: lower-case letters, digits, _ and -, at most 48');
const sourceField = () => name(/^[^\s.\0]{1,200}$/, 'the name of a field of the source');
const column = () => name(/^[a-z_][a-z0-9_]{0,62}$/, 'a column: lower-case letters, digits and _, at most 63');

const incremental = z.strictObject({
  enabled: z.boolean().default(true),
  timestamp_field: sourceField().optional(),
  /** Absent: the source's own. */
  lag: durationSchema().optional(),
  /** Absent: sync_pipeline.full_every. */
  full_every: durationSchema().optional(),
  full_sync_fallback: z.boolean().default(true),
});

const publish = z.strictObject({
  table: column(),
  unique_field: column(),
  conflict_strategy: z.enum(['source_wins', 'target_wins', 'newest_wins', 'manual']).default('source_wins'),
  missing: z.enum(['keep', 'null', 'reject']).default('keep'),
  field_mappings: z.record(column(), sourceField()),
  transforms: z.array(column()).default([]),
  validation_rules: z.array(z.strictObject({ field: column(), rule: column(), error_message: z.string().min(1).optional() })).default([]),
});

const freshness = z.strictObject({ max_age: durationSchema() });

const filter = z.union([z.string(), z.number(), z.boolean()], 'text, a number, true or false');

const entity = z.strictObject({
  /** The source's own name of the object; absent: the entity's name. */
  from: sourceField().optional(),
  priority: z.enum(['high', 'medium', 'low']).optional(),
  depends_on: z.array(entityName()).default([]),
  run_if: z.enum(['success', 'always', 'failed', 'changed']).default('success'),
  filters: z.record(sourceField(), filter).default({}),
  incremental: incremental.optional(),
  details: z.boolean('true or false').optional(),
  details_every: durationSchema().optional(),
  schema_policy: z.enum(['evolve', 'hold', 'reject']).default('evolve'),
  /** What every record must keep to; one that breaks a rule is a reject. */
  validation: z.array(validationRuleSchema).default([]),
  /** Absent: REJECT_BUDGET of load/load-policy.ts. */
  reject_budget: rejectBudgetSchema.optional(),
  /** Insert only. Absent: as the run was asked. */
  skip_existing: z.boolean('true or false').optional(),
  /** An older table raises an alarm. Absent: the pipeline's. */
  freshness: freshness.optional(),
  publish: publish.optional(),
});

/** A file of `config/pipelines/`. Unknown keys are refused. */
export const pipelineFileSchema = z.strictObject({
  name: name(/^[a-z][a-z0-9-]{0,62}$/, 'a pipeline name: lower-case letters, digits and hyphens'),
  description: z.string().max(1_000).optional(),
  owner: z.string().max(200).optional(),
  source: name(/^[a-z][a-z0-9-]{0,40}$/, 'a key of config/sources.yaml'),
  schedule: scheduleSchema.optional(),
  after: z.array(z.string()).default([]),
  /** Absent: the settings' where the pipeline has a schedule, else nothing is too old. */
  freshness: freshness.optional(),
  entities: z.record(entityName(), entity).refine((all) => Object.keys(all).length > 0, 'at least one entity'),
});

export type PipelineSettings = z.output<typeof pipelineFileSchema>;
export type EntitySettings = PipelineSettings['entities'][string];
