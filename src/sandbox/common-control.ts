import type { SandboxClock } from './clock';
import type { ActiveBoardRule, BoardRule, FaultBoard } from './fault-board';
import type { HookBoard, HookTiming } from './hook-board';

/** The parts of a stand-in that are switched the same way in every one. `L` is a line of its request log. */
export interface Switched<F extends string, M, R, L> {
  readonly clock: SandboxClock;
  readonly faults: FaultBoard<F, M, R>;
  readonly hooks: HookBoard<M, R>;
  readonly log: { read(): L[]; clear(): void };
}

/** Clock, faults, hooks and request log of a stand-in, in the hands of a test or the switchboard. */
export class CommonControl<F extends string, M, R, L> {
  constructor(
    private readonly switched: Switched<F, M, R, L>,
    private readonly parsedSpec: (spec: string) => BoardRule<F, M>,
  ) {}

  /** The sandbox's clock as an instant. */
  now(): Date {
    return new Date(this.switched.clock.now());
  }

  setClock(to: Date | string): void {
    this.switched.clock.set(to);
  }

  advanceClock(millis: number): void {
    this.switched.clock.advance(millis);
  }

  freezeClock(): void {
    this.switched.clock.freeze();
  }

  unfreezeClock(): void {
    this.switched.clock.unfreeze();
  }

  /** A rule, or its short form such as `list:invoices:2=drip,times=3`. */
  addFault(rule: BoardRule<F, M> | string): string {
    return this.switched.faults.add(typeof rule === 'string' ? this.parsedSpec(rule) : rule);
  }

  clearFaults(id?: string): void {
    this.switched.faults.clear(id);
  }

  faults(): ActiveBoardRule<F, M>[] {
    return this.switched.faults.list();
  }

  /** Runs an action in the middle of somebody's read; returns a function that takes the hook away. */
  onRequest(match: M & HookTiming, action: (request: R) => void | Promise<void>): () => void {
    return this.switched.hooks.add(match, action);
  }

  clearHooks(): void {
    this.switched.hooks.clear();
  }

  requestLog(): L[] {
    return this.switched.log.read();
  }

  clearRequestLog(): void {
    this.switched.log.clear();
  }
}
