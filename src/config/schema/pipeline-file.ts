import { z } from 'zod';

import { customColumnSchema } from './custom-column';
import { columnSchema, entityNameSchema, formed, sourceFieldSchema } from './names';
import { publishSchema } from './publish';
import { scheduleSchema } from './schedule';
import { durationSchema } from './units';
import { rejectBudgetSchema, validationRuleSchema } from './validation-rule';

const incremental = z.strictObject({
  enabled: z.boolean().default(true),
  timestamp_field: sourceFieldSchema().optional(),
  /** Absent: the source's own. */
  lag: durationSchema().optional(),
  /** Absent: sync_pipeline.full_every. */
  full_every: durationSchema().optional(),
  full_sync_fallback: z.boolean().default(true),
});

const freshness = z.strictObject({ max_age: durationSchema() });

const entityFreshness = z
  .strictObject({
    /** An older table is stale and raises an alarm. Absent: the pipeline's. */
    max_age: durationSchema().optional(),
    /** So old may the greatest date in the rows be. Absent: as old as it likes. */
    newest_max_age: durationSchema().optional(),
    /** Holds the business date. Absent: the first of a fixed order (docs/freshness.md). */
    date_field: sourceFieldSchema().optional(),
    /** Its rows have no business date by nature. Absent: by a list of entities (docs/freshness.md). */
    master: z.boolean('true or false').optional(),
  })
  .refine((all) => Object.values(all).some((value) => value !== undefined), 'max_age, newest_max_age, date_field or master')
  .refine(({ master, date_field: field }) => master !== true || field === undefined, {
    path: ['master'],
    message: 'false or left out: a table with a date_field has dates',
  });

const filter = z.union([z.string(), z.number(), z.boolean()], 'text, a number, true or false');

const entity = z.strictObject({
  /** Off: not read; what depends on it runs against what its table holds. */
  enabled: z.boolean('true or false').default(true),
  /** The source's own name of the object; absent: the entity's name. */
  from: sourceFieldSchema().optional(),
  priority: z.enum(['high', 'medium', 'low']).optional(),
  depends_on: z.array(entityNameSchema()).default([]),
  run_if: z.enum(['success', 'always', 'failed', 'changed']).default('success'),
  filters: z.record(sourceFieldSchema(), filter).default({}),
  incremental: incremental.optional(),
  /** A table whose last good read began less long ago is not read again, unless --force. Absent: the pipeline's. */
  fresh_for: durationSchema().optional(),
  details: z.boolean('true or false').optional(),
  details_every: durationSchema().optional(),
  schema_policy: z.enum(['evolve', 'hold', 'reject']).default('evolve'),
  /** Columns of one's own, by name. */
  columns: z.record(columnSchema(), customColumnSchema).optional(),
  /** What every record must keep to; one that breaks a rule is a reject. */
  validation: z.array(validationRuleSchema).default([]),
  /** Absent: REJECT_BUDGET of load/load-policy.ts. */
  reject_budget: rejectBudgetSchema.optional(),
  /** Insert only. Absent: as the run was asked. */
  skip_existing: z.boolean('true or false').optional(),
  freshness: entityFreshness.optional(),
  publish: publishSchema.optional(),
});

/** After the first scheduled run that begins so long after the last comparison, the tables are compared with their source. */
const reconcile = z.strictObject(
  {
    every: durationSchema().refine((ms) => ms > 0, 'a duration such as 7d'),
    /** Whether what differs is fetched. */
    fix: z.boolean('true or false').default(false),
  },
  '{ every: 7d } or { every: 7d, fix: true }',
);

/** A file of `config/pipelines/`. Unknown keys are refused. */
export const pipelineFileSchema = z.strictObject({
  name: formed(/^[a-z][a-z0-9-]{0,62}$/, 'a pipeline name: lower-case letters, digits and hyphens'),
  /** Off: it does not run, by its schedule neither. */
  enabled: z.boolean('true or false').default(true),
  description: z.string().max(1_000).optional(),
  owner: z.string().max(200).optional(),
  source: formed(/^[a-z][a-z0-9-]{0,40}$/, 'a key of config/sources.yaml'),
  schedule: scheduleSchema.optional(),
  /** Absent: tables are compared with their source only when somebody asks for it. */
  reconcile: reconcile.optional(),
  after: z.array(z.string()).default([]),
  /** Absent: where the pipeline has a schedule the settings', else 24 h for a daily one and twice the interval for others; without one nothing is too old. */
  freshness: freshness.optional(),
  /** Of its entities. Absent: every run reads. */
  fresh_for: durationSchema().optional(),
  entities: z.record(entityNameSchema(), entity).refine((all) => Object.keys(all).length > 0, 'at least one entity'),
});

export type PipelineSettings = z.output<typeof pipelineFileSchema>;
export type EntitySettings = PipelineSettings['entities'][string];
