import type { Log } from './log';

/**
 * What a stage gets besides its dependencies and its input (contracts §11). Activities adapt Temporal to it,
 * `runLocal` makes one without Temporal.
 */
export interface StageContext {
  /** Fires on cancel and on worker shutdown. Every wait and every request listens to it. */
  readonly signal: AbortSignal;
  /** Called when durable progress was made; the mark is small and comparable (`"list:2:17"`). */
  progress(mark: string): void;
  /** The worker's wall clock. Never used for watermarks: those follow the source's clock. */
  now(): Date;
  readonly log: Log;
  /** A named fault site; returns at once unless switched on (see `faults.ts`). */
  fault(site: string): void | Promise<void>;
  /** What the stage works for; requests to sources are counted under it. Absent: for no run. */
  readonly about?: { readonly runId: string; readonly entity?: string };
  /** True once the worker was asked to stop: a stage that works in pieces ends after the piece in flight. Absent: nobody asks. */
  softStop?(): boolean;
}
