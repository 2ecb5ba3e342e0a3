/** Everything by which a run's pace is set; frozen settings as data, so that workflows read none. All times in ms. */
export interface RunLimits {
  /** Entities at work at the same time. */
  readonly parallel: number;
  /** What a slice of an extraction aims at; the timeout behind it is far longer. */
  readonly sliceMs: number;
  /** The longest a step may take with all its attempts; standstill ends it far earlier, where attempts are made (contracts §9). */
  readonly giveUpAfterMs: number;
  readonly heartbeatMs: number;
  readonly workflowTaskMs: number;
  readonly retry: { readonly firstMs: number; readonly maxMs: number };
  /** After so many slices an entity's workflow continues as new, if Temporal has not asked for it before. */
  readonly slicesPerHistory: number;
}
