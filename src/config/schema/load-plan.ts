import { z } from 'zod';

/** Which files a load run reads, chosen before the run began and frozen with it (decision 0008). */
export const loadPlanSchema = z.strictObject({
  /** The input's folder, absolute. */
  root: z.string(),
  input: z.enum(['sessions', 'consolidated', 'directory']),
  /** One sentence each. */
  why: z.array(z.string()),
  /** Keys that a person named, by entity. */
  keys: z.record(z.string(), z.array(z.string()).min(1)).optional(),
  passed_over: z.array(z.strictObject({ what: z.string(), why: z.string() })),
  entities: z.record(
    z.string(),
    z.array(z.strictObject({ key: z.string(), at: z.string(), session: z.string().nullable(), bytes: z.number() })),
  ),
});

export type LoadPlan = z.output<typeof loadPlanSchema>;
