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
  /**
   * Entities whose files are all of one complete read of the source, and when it began by either clock: what they lack is gone (contracts §3).
   * A plan without `source_clock` was frozen by an older version and deletes nothing.
   */
  complete: z.record(z.string(), z.strictObject({ started_at: z.string(), source_clock: z.string().nullable().optional() })).optional(),
  passed_over: z.array(z.strictObject({ what: z.string(), why: z.string() })),
  entities: z.record(
    z.string(),
    z.array(
      z.strictObject({
        key: z.string(),
        at: z.string(),
        session: z.string().nullable(),
        bytes: z.number(),
        /** When the source answered with it, by the source's clock, where that is known: `at` is of ours. */
        answered: z.string().optional(),
        /** Of a complete read: what the file must be, byte for byte, for the read to stay complete. */
        sha256: z.string().optional(),
      }),
    ),
  ),
});

export type LoadPlan = z.output<typeof loadPlanSchema>;
